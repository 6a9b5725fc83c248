"""Finite laws, the 12-bit rule and linear Gaussian networks against counting, closed forms and brute force."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import sph_harm_y

from infoplane import sphere_rule
from infoplane.core.errors import InfoplaneError
from infoplane.datasets import quadratic
from infoplane.exact.finite import finite_binned, finite_ceiling, finite_information, finite_noisy
from infoplane.exact.linear_gaussian import linear_gaussian_ceiling, linear_gaussian_information
from infoplane.exact.noisy import noisy_information
from infoplane.finite_law import FiniteLaw
from infoplane.laws import KnownLaw, Normal

APART = 4  # standard errors


def cube(bits):
    return np.array(list(product((-1.0, 1.0), repeat=bits)))


def even(patterns):
    return np.full(patterns, 1 / patterns)


def random_law(rng, patterns, classes, inputs=3):
    return FiniteLaw(
        rng.normal(size=(patterns, inputs)),
        rng.dirichlet(np.ones(patterns)),
        rng.dirichlet(np.full(classes, 0.3), size=patterns),
    )


def counted(keys, law):
    """I(T;Y) and H(T) in bits, by adding up the joint probabilities of each key."""
    joint = defaultdict(float)
    for key, p, p_y in zip(keys, law.p_x, law.p_y, strict=True):
        for y, q in enumerate(p_y):
            joint[tuple(key), y] += p * q
    of_t, of_y = defaultdict(float), defaultdict(float)
    for (key, y), p in joint.items():
        of_t[key] += p
        of_y[y] += p
    target = sum(p * np.log2(p / of_t[key] / of_y[y]) for (key, y), p in joint.items() if p > 0)
    return target, -sum(p * np.log2(p) for p in of_t.values())


def both(point):
    return np.array([point.target_bits, point.input_bits])


def errors(point):
    return np.array([point.target_stderr_bits, point.input_stderr_bits])


def binary_channel(a):
    """I(S; a S + Z) in bits, S a fair sign (Cover & Thomas 2006, section 9.1), by Gauss-Hermite quadrature."""
    z, w = np.polynomial.hermite_e.hermegauss(200)
    return 1 - (np.logaddexp(0, -2 * a * (a + z)) / np.log(2)) @ w / np.sqrt(2 * np.pi)


class TestLaw:
    def test_samples_follow_it(self):
        law = random_law(np.random.default_rng(0), 5, 3)
        x, y = law.sample(20000, np.random.default_rng(1))
        assert x.shape == (20000, 3)
        assert y.shape == (20000, 1)
        pattern = (x[:, None] == law.x).all(axis=2).argmax(axis=1)
        seen = np.zeros((5, 3))
        np.add.at(seen, (pattern, y[:, 0].astype(int)), 1)
        expected = 20000 * law.p_x[:, None] * law.p_y
        assert stats.chisquare(seen.ravel(), expected.ravel()).pvalue > 1e-3

    def test_classes_are_certain(self):
        law = FiniteLaw(cube(2), even(4), [0, 2, 1, 2])
        assert (law.p_y == np.eye(3)[[0, 2, 1, 2]]).all()
        assert finite_ceiling(law) == pytest.approx(1.5)
        x, y = law.sample(100, np.random.default_rng(0))
        assert (y[:, 0] == [{(-1, -1): 0, (-1, 1): 2, (1, -1): 1, (1, 1): 2}[tuple(row)] for row in x]).all()

    @pytest.mark.parametrize(
        ("x", "p_x", "p_y", "says"),
        [
            (cube(2), [0.5, 0.5, 0.5, 0.5], [0, 1, 1, 0], "p_x: sums to 2, not 1"),
            (cube(2), [0.5, 0.7, -0.2, 0], [0, 1, 1, 0], "p_x: goes below 0"),
            (cube(2), even(4), np.full((4, 2), 0.6), "p_y: sums to 1.2, not 1"),
            (cube(2), even(3), [0, 1, 1, 0], "reshape them"),
            (cube(2), even(4), np.ones((4, 1, 1)), "reshape it"),
            (cube(2)[0], even(2), [0, 1], "reshape them"),
            (cube(2), even(4), [0, 0.5, 1, 0], "whole numbers from 0 on"),
            (cube(2), even(4), [0, 9, 1, 0], "number the classes from 0 on"),
            (cube(2) * np.nan, even(4), [0, 1, 1, 0], "x: holds NaN"),
            ("x", even(4), [0, 1, 1, 0], "x: is not an array of numbers"),
        ],
    )
    def test_what_is_none(self, x, p_x, p_y, says):
        with pytest.raises(InfoplaneError, match=says):
            FiniteLaw(x, p_x, p_y)


class TestCounting:
    XOR = FiniteLaw(cube(2), even(4), [0, 1, 1, 0])

    @pytest.mark.parametrize(
        ("t", "target_bits", "input_bits"),
        [
            (cube(2), 1, 2),
            (cube(2)[:, :1], 0, 1),
            (cube(2).prod(axis=1, keepdims=True), 1, 1),
            (cube(2).sum(axis=1, keepdims=True), 1, 1.5),
            (np.ones((4, 3)), 0, 0),
        ],
    )
    def test_exclusive_or(self, t, target_bits, input_bits):
        assert both(finite_information(t, self.XOR)) == pytest.approx([target_bits, input_bits], abs=1e-12)

    def test_any_table(self):
        rng = np.random.default_rng(2)
        law = random_law(rng, 200, 4)
        t = rng.integers(0, 3, size=(200, 3)) / 3
        assert both(finite_information(t, law)) == pytest.approx(counted(t, law))
        assert finite_information(law.x, law).target_bits == pytest.approx(finite_ceiling(law))

    def test_rounding_makes_no_difference(self):
        """The same sums, taken in another order: equal in real numbers, apart in the last bits."""
        rng = np.random.default_rng(3)
        weight = rng.normal(size=(6, 4))
        law = FiniteLaw(cube(6), even(64), rng.integers(0, 2, 64))
        for kind in (np.float64, np.float32):
            there = law.x.astype(kind) @ weight.astype(kind)
            back = law.x[:, ::-1].astype(kind) @ weight[::-1].astype(kind)
            t = np.where(law.x[:, :1] > 0, there, back)
            folded = np.concatenate([t[:32], t[:32] * kind(1 + 2 * np.finfo(kind).eps)])
            assert finite_information(t, law).input_bits == pytest.approx(6)
            assert finite_information(folded.astype(kind), law).input_bits == pytest.approx(5)
            assert finite_information(folded.astype(kind), law, resolution=0).input_bits > 5.5

    def test_resolution_is_in_parts_of_a_units_largest_value(self):
        law = FiniteLaw(cube(2), even(4), [0, 1, 1, 0])
        t = np.array([[100.0], [100.5], [50], [0]])
        assert finite_information(t, law).input_bits == pytest.approx(2)
        assert finite_information(t, law, resolution=0.01).input_bits == pytest.approx(1.5)

    def test_bins(self):
        rng = np.random.default_rng(4)
        law, t = random_law(rng, 300, 3), rng.normal(size=(300, 2))
        edges = [np.array([-1.0, 0, 0.5]), np.array([0.2])]
        keys = [[sum(value >= e for e in edge) for value, edge in zip(row, edges, strict=True)] for row in t]
        assert both(finite_binned(t, law, edges)) == pytest.approx(counted(keys, law))
        keys = [[sum(value >= e for e in edges[0]) for value in row] for row in t]
        assert both(finite_binned(t, law, edges[0])) == pytest.approx(counted(keys, law))
        assert both(finite_binned(t, law, [])) == pytest.approx([0, 0])

    @pytest.mark.parametrize(
        ("edges", "says"), [([[0], [1]], "one array per unit"), ([1, 0], "sort them"), (["a"], "an array of numbers")]
    )
    def test_edges_that_are_none(self, edges, says):
        with pytest.raises(InfoplaneError, match=says):
            finite_binned(np.zeros((4, 3)), self.XOR, edges)

    @pytest.mark.parametrize("t", [np.zeros((3, 2)), np.zeros(4), np.zeros((4, 0)), np.full((4, 1), np.inf)])
    def test_activations_that_are_none(self, t):
        with pytest.raises(InfoplaneError, match=r"^t: "):
            finite_information(t, self.XOR)

    def test_resolution_that_is_none(self):
        with pytest.raises(InfoplaneError, match="resolution"):
            finite_information(cube(2), self.XOR, resolution=-1)


class TestNoise:
    @pytest.mark.parametrize(("bits", "sigma"), [(1, 0.8), (2, 0.5), (4, 1.0), (10, 1.5)])
    def test_a_cube_is_so_many_channels(self, bits, sigma):
        """Signs on axes of their own: a binary channel each, and y is the first sign."""
        law = FiniteLaw(cube(bits), even(2**bits), (cube(bits)[:, 0] > 0).astype(int))
        rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(bits, bits)))[0]
        point = finite_noisy(law.x @ rotation, law, sigma)
        channel = binary_channel(1 / sigma)
        assert (errors(point) <= 0.005).all()
        assert (np.abs(both(point) - [channel, bits * channel]) <= APART * errors(point) + 1e-4).all()

    def test_brute_force(self):
        rng = np.random.default_rng(5)
        law, t, sigma, draws = random_law(rng, 60, 3), rng.normal(size=(60, 3)), 0.4, 20000
        pattern = rng.choice(60, size=draws, p=law.p_x)
        y = (rng.random(draws)[:, None] > np.cumsum(law.p_y[pattern], axis=1)).sum(axis=1)
        u = t[pattern] + sigma * rng.normal(size=(draws, 3))
        density = np.exp(-((u[:, None] - t) ** 2).sum(axis=2) / 2 / sigma**2)
        p_u, p_y = density @ law.p_x, law.p_x @ law.p_y
        p_uy = np.take_along_axis(density @ (law.p_x[:, None] * law.p_y), y[:, None], axis=1)[:, 0]
        found = np.log2([p_uy / p_u / p_y[y], density[np.arange(draws), pattern] / p_u])
        point = finite_noisy(t, law, sigma)
        off = np.abs(both(point) - found.mean(axis=1))
        assert (off < APART * np.hypot(found.std(axis=1) / np.sqrt(draws), errors(point))).all()

    def test_limits(self):
        rng = np.random.default_rng(6)
        law, t = random_law(rng, 50, 3), rng.integers(0, 3, size=(50, 2)).astype(float)
        assert both(finite_noisy(t, law, 1e-3)) == pytest.approx(both(finite_information(t, law)), abs=1e-6)
        assert both(finite_noisy(t, law, 1e5)) == pytest.approx([0, 0], abs=1e-6)
        assert both(finite_noisy(np.ones((50, 2)), law, 1.0)) == pytest.approx([0, 0], abs=1e-12)

    def test_relative_noise_is_that_part_of_the_spread(self):
        rng = np.random.default_rng(7)
        law, t = random_law(rng, 40, 2), rng.normal(size=(40, 2))
        mean = law.p_x @ t
        spread = np.sqrt((law.p_x @ (t - mean) ** 2).sum())
        expected = finite_noisy(t, law, 0.2 * spread)
        assert both(finite_noisy(t, law, 0.2, relative=True)) == pytest.approx(both(expected))
        assert both(finite_noisy(1000 * t, law, 0.2, relative=True)) == pytest.approx(both(expected))

    def test_many_patterns_are_a_line(self):
        """Quantiles of x, and y cut into classes: the same I(X; T + sigma Z) as of the continuous law."""
        dataset = quadratic.make()
        rng = np.random.default_rng(8)
        layers = [(rng.normal(size=(4, 1)), rng.normal(size=4)), (rng.normal(size=(3, 4)), rng.normal(size=3))]
        x = dataset.inputs.ppf((np.arange(1500) + 0.5) / 1500)[:, None]
        law = FiniteLaw(x, even(1500), np.arange(1500) % 2)
        t = np.maximum(x @ layers[0][0].T + layers[0][1], 0) @ layers[1][0].T
        line, finite = noisy_information(layers, dataset, 0.5)[-1], finite_noisy(t, law, 0.5)
        assert finite.input_bits == pytest.approx(line.input_bits, abs=APART * 0.007)
        assert finite.target_bits == pytest.approx(0, abs=0.01)

    def test_refusals(self):
        law = TestCounting.XOR
        with pytest.raises(InfoplaneError, match="sigma"):
            finite_noisy(cube(2), law, 0.0)
        with pytest.raises(InfoplaneError, match="stderr_bits"):
            finite_noisy(cube(2), law, 0.1, stderr_bits=-1)
        with pytest.raises(InfoplaneError, match=r"t: is constant.*absolute"):
            finite_noisy(np.ones((4, 2)), law, 0.1, relative=True)


class TestSphereRule:
    LAW = sphere_rule.make()

    def test_it_is_as_described(self):
        assert self.LAW.x.shape == (4096, 12)
        assert len(np.unique(self.LAW.x, axis=0)) == 4096
        assert finite_ceiling(self.LAW) == pytest.approx(0.99, abs=1e-9)
        assert self.LAW.p_x @ self.LAW.p_y == pytest.approx([0.5, 0.5], abs=1e-9)
        assert finite_ceiling(sphere_rule.make(information_bits=0.5)) == pytest.approx(0.5, abs=1e-9)

    def test_there_are_64_spectra(self):
        """As many as the orbits that the paper speaks of, with degrees 0 to 4 and with many more."""
        for degrees in (5, 12):
            assert len(np.unique(sphere_rule.spectrum(self.LAW.x, degrees).round(8), axis=0)) == 64
        assert len(np.unique(self.LAW.p_y[:, 1].round(12))) <= 64

    def test_power_is_that_of_spherical_harmonics(self):
        x = self.LAW.x[::97]
        a, b, c = sphere_rule.vertices().T
        polar, azimuth = np.arccos(c), np.arctan2(b, a)
        for degree, power in enumerate(sphere_rule.spectrum(x, 7).T):
            waves = [sph_harm_y(degree, order, polar, azimuth) for order in range(-degree, degree + 1)]
            assert power == pytest.approx((np.abs(x @ np.array(waves).T) ** 2).sum(axis=1), abs=1e-9)

    def test_rotations_leave_it_alone(self):
        """A fifth of a turn about a corner, a third of one about the middle of a face."""
        corners = sphere_rule.vertices()
        near = corners @ corners[0]
        others = corners[np.isclose(near, 1 / np.sqrt(5))]
        neighbour = others[np.isclose(others @ others[0], 1 / np.sqrt(5))][0]
        for axis, turn in ((corners[0], 2 * np.pi / 5), (corners[0] + others[0] + neighbour, 2 * np.pi / 3)):
            a, b, c = axis / np.linalg.norm(axis)
            cross = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
            turned = corners @ (np.eye(3) + np.sin(turn) * cross + (1 - np.cos(turn)) * cross @ cross).T
            where = (turned @ corners.T).argmax(axis=1)
            assert turned == pytest.approx(corners[where])
            row = (self.LAW.x[:, where] @ 2 ** np.arange(11, -1, -1)).astype(int)
            assert (row != np.arange(4096)).any()
            assert self.LAW.p_y[row] == pytest.approx(self.LAW.p_y, abs=1e-9)

    @pytest.mark.parametrize("bits", [0, 1, 2])
    def test_information_that_one_bit_cannot_have(self, bits):
        with pytest.raises(InfoplaneError, match="information_bits"):
            sphere_rule.make(information_bits=bits)


class TestLinearGaussian:
    RNG = np.random.default_rng(9)
    WEIGHTS = (RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4)), RNG.normal(size=(5, 2)))
    ROOT = RNG.normal(size=(3, 3))
    COVARIANCE = ROOT @ ROOT.T
    READOUT = RNG.normal(size=(2, 3))
    NOISE = np.array([0.5, 1.5])

    def test_one_number(self):
        """x of variance 4, T = 3 x, y = 2 x + noise."""
        (point,) = linear_gaussian_information([[[3.0]]], [[4.0]], [2.0], 0.7, 1.5)
        correlation = (3 * 2 * 4) ** 2 / ((36 + 1.5**2) * (16 + 0.7**2))
        assert point.input_bits == pytest.approx(np.log2(1 + 36 / 2.25) / 2)
        assert point.target_bits == pytest.approx(-np.log2(1 - correlation) / 2)

    def test_determinants_of_all_together(self):
        points = linear_gaussian_information(self.WEIGHTS, self.COVARIANCE, self.READOUT, self.NOISE, 0.3)
        through = np.eye(3)
        for weight, point in zip(self.WEIGHTS, points, strict=True):
            through = weight @ through
            units = len(through)
            mix = np.vstack([np.eye(3), through, self.READOUT])  # x, T, y
            whole = mix @ self.COVARIANCE @ mix.T + np.diag([0] * 3 + [0.09] * units + list(self.NOISE**2))
            parts = {"x": range(3), "t": range(3, 3 + units), "y": range(3 + units, 5 + units)}

            def h(names, whole=whole, parts=parts):
                which = np.concatenate([parts[name] for name in names])
                return np.linalg.slogdet(whole[np.ix_(which, which)])[1] / 2 / np.log(2)

            assert point.input_bits == pytest.approx(h("x") + h("t") - h("xt"))
            assert point.target_bits == pytest.approx(h("t") + h("y") - h("ty"))

    def test_limits(self):
        ceiling = linear_gaussian_ceiling(self.COVARIANCE, self.READOUT, self.NOISE)
        first, *_ = linear_gaussian_information(self.WEIGHTS, self.COVARIANCE, self.READOUT, self.NOISE, 1e-6)
        assert first.target_bits == pytest.approx(ceiling, abs=1e-6)
        for point in linear_gaussian_information(self.WEIGHTS, self.COVARIANCE, self.READOUT, self.NOISE, 1e6):
            assert both(point) == pytest.approx([0, 0], abs=1e-6)

    def test_relative_noise_does_not_see_the_scale(self):
        given = self.COVARIANCE, self.READOUT, self.NOISE
        first = linear_gaussian_information([self.WEIGHTS[0]], *given, 0.1, relative=True)[0]
        second = linear_gaussian_information([50 * self.WEIGHTS[0]], *given, 0.1, relative=True)[0]
        spread = np.sqrt(np.trace(self.WEIGHTS[0] @ self.COVARIANCE @ self.WEIGHTS[0].T))
        third = linear_gaussian_information([self.WEIGHTS[0]], *given, 0.1 * spread)[0]
        assert both(first) == pytest.approx(both(second))
        assert both(first) == pytest.approx(both(third))

    def test_the_line_agrees(self):
        dataset = KnownLaw(Normal(), lambda x: 0.9 * x, Normal(), lambda x: np.full_like(x, 0.4))
        layers = [([[1.0], [-2.0]], [0, 1]), ([[0.5, 1.0]], [3])]
        expected = linear_gaussian_information([w for w, _ in layers], [[1.0]], [0.9], 0.4, 0.25)
        points = noisy_information(layers, dataset, 0.25, activation="identity")
        for point, known in zip(points, expected, strict=True):
            assert both(point) == pytest.approx(both(known), abs=2e-4)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"weights": []}, "weights: empty"),
            ({"weights": [np.ones((2, 4))]}, r"weights\[0\]: has shape \(2, 4\); give \(out, 3\)"),
            ({"weights": [np.full((2, 3), np.nan)]}, "holds NaN"),
            ({"input_covariance": np.ones(3)}, "give .inputs, inputs"),
            ({"input_covariance": -np.eye(3)}, "negative eigenvalues"),
            ({"input_covariance": np.triu(np.ones((3, 3)))}, "symmetric"),
            ({"readout": np.ones(4)}, "readout: has shape"),
            ({"noise_std": 0.0}, "noise_std: give one number above 0"),
            ({"sigma": 0.0}, "sigma"),
            ({"weights": [np.zeros((2, 3))], "relative": True}, r"weights\[0\]: its layer is constant"),
        ],
    )
    def test_refusals(self, change, says):
        given = {
            "weights": self.WEIGHTS,
            "input_covariance": self.COVARIANCE,
            "readout": self.READOUT,
            "noise_std": self.NOISE,
            "sigma": 0.3,
        }
        with pytest.raises(InfoplaneError, match=says):
            linear_gaussian_information(**(given | change))
