"""The nearest-neighbour kernels against the papers' formulas, written out over all pairs, and scaling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma
from scipy.stats import norm, rankdata

from infoplane.arrays.scaling import scaled
from infoplane.core.errors import InfoplaneError
from infoplane.neighbours import information_bits, permuted_information_bits


def by_all_pairs(x, y, k, variant, atoms="psi"):
    """Kraskov 2004, eq. 8 and 9, with ties counted and Gao 2017's counts at atoms, in bits; x and y as they are."""
    n = len(x)
    nats = 0.0
    for i in range(n):
        others = np.arange(n) != i
        dx, dy = np.abs(x - x[i]).max(axis=1)[others], np.abs(y - y[i]).max(axis=1)[others]
        kth = np.sort(np.maximum(dx, dy))[k - 1]
        near = np.maximum(dx, dy) <= kth
        if kth == 0:
            f = digamma if atoms == "psi" else np.log
            nats += f(near.sum() + 1) + f(n) - f((dx == 0).sum() + 1) - f((dy == 0).sum() + 1)
        elif variant == 1:
            nats += digamma(near.sum()) + digamma(n)
            for d in (dx, dy):
                nats -= digamma(max((d < kth).sum() + 1, (d <= kth).sum()))  # the same, but for ties
        else:
            nats += digamma(near.sum()) + digamma(n)
            sides = [(d, d[near].max()) for d in (dx, dy)]
            for d, half in sides:
                nats -= digamma((d <= half).sum() + (half == 0))
            if all(half > 0 for _, half in sides):
                nats -= 1 / near.sum()
    return nats / n / np.log(2)


def sample(n, units, targets, seed, ties="none"):
    """x and y that depend on each other; with `ties` some, all or no values equal others."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, units))
    y = x[:, :1] + 0.5 * rng.normal(size=(n, targets))
    if ties == "relu":
        return np.maximum(x, 0), y
    if ties == "rounded":
        return np.round(x), np.round(y)
    if ties == "twice":
        return x[np.arange(n) // 2], y[np.arange(n) // 2]
    return x, y


TIES = ["none", "relu", "rounded", "twice"]
# Around the 16 points of a tile and the 16 columns after which a tile may be given up.
SHAPES = [(5, 1, 1), (16, 1, 1), (17, 2, 1), (33, 3, 2), (70, 1, 2), (300, 8, 1), (90, 17, 1), (60, 40, 33)]


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_pairs(shape, ties):
    x, y = sample(*shape, seed=1, ties=ties)
    for k in (1, 4):
        for variant in (1, 2):
            for atoms in ("psi", "log"):
                found = information_bits([x], y, k=k, variant=variant, scale="none", atoms=atoms)
                assert found == pytest.approx(by_all_pairs(x, y, k, variant, atoms), abs=1e-10)


@given(
    n=st.integers(3, 40),
    units=st.integers(1, 3),
    targets=st.integers(1, 2),
    levels=st.integers(1, 50),
    variant=st.sampled_from([1, 2]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_all_pairs_on_a_lattice(n, units, targets, levels, variant, seed):
    """Integers tie in every way there is: in x, in y, in both, and at the distance of the k-th neighbour."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, levels, size=(n, units)).astype(float)
    y = rng.integers(0, levels, size=(n, targets)).astype(float)
    k = int(rng.integers(1, n))
    found = information_bits([x], y, k=k, variant=variant, scale="none", atoms="log")[0]
    constant = (x == x[0]).all() or (y == y[0]).all()
    assert found == pytest.approx(0 if constant else by_all_pairs(x, y, k, variant, "log"), abs=1e-10)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("shape", [(5, 1, 1), (17, 2, 1), (70, 1, 2), (200, 8, 1)], ids=str)
