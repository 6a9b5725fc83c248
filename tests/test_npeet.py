"""npeet: NPEET's own numbers, seeded, and without a trace in the global generator."""

import sys

import npeet_plus
import numpy as np
import pytest

import calling
from infoplane.arrays.scaling import deviations
from infoplane.core.errors import InfoplaneError
from infoplane.estimation import flags
from infoplane.estimators.ksg import KSG
from infoplane.estimators.npeet import NPEET


def estimate(x, y, seed=0, **params):
    return calling.estimate(NPEET(**params), x, y, seed)


def package_bits(x, y, seed, k):
    """What the package itself gives; its noise, which it draws from numpy's global generator, is seeded."""
    before = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.default_rng(seed).bit_generator)
    try:
        constant = (x == x[0]).all() or (y == y[0]).all()  # the package would compare its noise
        return 0.0 if constant else float(npeet_plus.mi(x, y, k=k))
    finally:
        np.random.set_bit_generator(before)


def gaussian(samples: int, correlation: float, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 1))
    return x, correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=(samples, 1))


def test_closed_form_of_the_gaussian():
    x, y = gaussian(2000, 0.9)
    truth_bits = -0.5 * np.log2(1 - 0.9**2)
    assert estimate(x, y) == pytest.approx(truth_bits, abs=0.08)


def test_seeded_and_isolated():
    x, y = gaussian(200, 0.5)
    x = np.round(x, 1)  # ties, so that the jitter decides
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = estimate(x, y, seed=1)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    np.random.seed(8)  # noqa: NPY002
    assert estimate(x, y, seed=1) == first
    assert estimate(x, y, seed=2) != first


def test_global_generator_is_left_alone_by_an_error_too():
    """Of ties beyond the noise, which shows only after the noise is drawn."""
    x, y = (np.repeat(values, 5, axis=0) * 1e30 for values in gaussian(40, 0.5))
    generator = np.random.get_bit_generator()
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    position = np.random.get_state()[2]  # noqa: NPY002
    with pytest.raises(InfoplaneError, match="use ksg or mixed_ksg"):
        estimate(x, y)
    assert np.random.get_bit_generator() is generator
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert np.random.get_state()[2] == position  # noqa: NPY002


def test_the_package_is_not_needed(monkeypatch):
    """Only these tests import it: the numbers are its own, and come from our kernels."""
    x, y = gaussian(50, 0.5)
    expected = package_bits(x, y, seed=0, k=3)
    monkeypatch.setitem(sys.modules, "npeet_plus", None)
    assert estimate(x, y) == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("constant", ["x", "y"])
def test_constant_is_exactly_zero(constant):
    x, y = gaussian(100, 0.5)
    x, y = (np.ones((100, 3)), y) if constant == "x" else (x, np.ones((100, 1)))
    assert estimate(x, y) == 0.0


def test_k_not_below_samples():
    with pytest.raises(InfoplaneError, match="k: 20 is not below the 20 samples"):
        estimate(*gaussian(20, 0.5), k=20)


@pytest.mark.parametrize("size", [1e-12, 1e-30, 100.0, 1e30])
def test_where_npeets_own_constants_take_over_the_flag_says_so(size):
    """Both columns of one size, so that no ratio shows it: NPEET then no longer gives what ksg does."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(350, 8))
    y = x[:, :1] + 0.5 * rng.normal(size=(350, 1))
    expected = calling.estimate(KSG(scale="none"), x, y)
    for factor, beyond in ((1.0, False), (size, True)):
        found = calling.estimate_many(NPEET(), [factor * x], factor * y)
        assert flags.beyond(NPEET().scale_range, deviations(factor * x), deviations(factor * y)) == beyond
        assert (abs(found[0] - expected) < 1e-3) == (not beyond)


def test_ties_beyond_the_jitter_are_an_error():
    x, y = gaussian(40, 0.5)
    x, y = np.repeat(x, 5, axis=0) * 1e30, np.repeat(y, 5, axis=0) * 1e30
    with pytest.raises(InfoplaneError, match="use ksg or mixed_ksg"):
        estimate(x, y)
    with pytest.raises(InfoplaneError, match="use ksg or mixed_ksg"):
        calling.estimate_many(NPEET(), [x], y)


@pytest.mark.parametrize("columns", [1, 2, 8, 19, 20, 40])  # from 20 on NPEET takes another tree
@pytest.mark.parametrize("kind", ["continuous", "rectified", "labels", "tiny", "large"])
def test_many_at_once_are_the_package_s_numbers(columns, kind):
    """To the rounding of a sum, wherever its noise and its 1e-15 decide too."""
    rng = np.random.default_rng(columns)
    x = rng.normal(size=(150, columns))
    y = x[:, :1] + 0.5 * rng.normal(size=(150, 2 if columns == 2 else 1))
    if kind == "rectified":
        x = np.maximum(x, 0)
    if kind == "labels":
        x, y = np.round(x / 2), np.round(y)
    size = {"tiny": 1e-11, "large": 1e7}.get(kind, 1.0)
    xs = [size * x, size * x[::-1].copy(), np.ones_like(x)]
    for k in (1, 3, 7):
        expected = [package_bits(x, size * y, n, k) for n, x in enumerate(xs)]
        found = calling.estimate_many(NPEET(k=k), xs, size * y)
        assert list(found) == [estimate(x, size * y, n, k=k) for n, x in enumerate(xs)]
        assert found == pytest.approx(expected, rel=0, abs=1e-12)
