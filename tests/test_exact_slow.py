"""The exact values of random networks against a slow method of another kind (`exact_reference`)."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

import exact_reference as reference
from infoplane import exact
from infoplane.datasets import bimodal, heteroscedastic, laplace, quadratic, sine
from infoplane.laws import KnownLaw

# Where some x share their t, the slow method misses what lies within a cell of its grid: 2e-4 bits.
TOLERANCE = 2e-4


def random_net(seed, *sizes, gain=1.2):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(o, i)) * gain / np.sqrt(i), rng.normal(size=o) * 0.7) for i, o in pairwise(sizes)]


@pytest.mark.parametrize(
    ("dataset", "activation", "sizes", "layer", "seed"),
    [
        (quadratic, "relu", (1, 8, 8, 8, 8, 1), 4, 0),
        (quadratic, "relu", (1, 3, 1, 3, 3), 3, 6),
        (quadratic, "relu", (1, 2, 2, 2), 2, 2),
        (quadratic, "hardtanh", (1, 3, 2, 2), 1, 3),
        (quadratic, "abs", (1, 2, 2, 1), 2, 4),
        (quadratic, "leaky_relu", (1, 4, 3, 1), 2, 4),
        (sine, "relu", (1, 4, 4, 1), 2, 6),
        (heteroscedastic, "relu", (1, 4, 4, 1), 2, 1),
        (bimodal, "relu", (1, 4, 4, 1), 2, 0),
        (quadratic, "tanh", (1, 3, 3, 1), 2, 9),
        (quadratic, "silu", (1, 3, 2, 1), 2, 10),
        (quadratic, "sigmoid", (1, 3, 3, 1), 2, 5),
    ],
)
def test_random_networks(dataset, activation, sizes, layer, seed):
    known, layers = dataset.make(), random_net(seed, *sizes)
    value = exact.layer_values(layers, known, activation=activation)[layer]
    assert exact.ceiling(known) - value.mi_bits > 0.01  # something is lost: there is something to be tested
    slow = reference.information(layers, known, layer, activation, nodes=15_000)
    assert value.mi_bits == pytest.approx(slow, abs=TOLERANCE)


def test_laplace_noise():
    known, layers = laplace.make(), random_net(11, 1, 4, 4, 1)
    value = exact.layer_information(layers, known)[-1]
    assert exact.ceiling(known) - value > 0.01
    slow = reference.information(layers, known, nodes=5000, steps=1001)
    assert value == pytest.approx(slow, abs=5e-4)


@pytest.mark.parametrize("dataset", [quadratic, sine, heteroscedastic, laplace, bimodal])
@pytest.mark.parametrize("noise_std", [0.1, 1.0])
def test_ceilings(dataset, noise_std):
    known = dataset.make(noise_std=noise_std)
    assert exact.ceiling(known) == pytest.approx(reference.ceiling(known), abs=1e-5)


@pytest.mark.parametrize("noise_std", [0.01, 0.3, 10.0])
def test_gaussian_channel(noise_std):
    """y = 3 x + noise_std e with normal x and e: I(X;Y) = log2(1 + 9 / noise_std^2) / 2 (Shannon 1948)."""
    channel = KnownLaw(stats.norm(), lambda x: 3 * x, stats.norm(), lambda x: np.full_like(x, noise_std))
    expected = np.log2(1 + (3 / noise_std) ** 2) / 2
    assert exact.ceiling(channel) == pytest.approx(expected, abs=1e-6)
    assert exact.layer_information([([[2.0]], [1.0])], channel) == [exact.ceiling(channel)]


@pytest.mark.parametrize(
    ("inputs", "noise"),
    [
        (stats.beta(0.5, 0.5), stats.norm()),  # a density that is infinite at both ends
        (stats.expon(), stats.laplace(scale=np.sqrt(0.5))),
        (stats.norm(), stats.t(5, scale=np.sqrt(0.6))),
        (stats.norm(), stats.gamma(4, -2, 0.5)),
    ],
)
def test_laws_of_other_kinds(inputs, noise):
    """I(X;Y) for y = 2 x + 0.3 e, with x at even steps of the normal quantile, which reaches into every
    tail."""
    known = KnownLaw(inputs, lambda x: 2 * x, noise, lambda x: np.full_like(x, 0.3))
    v = np.linspace(-6.2, 6.2, 1601)
    x = np.where(v < 0, inputs.ppf(stats.norm.cdf(v)), inputs.isf(stats.norm.sf(v)))
    mass = stats.norm.pdf(v) / stats.norm.pdf(v).sum()
    y = np.linspace(2 * x[0] - 6, 2 * x[-1] + 6, 6001)
    q = sum(m * noise.pdf((y - 2 * place) / 0.3) / 0.3 for m, place in zip(mass, x, strict=True))
    bits = -np.trapezoid(q * np.log2(np.where(q > 0, q, 1)), y)
    z = np.linspace(*noise.ppf([1e-12, 1 - 1e-12]), 200_001)
    p = noise.pdf(z)
    bits += np.trapezoid(p * np.log2(np.where(p > 0, p, 1)), z) - np.log2(0.3)
    assert exact.ceiling(known) == pytest.approx(bits, abs=2e-5)


class TestSmooth:
    LAYERS = random_net(3, 1, 4, 4, 1, gain=1.5)

    @pytest.mark.parametrize("activation", ["tanh", "sigmoid", "silu", "softplus"])
    def test_the_bound_holds_when_the_polyline_is_coarse(self, activation, monkeypatch):
        """A hundred times coarser chords report an error, and are within it of the fine ones."""
        known = sine.make()
        fine = exact.layer_values(self.LAYERS, known, activation=activation)
        monkeypatch.setattr("infoplane.exact._curves.CHORD", 1e-5)
        monkeypatch.setattr("infoplane.exact._curves.FIRST", 33)
        coarse = exact.layer_values(self.LAYERS, known, activation=activation)
        for value, better in zip(coarse, fine, strict=True):
            assert abs(value.mi_bits - better.mi_bits) <= value.error_bits + better.error_bits
            assert better.error_bits < 1e-4

    def test_a_fold_of_curves(self):
        """silu(x) + silu(-x) is even, and so are both units of (a plane curve traced twice) layer 2: it folds
        as |x| does, for any t that is a function of |x| alone."""
        known = KnownLaw(stats.uniform(-3, 6), lambda x: x, stats.norm(), lambda x: np.full_like(x, 0.3))
        first = np.array([[1.0], [-1], [2], [-2]]), np.zeros(4)
        second = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]]), np.array([0.5, -1])
        relu = exact.layer_information([first, (np.ones((1, 4)), np.zeros(1))], known)
        value = exact.layer_values([first, second], known, activation="silu")[-1]
        assert relu[0] - relu[1] > 0.5
        assert value.mi_bits == pytest.approx(relu[1], abs=1e-4)

    @pytest.mark.parametrize("activation", ["tanh", "silu", "gelu"])
    def test_what_a_bottleneck_lost_stays_lost_and_no_more(self, activation):
        """Layers of three and two units after one unit trace its folded line twice, each time with other
        chords."""
        known, layers = quadratic.make(), random_net(2, 1, 4, 1, 3, 2, gain=2)
        values = exact.layer_information(layers, known, activation=activation)
        assert values[0] == exact.ceiling(known)
        assert values[1] < values[0] - 0.2
        assert values[2:] == pytest.approx([values[1]] * 2, abs=1e-5)

    def test_a_unit_that_is_nearly_saturated_still_tells(self):
        """silu(x) folds around -1.28, where silu(-12 (x + 3)) falls by 1e-7 of its range: enough in
        float64."""
        known = quadratic.make()
        hidden = np.array([[1.0], [-12]]), np.array([0.0, -36])
        value = exact.layer_values([hidden, (np.ones((1, 2)), np.zeros(1))], known, activation="silu")[0]
        assert value.mi_bits == pytest.approx(exact.ceiling(known), abs=1e-5)

    def test_saturation_is_in_the_error(self):
        """tanh(9 x + 48) is 1 to float64 for all x, yet rises with x."""
        layers = [(np.array([[9.0]]), np.array([48.0])), (np.ones((1, 1)), np.zeros(1))]
        for value in exact.layer_values(layers, quadratic.make(), activation="tanh"):
            assert value.mi_bits == 0.0
            assert value.mi_bits + value.error_bits >= exact.ceiling(quadratic.make())
        constant = [(np.zeros((1, 1)), np.array([48.0])), layers[1]]
        for value in exact.layer_values(constant, quadratic.make(), activation="tanh"):
            assert value.mi_bits == 0.0
            assert value.error_bits < 1e-4

    def test_strictly_rising_activations_lose_nothing_in_one_unit(self):
        layers = [(np.array([[0.7]]), np.array([0.2]))] * 3
        for activation in ("tanh", "sigmoid", "softplus"):
            values = exact.layer_information(layers, quadratic.make(), activation=activation)
            assert values == [exact.ceiling(quadratic.make())] * 3

    def test_torch_agrees_on_what_the_activations_are(self):
        torch = pytest.importorskip("torch")
        from infoplane.exact._activations import PIECEWISE, SMOOTH

        z = np.linspace(-8, 8, 1001)
        names = {"silu": "silu", "gelu": "gelu", "softplus": "softplus", "tanh": "tanh", "sigmoid": "sigmoid"}
        for name in names:
            expected = getattr(torch.nn.functional, name)(torch.tensor(z)).numpy()
            assert SMOOTH[name].function(z) == pytest.approx(expected, abs=1e-12)
            steepest = np.abs(np.diff(expected) / np.diff(z)).max()
            assert steepest <= SMOOTH[name].steepest
        assert set(SMOOTH) == set(names)
        for name in set(PIECEWISE) - {"identity", "abs"}:
            expected = getattr(torch.nn.functional, name)(torch.tensor(z)).numpy()
            knots, values, slopes = PIECEWISE[name].arrays
            above = (z[:, None] >= knots).sum(axis=1)
            k = np.maximum(above - 1, 0)
            assert values[k] + slopes[above] * (z - knots[k]) == pytest.approx(expected, abs=1e-12)