def test_permuted_is_all_pairs_on_permuted_rows(shape, ties):
    x, y = sample(*shape, seed=2, ties=ties)
    permutations = np.array([np.random.default_rng(i).permutation(len(x)) for i in range(3)])
    for k in (1, 4):
        for variant in (1, 2):
            found = permuted_information_bits(x, y, permutations, k=k, variant=variant, scale="none", atoms="log")
            expected = [by_all_pairs(x, y[p], k, variant, "log") for p in permutations]
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_more_permutations_than_go_side_by_side():
    x, y = sample(40, 2, 1, seed=3)
    permutations = np.array([np.random.default_rng(i).permutation(40) for i in range(300)])
    found = permuted_information_bits(x, y, permutations, k=3, variant=1, scale="standard", atoms="psi")
    for i in (0, 255, 256, 299):
        alone = information_bits([x], y[permutations[i]], k=3, variant=1, scale="standard", atoms="psi")
        assert found[i] == pytest.approx(alone[0], abs=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_do_not_change_a_bit(threads, monkeypatch):
    y = sample(60, 1, 1, seed=0)[1]
    xs = [sample(60, 1 + i % 3, 1, seed=i)[0] for i in range(20)]
    expected = [information_bits([x], y, k=3, variant=2, scale="rank", atoms="psi")[0] for x in xs]
    monkeypatch.setattr("numba.config.NUMBA_NUM_THREADS", threads)
    assert list(information_bits(xs, y, k=3, variant=2, scale="rank", atoms="psi")) == expected


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_rounding_of_scaled_labels_decides_nothing(variant, k):
    """Evenly spaced labels, as often in x as in y: scaled alike, they are evenly spaced but for rounding."""
    rng = np.random.default_rng(0)
    x, y = (rng.permuted(np.repeat(np.arange(7.0), 10))[:, None] for _ in range(2))
    found = information_bits([0.7 * x + 0.1], y / 3, k=k, variant=variant, scale="standard", atoms="log")
    assert found == pytest.approx(by_all_pairs(x, y, k, variant, "log"), abs=1e-10)


def test_standard_columns():
    x = np.random.default_rng(0).normal(5, 3, size=(50, 2))
    np.testing.assert_allclose(scaled(x, "standard"), (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-12)


def test_rank_columns_keep_ties():
    x = np.random.default_rng(0).integers(0, 9, size=(50, 2)).astype(float)
    np.testing.assert_allclose(scaled(x, "rank"), norm.ppf(rankdata(x, axis=0) / 51), atol=1e-12)
    assert np.array_equal(scaled(-x, "rank"), -scaled(x, "rank"))


@pytest.mark.parametrize("scale", ["standard", "rank"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_that_are_constant_but_for_rounding_become_zero(scale, dtype):
    x = np.full((50, 3), 0.1, dtype=dtype)
    x[::2, 1] = np.nextafter(x[0, 1], dtype(1))
    x[::2, 2] += dtype(1e-3)
    columns = scaled(x, scale)
    assert (columns[:, :2] == 0).all()
    assert columns[:, 2].std() > 0.4


@pytest.mark.parametrize("scale", ["standard", "rank"])
@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e30, 1e307])
def test_scaling_takes_any_finite_scale(scale, factor):
    x = np.random.default_rng(0).uniform(-1, 1, size=(50, 1))
    np.testing.assert_allclose(scaled(x * factor, scale), scaled(x, scale), atol=1e-9)


def test_raw_values_whose_distances_overflow_are_refused():
    with pytest.raises(InfoplaneError, match="scale: values beyond 4e\\+307"):
        scaled(np.array([[1.7e308], [-1.7e308]]), "none")


@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("units", [1, 4])
def test_heaps_and_lattices_read_nothing_at_independence(variant, units):
    """From beside a heap, or on a lattice, many points are as far as the k-th neighbour; not counted, they read 0.1."""
    values = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x, y = np.maximum(rng.normal(size=(200, units)), 0), rng.normal(size=(200, 1))
        pair = (x, y) if seed % 2 else (y, x)
        values.append(information_bits([pair[0]], pair[1], k=3, variant=variant, scale="standard", atoms="log")[0])
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(30) + 0.02


def test_whole_numbers_read_nothing_at_independence():
    values = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(120, 1)), rng.permutation(np.repeat(np.arange(10.0), 12))[:, None]
        values.append(information_bits([x], y, k=3, variant=1, scale="standard", atoms="log")[0])
    assert abs(np.mean(values)) < 0.1
