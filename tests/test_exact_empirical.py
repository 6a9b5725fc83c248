"""Informations of an empirical law with noise: brackets, closed forms, and one way against another."""

import numpy as np
import pytest

from infoplane.core.errors import InfoplaneError
from infoplane.exact.empirical import empirical_noisy_information
from infoplane.exact.linear_gaussian import linear_gaussian_information

APART = 4  # standard errors


def rng(seed=0):
    return np.random.default_rng(seed)


def pairwise_bounds(t, sigma):
    """I(X; T + sigma Z) is above the first and below the second (Kolchinsky & Tracey 2017, eq. 10)."""
    square = ((t[:, None] - t) ** 2).sum(axis=2) / sigma**2
    return tuple(-np.log2(np.exp(-square / scale).mean(axis=1)).mean() for scale in (8, 2))


@pytest.mark.parametrize("units", [1, 2, 6, 30])
@pytest.mark.parametrize("sigma", [0.1, 1.0, 5.0])
def test_pairwise_bounds_bracket_it(units, sigma):
    t = rng(units).normal(size=(150, units)) ** 3
    point = empirical_noisy_information(t, rng(1).integers(0, 3, 150), sigma, rng=rng(2), stderr_bits=0.01)
    low, high = pairwise_bounds(t, sigma)
    slack = APART * point.input_stderr_bits + 1e-4
    assert low - slack <= point.input_bits <= high + slack


def test_classes_are_conditioned_on():
    """I(T; Y) = I(X; T) less what each class has within it, all with noise: from calls without a y."""
    t, labels = rng(0).normal(size=(120, 3)), np.array(["a", "b", "c"])[rng(1).integers(0, 3, 120)]
    t[labels == "b"] += 1
    point = empirical_noisy_information(t, labels, 0.5, rng=rng(2), stderr_bits=2e-3)
    within = 0.0
    for name in "abc":
        part = t[labels == name]
        one = empirical_noisy_information(part, np.zeros(len(part)), 0.5, rng=rng(3), stderr_bits=2e-3)
        assert one.target_bits == pytest.approx(0, abs=1e-9)
        within += len(part) / 120 * one.input_bits
    assert point.target_bits == pytest.approx(point.input_bits - within, abs=APART * 4e-3)


def test_one_target_is_as_several():
    """The grid of y against the three mixtures that several targets take; the second target is constant."""
    t = rng(4).normal(size=(200, 2))
    y = t[:, :1] + 0.3 * rng(5).normal(size=(200, 1))
    one = empirical_noisy_information(t, y, 0.3, target_sigma=0.4, rng=rng(6))
    two = empirical_noisy_information(t, np.hstack([y, 0 * y]), 0.3, target_sigma=0.4, rng=rng(7))
    assert one.target_bits == pytest.approx(two.target_bits, abs=APART * 0.007)
    assert one.input_bits == pytest.approx(two.input_bits, abs=APART * 0.007)


@pytest.mark.parametrize("targets", [1, 2])
def test_many_gaussian_samples_are_the_closed_form(targets):
    """y's own noise and the added one together; 3,000 samples are off by a few hundredths of a bit."""
    t = rng(8).normal(size=(3000, 1))
    y = t + 0.5 * rng(9).normal(size=(3000, targets))
    point = empirical_noisy_information(t, y, 1.0, target_sigma=1.2, rng=rng(10), stderr_bits=0.01)
    (truth,) = linear_gaussian_information([[[1.0]]], [[1.0]], np.ones((targets, 1)), np.hypot(0.5, 1.2), 1.0)
    assert point.target_bits == pytest.approx(truth.target_bits, abs=0.05)
    assert point.input_bits == pytest.approx(truth.input_bits, abs=0.05)


def test_limits():
    t, y = rng(11).normal(size=(64, 4)), rng(12).permutation(64) / 64
    far = empirical_noisy_information(t, y, 1e-4, target_sigma=1e-4, rng=rng())
    assert (far.input_bits, far.target_bits) == pytest.approx((6, 6), abs=1e-6)
    near = empirical_noisy_information(t, y, 1e4, target_sigma=1.0, rng=rng())
    assert (near.input_bits, near.target_bits) == pytest.approx((0, 0), abs=1e-6)
    still = empirical_noisy_information(np.ones((64, 2)), y, 1.0, target_sigma=1.0, rng=rng())
    assert (still.input_bits, still.target_bits) == pytest.approx((0, 0), abs=1e-9)


def test_relative_noise_does_not_see_the_scale():
    t, y = rng(13).normal(size=(100, 2)), rng(14).normal(size=100)
    runs = [
        empirical_noisy_information(s * t, s * y, 0.3, target_sigma=0.5, relative=True, rng=rng(0)) for s in (1, 1024)
    ]
    assert runs[0].target_bits == pytest.approx(runs[1].target_bits)
    absolute = empirical_noisy_information(
        t, y, 0.3 * np.sqrt(t.var(axis=0).sum()), target_sigma=0.5 * y.std(), rng=rng(0)
    )
    assert runs[0].target_bits == pytest.approx(absolute.target_bits)


def test_the_generator_decides():
    t, y = rng(15).normal(size=(50, 3)), rng(16).integers(0, 2, 50)
    runs = [empirical_noisy_information(t, y, 0.3, rng=rng(seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"t": np.ones((3, 2, 1))}, "t: has shape"),
        ({"t": np.full((20, 2), np.nan)}, "t: holds NaN"),
        ({"t": [["a"]] * 20}, "t: is not an array of numbers"),
        ({"y": np.zeros(7)}, "t has 20 samples, but y has 7"),
        ({"y": np.full(20, np.inf), "target_sigma": 1.0}, "y: holds NaN"),
        ({"y": np.arange(20.0), "target_sigma": 1e-9}, "target_sigma: y spans"),
        ({"target_sigma": 0.0}, "sigma: 0.0 is not a standard deviation"),
        ({"sigma": -1.0}, "sigma: -1.0 is not a standard deviation"),
        ({"t": np.ones((20, 2)), "relative": True}, "t: is constant"),
        ({"y": np.ones(20), "target_sigma": 1.0, "relative": True}, "y: is constant"),
    ],
)
def test_refusals(change, says):
    given = {"t": rng(0).normal(size=(20, 2)), "y": np.arange(20) % 2, "sigma": 0.3, "rng": rng(1)}
    with pytest.raises(InfoplaneError, match=says):
        empirical_noisy_information(**(given | change))
