"""The truth with noise against closed forms, identities and brute force that shares no code with it."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from infoplane import exact
from infoplane.core.errors import InfoplaneError
from infoplane.datasets import laplace, quadratic, two_inputs
from infoplane.exact import _noisy_lattice, _noisy_mixture
from infoplane.exact.noisy import noisy_information
from infoplane.laws import KnownLaw, Mixture, Normal, Uniform

QUADRATIC = quadratic.make()
SIGMA = 0.0316228  # its square is 1e-3
APART = 4  # standard errors; the tests are many


def constant(value):
    return lambda x: np.full_like(x, value)


def law(inputs, function, noise_std, noise=None):
    return KnownLaw(inputs, function, noise or Normal(), constant(noise_std))


def net(*layers):
    return [(np.array(w, float).reshape(len(b), -1), np.array(b, float)) for w, b in layers]


def random_net(seed, *sizes):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(o, i)) * np.sqrt(2 / i), rng.normal(size=o) / 2) for i, o in pairwise(sizes)]


def both(points):
    return np.array([[p.target_bits, p.input_bits] for p in points])


def errors(points):
    return np.array([[p.target_stderr_bits, p.input_stderr_bits] for p in points])


def binary_channel(a):
    """I(S; a S + Z) in bits, S a fair sign (Cover & Thomas 2006, section 9.1), by Gauss-Hermite quadrature."""
    z, w = np.polynomial.hermite_e.hermegauss(200)
    return 1 - (np.logaddexp(0, -2 * a * (a + z)) / np.log(2)) @ w / np.sqrt(2 * np.pi)


@pytest.fixture(scope="module")
def default_nets():
    torch = pytest.importorskip("torch")
    nets = []
    for seed in range(2):
        torch.manual_seed(seed)
        linear = [torch.nn.Linear(i, o) for i, o in pairwise((1, 8, 8, 8, 8, 1))]
        nets.append([(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in linear])
    return nets


@pytest.mark.parametrize(
    ("seed", "sigma", "layer", "input_bits", "input_stderr", "target_bits", "target_stderr"),
    [
        (0, SIGMA, 0, 5.549, 0.007, 3.309, 0.010),
        (0, SIGMA, 3, 0.888, 0.008, 0.595, 0.007),
        (0, SIGMA, 4, 0.0542, 0.003, 0.0479, 0.003),
        (1, SIGMA, 0, 5.622, 0.007, 3.302, 0.010),
        (1, SIGMA, 3, 1.505, 0.009, 0.870, 0.009),
        (0, 0.1, 0, 3.908, 0.008, 2.691, 0.009),
    ],
)
def test_yardsticks(default_nets, seed, sigma, layer, input_bits, input_stderr, target_bits, target_stderr):
    """Default initialisations, values from plain sampling (with its standard errors)."""
    point = noisy_information(default_nets[seed], QUADRATIC, sigma)[layer]
    assert point.input_bits == pytest.approx(input_bits, abs=3 * np.hypot(input_stderr, 0.005))
    assert point.target_bits == pytest.approx(target_bits, abs=3 * np.hypot(target_stderr, 0.005))


class TestClosedForms:
    @pytest.mark.parametrize("sigma", [0.05, 0.7, 20])
    def test_gaussian_line(self, sigma):
        """x and y jointly Gaussian, T three multiples of x: the noise of their best sum is sigma / |w|."""
        weight = np.array([2.0, -1.0, 2.0])
        dataset = law(Normal(0.5, 1.3), lambda x: 0.8 * x, 0.6)
        (point,) = noisy_information(net((weight, [1, 2, 3])), dataset, sigma)
        signal, noise = 1.3**2, sigma**2 / 9
        assert point.input_bits == pytest.approx(np.log2(1 + signal / noise) / 2, abs=2e-4)
        correlation = 0.64 * signal**2 / (signal + noise) / (0.64 * signal + 0.36)
        assert point.target_bits == pytest.approx(-np.log2(1 - correlation) / 2, abs=2e-4)

    @pytest.mark.parametrize("height", [0.3, 1.0, 3.0])
    def test_two_values_are_a_binary_channel(self, height):
        """T stands still on either side of a gap in x; y tells the sides apart."""
        sides = Mixture((Uniform(-3, -2), Uniform(2, 3)), (0.5, 0.5))
        layers = net(([1], [0]), ([height], [0.2]))
        points = noisy_information(layers, law(sides, lambda x: x, 0.1), 1.0, activation="hardtanh")
        expected = np.array([binary_channel(a) for a in (1.0, height)])
        assert both(points) == pytest.approx(np.stack([expected, expected], axis=1), abs=5e-4)

    def test_uniform_line(self):
        """x uniform and T = x: the density of T + sigma Z is a difference of normal distribution functions."""
        sigma = 0.3
        (point,) = noisy_information(net(([1], [0])), law(Uniform(-1, 1), lambda x: x, 0.5), sigma)
        u = np.linspace(-4, 4, 80001)
        p = (stats.norm.cdf((u + 1) / sigma) - stats.norm.cdf((u - 1) / sigma)) / 2
        entropy = -np.trapezoid(p * np.log2(np.where(p > 0, p, 1)), u)
        assert point.input_bits == pytest.approx(entropy - np.log2(sigma * np.sqrt(2 * np.pi * np.e)), abs=1e-4)

    def test_a_constant_layer_says_nothing(self):
        layers = net(([1, 2], [0.5, -1]), ([[-1, -1], [-2, 0]], [-9, 0]), ([3, 1], [2]))
        points = noisy_information(layers, QUADRATIC, 0.1)
        assert (both(points[1:]) == 0).all()

    def test_a_target_that_is_noise(self):
        points = noisy_information(random_net(0, 1, 4, 3), law(Uniform(-1, 1), constant(0.0), 1.0), 0.1)
        assert both(points)[:, 0] == pytest.approx([0, 0], abs=1e-5)


class TestIdentities:
    LAYERS = random_net(3, 1, 6, 6, 2, 1)

    def test_without_noise_it_is_the_plain_truth(self):
        """From below, and ever nearer."""
        plain = exact.layer_information(self.LAYERS, QUADRATIC)
        noisy = [noisy_information(self.LAYERS, QUADRATIC, sigma, stderr_bits=2e-3) for sigma in (1e-1, 1e-2, 1e-3)]
        gaps = [plain - both(points)[:, 0] for points in noisy]
        assert all((later < earlier).all() for earlier, later in pairwise(gaps))
        assert (gaps[-1] > -4e-3).all()
        assert (gaps[-1] < [1e-3, 5e-3, 0.03, 0.06]).all()

    def test_without_noise_a_fold_is_the_plain_truth(self):
        sharp = law(Uniform(-3, 3), lambda x: x, 0.2)
        layers = net(([1, -1], [0, 0]), ([1, 1], [0]))
        points = noisy_information(layers, sharp, 1e-3)
        assert both(points)[:, 0] == pytest.approx(exact.layer_information(layers, sharp), abs=2e-3)

    def test_with_much_noise_it_is_nothing(self):
        assert both(noisy_information(self.LAYERS, QUADRATIC, 1e5)) == pytest.approx(np.zeros((4, 2)), abs=1e-6)

    def test_data_processing(self):
        ceiling = exact.ceiling(QUADRATIC)
        before, slack = np.inf, 0.0
        for sigma in (0.01, 0.04, 0.2, 1.0):
            points = noisy_information(self.LAYERS, QUADRATIC, sigma)
            values, error = both(points), APART * errors(points) + 1e-3
            assert (values[:, 0] <= ceiling + error[:, 0]).all()
            assert (values[:, 0] <= values[:, 1] + error.sum(axis=1)).all()
            assert (values <= before + error + slack).all()
            before, slack = values, error

    def test_a_later_layer_may_know_more(self):
        """Its noise comes after it: ten times a layer is ten times above the noise."""
        points = noisy_information(net(([1], [4]), ([10], [0])), QUADRATIC, 1.0)
        assert points[1].target_bits > points[0].target_bits + 0.5
        assert points[1].input_bits > points[0].input_bits + 0.5

    def test_four_equal_units_are_one_with_half_the_noise(self):
        one = net(([1, -1], [0.3, 0.1]), (np.eye(2), [0, 0]))
        four = net(([1, -1], [0.3, 0.1]), (np.repeat(np.eye(2), 4, axis=0), np.zeros(8)))
        first = noisy_information(one, QUADRATIC, 0.1)[-1:]
        second = noisy_information(four, QUADRATIC, 0.2)[-1:]
        assert both(first) == pytest.approx(both(second), abs=APART * 0.007)

    def test_rotations_and_shifts_change_nothing(self):
        rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
        weight, bias = random_net(1, 1, 5)[0]
        layers = [(weight, bias), (np.eye(5), np.zeros(5))]
        turned = [(weight, bias), (rotation, np.arange(5.0))]
        first, second = (noisy_information(n, QUADRATIC, 0.3)[-1:] for n in (layers, turned))
        assert both(first) == pytest.approx(both(second), abs=APART * 0.007)

    def test_relative_noise_does_not_see_the_scale(self):
        scaled = [(w * 2.0**power, b * 2.0**power) for (w, b), power in zip(self.LAYERS, (3, -3, 5, -9), strict=True)]
        scaled = [(w, b) for w, b in scaled[:1]] + self.LAYERS[1:]
        first = noisy_information(self.LAYERS, QUADRATIC, 0.1, relative=True)[0]
        second = noisy_information(scaled, QUADRATIC, 0.1, relative=True)[0]
        assert first.target_bits == pytest.approx(second.target_bits, abs=1e-6)
        assert first.input_bits == pytest.approx(second.input_bits, abs=1e-6)

    def test_relative_noise_is_that_part_of_the_spread(self):
        """x uniform on (-1, 1): variance 1/3 a unit, of weights 1 and 2."""
        dataset = law(Uniform(-1, 1), lambda x: x, 0.5)
        layers = net(([1, 2], [0, 1]))
        relative = noisy_information(layers, dataset, 0.1, relative=True)
        absolute = noisy_information(layers, dataset, 0.1 * np.sqrt(5 / 3))
        assert both(relative) == pytest.approx(both(absolute), abs=1e-6)

    def test_smooth_activations_meet_piecewise_ones(self):
        """softplus of 50 z, over 50, is relu of z but for 0.014."""
        (weight, bias), last = random_net(5, 1, 5)[0], (np.ones((1, 5)), np.zeros(1))
        smooth = noisy_information([(50 * weight, 50 * bias), last], QUADRATIC, 50 * 0.2, activation="softplus")[0]
        straight = noisy_information([(weight, bias), last], QUADRATIC, 0.2)[0]
        assert both([smooth]) == pytest.approx(both([straight]), abs=0.03)

    def test_the_seed_decides(self):
        runs = [noisy_information(self.LAYERS, QUADRATIC, 0.1, seed=seed) for seed in (1, 1, 2)]
        assert runs[0] == runs[1]
        assert runs[0] != runs[2]


def brute_force(layers, dataset, sigma, activation, rng, draws=6000, nodes=1500):
    """I(T + sigma Z; Y) and I(X; T + sigma Z) of the last hidden layer and their standard errors, from samples of x, y
    and Z, with every density a sum over an even grid of quantiles of x."""

    def values(x):
        t = x[:, None]
        for weight, bias in layers[:-1]:
            t = activation(t @ weight.T + bias)
        return t

    x, y = (part[:, 0] for part in dataset.sample(draws, rng))
    grid = dataset.inputs.ppf((np.arange(nodes) + 0.5) / nodes)
    z = rng.standard_normal((draws, len(layers[-2][1])))
    u = values(x) + sigma * z
    t = values(grid)
    square = (u**2).sum(axis=1)[:, None] - 2 * u @ t.T + (t**2).sum(axis=1)
    kernel = np.exp((z**2).sum(axis=1)[:, None] / 2 - square / (2 * sigma**2))  # p(u | grid) / p(u | x)
    scale = dataset.noise_std(grid)
    of_y = dataset.noise.pdf((y[:, None] - dataset.function(grid)) / scale) / scale
    about_x = -np.log2(kernel.mean(axis=1))
    about_y = np.log2((kernel * of_y).mean(axis=1)) - np.log2(kernel.mean(axis=1) * of_y.mean(axis=1))
    found = np.stack([about_y, about_x])
    return found.mean(axis=1), found.std(axis=1) / np.sqrt(draws)


@pytest.mark.parametrize(
    ("dataset", "activation", "function", "widths", "sigma"),
    [
        (QUADRATIC, "relu", lambda z: np.maximum(z, 0), (5, 4), 0.3),
        (QUADRATIC, "relu", lambda z: np.maximum(z, 0), (40, 60), 1.0),
        (QUADRATIC, "sigmoid", lambda z: 1 / (1 + np.exp(-z)), (5, 1), 0.05),
        (law(Normal(), np.sin, 0.5), "tanh", np.tanh, (5, 4), 0.2),
        (laplace.make(noise_std=0.7), "abs", np.abs, (5, 4), 1.0),
        (law(Uniform(-1, 1), np.sin, 0.5, Uniform(-(3**0.5), 3**0.5)), "abs", np.abs, (4, 3), 0.2),
        (KnownLaw(Uniform(-2, 2), np.sin, Normal(), lambda x: 0.2 + x**2 / 4), "gelu", None, (5, 4), 0.4),
    ],
)
def test_brute_force(dataset, activation, function, widths, sigma):
    layers = random_net(11, 1, *widths, 1)
    function = function or (lambda z: z * stats.norm.cdf(z))
    expected, stderr = brute_force(layers, dataset, sigma, function, np.random.default_rng(5))
    point = noisy_information(layers, dataset, sigma, activation=activation)[1]
    assert (np.abs(both([point])[0] - expected) < APART * np.hypot(stderr, errors([point])[0])).all()


def test_one_dimension_integrated_is_as_sampled(monkeypatch):
    layers = random_net(2, 1, 6, 1)
    integrated = noisy_information(layers, QUADRATIC, 0.1)[-1]
    monkeypatch.setattr(_noisy_mixture, "MOST_STEPS", 0)
    sampled = noisy_information(layers, QUADRATIC, 0.1, stderr_bits=2e-3)[-1]
    assert (errors([integrated]) < 1e-6).all()
    assert (errors([sampled]) > 1e-6).all()
    assert (np.abs(both([integrated]) - both([sampled])) < APART * errors([sampled]) + 1e-4).all()


@pytest.mark.parametrize("dims", [3, 20])
def test_a_lattice_finds_known_means(dims, monkeypatch):
    """E exp(u) = e - 1 for each of `dims` coordinates, E u^2 = 1/3 of the first; the sum of u is a control variate."""

    def values(points):
        control = points.sum(axis=1, keepdims=True) @ np.ones((1, 2))
        return np.stack([np.exp(points).sum(axis=1), points[:, 0] ** 2], axis=1), control

    def run():
        return _noisy_lattice.means(values, dims, np.full(2, dims / 2), 1e-3, np.random.default_rng(0))

    mean, stderr = run()
    assert (stderr <= 1e-3).all()
    assert (np.abs(mean - [dims * (np.e - 1), 1 / 3]) < 5 * stderr).all()
    if dims == 3:  # in parts, the same points
        monkeypatch.setattr(_noisy_lattice, "AT_ONCE", 24)
        assert run()[0] == pytest.approx(mean, abs=1e-12)


def test_the_errors_are_as_large_as_stated(default_nets):
    layers = default_nets[1]
    reference = both(noisy_information(layers, QUADRATIC, SIGMA, stderr_bits=3e-4, seed=100))[:4]
    runs = [noisy_information(layers, QUADRATIC, SIGMA, stderr_bits=0.02, seed=seed)[:4] for seed in range(12)]
    off = np.array([(both(points) - reference) / errors(points) for points in runs])
    assert all((errors(points) <= 0.02).all() for points in runs)
    assert np.sqrt((off**2).mean()) < 1.6


class TestRefusals:
    LAYERS = net(([1, 2], [0, 0]), ([1, 1], [0]))

    @pytest.mark.parametrize("sigma", [0, -1, np.nan, np.inf])
    def test_sigma(self, sigma):
        with pytest.raises(InfoplaneError, match=r"sigma: .* give one above 0"):
            noisy_information(self.LAYERS, QUADRATIC, sigma)

    def test_sigma_too_small_to_resolve(self):
        with pytest.raises(InfoplaneError, match=r"run through .* sigma; raise sigma"):
            noisy_information(self.LAYERS, QUADRATIC, 1e-9)

    def test_stderr(self):
        with pytest.raises(InfoplaneError, match="stderr_bits"):
            noisy_information(self.LAYERS, QUADRATIC, 0.1, stderr_bits=0)

    def test_relative_noise_on_a_constant_layer(self):
        layers = net(([0.1, 0.3], [5, 7]), ([3, -1], [0.1]))  # units that cancel, but for rounding
        with pytest.raises(InfoplaneError, match=r"layers\[1\]: is constant.*give an absolute sigma"):
            noisy_information(layers, QUADRATIC, 0.1, relative=True)

    def test_a_dataset_without_a_law(self):
        with pytest.raises(InfoplaneError, match="does not declare the law"):
            noisy_information(self.LAYERS, two_inputs.make(), 0.1)

    def test_two_inputs(self):
        with pytest.raises(InfoplaneError, match="needs a network of one input"):
            noisy_information(net(([[1, 2]], [0])), QUADRATIC, 0.1)

    def test_an_unknown_activation(self):
        with pytest.raises(InfoplaneError, match="unknown activation"):
            noisy_information(self.LAYERS, QUADRATIC, 0.1, activation="cube")
