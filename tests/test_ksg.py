"""ksg: closed forms, NPEET's and scikit-learn's numbers, and what must not change a value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_selection import mutual_info_regression

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.ksg import KSG
from infoplane.estimators.npeet import NPEET


def gaussian(samples, correlation, seed, units=1):
    """x `(samples, units)` and y, correlated with their sum; I(X;Y) = -log2(1 - correlation²) / 2 bits."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, units))
    y = correlation * x.sum(axis=1, keepdims=True) / np.sqrt(units)
    return x, y + np.sqrt(1 - correlation**2) * rng.normal(size=(samples, 1))


def estimate(x, y, **params):
    return calling.estimate(KSG(**params), x, y)


def layer(samples, seed):
    """A layer of 8 ReLUs on a one-dimensional input, without dead units, and y = x² + noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, size=(samples, 1))
    t = np.maximum(x * rng.normal(size=8) + rng.uniform(-2, 2, size=8), 0)
    return np.hstack([x, t]), x**2 + 0.2 * rng.normal(size=(samples, 1))


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("units", [1, 2])
def test_gaussian_truth(variant, correlation, units):
    truth_bits = -np.log2(1 - correlation**2) / 2
    errors = [estimate(*gaussian(1000, correlation, seed, units), variant=variant) - truth_bits for seed in range(20)]
    assert abs(np.mean(errors)) < KSG.tolerance_bits


@pytest.mark.parametrize("variant", [1, 2])
def test_vector_targets(variant):
    """Two independent pairs tell what the first tells and what the second tells."""
    (x, y), (v, w) = gaussian(3000, 0.8, 1), gaussian(3000, 0.5, 2)
    truth_bits = -np.log2(1 - 0.8**2) / 2 - np.log2(1 - 0.5**2) / 2
    assert estimate(np.hstack([x, v]), np.hstack([y, w]), variant=variant) == pytest.approx(truth_bits, abs=0.1)


@pytest.mark.parametrize("variant", [1, 2])
def test_error_falls_with_the_number_of_samples(variant):
    truth_bits = -np.log2(1 - 0.9**2) / 2
    few, many = (
        np.mean([abs(estimate(*gaussian(n, 0.9, seed), variant=variant) - truth_bits) for seed in range(15)])
        for n in (100, 3000)
    )
    assert many < few / 2


@pytest.mark.parametrize("units", [1, 8])
def test_unbiased_at_independence_and_not_clipped(units):
    values = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        values.append(estimate(rng.normal(size=(200, units)), rng.normal(size=(200, 1))))
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(60)


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("units", [1, 9])
def test_npeet_where_nothing_is_tied(k, units):
    x, y = layer(350, seed=units)
    x = x[:, :units] + 1e-3 * np.random.default_rng(1).normal(size=(350, units))
    expected = calling.estimate(NPEET(k=k), x, y, seed=2)
    assert estimate(x, y, k=k, scale="none", variant=1) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("k", [2, 5])
def test_scikit_learn_where_it_can(k):
    x, y = gaussian(400, 0.8, 3)
    nats = mutual_info_regression(x, y[:, 0], discrete_features=False, n_neighbors=k, random_state=0)
    assert estimate(x, y, k=k, variant=1, scale="standard") == pytest.approx(nats[0] / np.log(2), abs=1e-6)


@given(seed=st.integers(0, 10**6), variant=st.sampled_from([1, 2]), scale=st.sampled_from(["standard", "rank"]))
@settings(max_examples=30, deadline=None)
def test_what_must_not_change_the_value(seed, variant, scale):
    """The order of rows and of units, exchanging x and y, and the scale of columns, ReLU zeros and all."""
    x, y = layer(60, seed)
    value = estimate(x, y, variant=variant, scale=scale)
    rng = np.random.default_rng(seed)
    rows, units = rng.permutation(60), rng.permutation(x.shape[1])
    factors, shifts = 2.0 ** rng.integers(-20, 20, size=x.shape[1]), rng.integers(-3, 3, size=x.shape[1])
    for same in (
        (x[rows], y[rows]),
        (x[:, units], y),
        (y, x),
        (x * factors, y),
        (x, -1000 * y),
        (x + shifts, y),
    ):
        assert estimate(*same, variant=variant, scale=scale) == pytest.approx(value, abs=1e-6)


def test_rank_takes_any_monotone_map():
    x, y = gaussian(300, 0.8, 5)
    assert estimate(np.exp(x), y**3, scale="rank") == pytest.approx(estimate(x, y, scale="rank"), abs=1e-12)


def test_a_dead_unit_is_no_dimension():
    x, y = layer(200, 0)
    dead = np.hstack([x, np.zeros((200, 2)), np.full((200, 1), 0.3)])
    for scale in ("none", "standard", "rank"):
        assert estimate(dead, y, scale=scale) == pytest.approx(estimate(x, y, scale=scale), abs=1e-12)


@pytest.mark.parametrize("variant", [1, 2])
def test_a_heap_of_zeros_beside_continuous_values(variant):
    """Where Y < 0, T is 0; else T is uniform, whatever Y is: T tells the sign of Y, 1 bit, and no more."""
    rng = np.random.default_rng(0)
    y = rng.uniform(-1, 1, size=(2000, 1))
    t = np.where(y > 0, rng.uniform(1, 2, size=(2000, 1)), 0)
    assert estimate(t, y, variant=variant) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("variant", [1, 2])
def test_tied_rows_stay_near_the_truth(variant):
    """Every row four times: 3 neighbours at distance 0. The plug-in value of 100 values is log2(100)."""
    x, y = gaussian(100, 0.5, 0)
    value = estimate(np.repeat(x, 4, axis=0), np.repeat(y, 4, axis=0), variant=variant)
    assert value == pytest.approx(np.log2(100), abs=0.3)


@pytest.mark.parametrize("variant", [1, 2])
def test_coins(variant):
    """Two fair coins that agree with probability 0.9: 1 - H(0.1) bits."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, size=(2000, 1)).astype(float)
    y = np.where(rng.random((2000, 1)) < 0.9, x, 1 - x)
    truth_bits = 1 + 0.9 * np.log2(0.9) + 0.1 * np.log2(0.1)
    assert estimate(x, y, variant=variant) == pytest.approx(truth_bits, abs=0.05)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_any_unit_of_measurement(dtype, scale):
    x, y = (values.astype(np.float32) for values in gaussian(200, 0.8, 1))
    expected = estimate(x, y)
    assert estimate((x * np.float32(scale)).astype(dtype), y) == pytest.approx(expected, abs=0.01)


