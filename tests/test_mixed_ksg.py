"""mixed_ksg: the plug-in on discrete data, ksg on continuous data, and closed forms in between."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif

import calling
from infoplane.estimators.ksg import KSG
from infoplane.estimators.mixed_ksg import MixedKSG


def estimate(x, y, **params):
    return calling.estimate(MixedKSG(**params), x, y)


def plug_in_bits(x, y):
    """H(X) + H(Y) - H(X, Y) of the empirical distribution of rows."""

    def entropy_bits(rows):
        share = np.unique(rows, axis=0, return_counts=True)[1] / len(rows)
        return -np.sum(share * np.log2(share))

    return entropy_bits(x) + entropy_bits(y) - entropy_bits(np.hstack([x, y]))


@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_the_plug_in_on_discrete_data(seed, units, levels):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, size=(40, units)).astype(float)
    y = (x[:, :1] + rng.integers(0, 2, size=(40, 1))) % levels
    x, y = np.repeat(x, 4, axis=0), np.repeat(y, 4, axis=0)  # no value has fewer than k = 3 equals
    assert estimate(x, y) == pytest.approx(plug_in_bits(x, y), abs=1e-10)


def test_ksg_on_continuous_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = x[:, :1] + rng.normal(size=(300, 1))
    assert estimate(x, y, k=5) == calling.estimate(KSG(variant=1, k=5), x, y)


@pytest.mark.parametrize("k", [3, 5])
def test_ross_2014_on_labels(k):
    """scikit-learn's estimate for a continuous x and a label y. It scales x and takes each label alone."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, size=300)
    x = rng.normal(size=(300, 1)) + label[:, None]
    nats = mutual_info_classif(x, label, discrete_features=False, n_neighbors=k, random_state=0)
    found = estimate(x / x.std(), 1e6 * label[:, None].astype(float), k=k, scale="none")
    assert found == pytest.approx(nats[0] / np.log(2), abs=1e-6)


def test_half_atom_half_continuous():
    """With probability 1/2, x = y is a fair coin; else both are uniform beyond it, and independent.

    Which of the two it is tells 1 bit, and in half of the cases the coin tells 1 bit more.
    """
    rng = np.random.default_rng(1)
    atom = rng.random((4000, 1)) < 0.5
    coin = rng.integers(0, 2, size=(4000, 1)).astype(float)
    x = np.where(atom, coin, 2 + rng.random((4000, 1)))
    y = np.where(atom, coin, 2 + rng.random((4000, 1)))
    assert estimate(x, y, scale="none") == pytest.approx(1.5, abs=0.03)


def test_zero_inflated_poisson():
    """Gao 2017, experiment IV: X exponential, Y = 0 with probability p, else Poisson(X)."""
    p, rng = 0.15, np.random.default_rng(2)
    values = []
    for _ in range(5):
        x = rng.exponential(size=(3000, 1))
        values.append(estimate(x, np.where(rng.random((3000, 1)) < p, 0, rng.poisson(x)).astype(float)))
    truth_nats = zero_inflated_truth_nats(p)
    assert np.mean(values) == pytest.approx(truth_nats / np.log(2), abs=0.04)


def zero_inflated_truth_nats(p):
    """H(Y) - H(Y | X) by summing over y and integrating over x on a fine grid."""
    from scipy.stats import poisson

    x = (np.arange(100_000) + 0.5) * (40 / 100_000)
    weight = np.exp(-x) * (40 / 100_000)
    y = np.arange(60)[:, None]
    given_x = (1 - p) * poisson.pmf(y, x) + p * (y == 0)
    marginal = given_x @ weight
    safe = np.where(given_x > 0, given_x, 1)
    return float(np.sum(weight * safe * np.log(safe)) - np.sum(marginal * np.log(marginal)))


@pytest.mark.parametrize("k", [1, 3])
def test_rare_labels(k):
    """A label with fewer than k equals finds neighbours among the others: a number, and no large one."""
    x = np.random.default_rng(0).normal(size=(50, 2))
    label = np.zeros((50, 1))
    label[0] = 1
    truth_at_most = -0.02 * np.log2(0.02) - 0.98 * np.log2(0.98)
    assert abs(estimate(x, label, k=k)) < 5 * truth_at_most


def test_digamma_table():
    """x = y without ties, n = 30, k = 2: psi(n) - psi(k), from scipy's digamma."""
    x = np.random.default_rng(0).normal(size=(30, 1))
    assert estimate(x, x, k=2) == pytest.approx((digamma(30) - digamma(2)) / np.log(2), abs=1e-12)
    assert MixedKSG(k=2).maximum_bits(30) == pytest.approx((digamma(30) - digamma(2)) / np.log(2), abs=1e-12)


def test_permuted_and_many():
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(80, 3)), 0)
    label = rng.integers(0, 4, size=(80, 1)).astype(float)
    permutations = np.array([rng.permutation(80) for _ in range(5)])
    null = calling.estimate_permuted(MixedKSG(), x, label, permutations)
    np.testing.assert_allclose(null, [estimate(x, label[p]) for p in permutations], atol=1e-10)
    many = calling.estimate_many(MixedKSG(), [x, x[:, :1], 0 * x], label)
    assert list(many) == [estimate(x, label), estimate(x[:, :1], label), 0.0]