def test_many_are_the_same_as_one_by_one():
    y = layer(100, 0)[1]
    xs = [layer(100, seed)[0][:, : 1 + seed] for seed in range(6)] + [np.ones((100, 3))]
    many = calling.estimate_many(KSG(variant=2), xs, y)
    assert list(many) == [estimate(x, y, variant=2) for x in xs]
    assert many[-1] == 0.0


def test_constant_x_or_y_is_exactly_zero():
    x, y = gaussian(50, 0.5, 0)
    for a, b in (
        (np.full((50, 4), 0.1), y),
        (x, np.full((50, 1), 1e30)),
        (np.full((50, 2), 0.1, np.float32), y),
    ):
        for scale in ("none", "standard", "rank"):
            assert estimate(a, b, scale=scale) == 0.0


def test_k_is_below_the_number_of_samples():
    x, y = gaussian(50, 0.5, 0)
    assert np.isfinite(estimate(x, y, k=49))
    with pytest.raises(InfoplaneError, match="k: 50 is not below the 50 samples; lower it"):
        estimate(x, y, k=50)


@pytest.mark.parametrize("variant", [1, 2])
def test_the_maximum_is_what_a_variable_tells_of_itself(variant):
    x = np.random.default_rng(0).normal(size=(80, 1))
    estimator = KSG(variant=variant, k=4)
    assert calling.estimate(estimator, x, x) == pytest.approx(estimator.maximum_bits(80), abs=1e-12)
