"""lattices: what a column is, that noise in cells hides nothing, and tables against enumeration and scikit-learn."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

from infoplane.arrays.lattices import column_kind, is_table, numbers_bits, spread, table_bits
from infoplane.arrays.variables import target
from infoplane.estimators.ksg import KSG


def columns():
    rng = np.random.default_rng(0)
    normal = rng.normal(size=500)
    return {
        "constant": (np.full(500, 0.1), "constant", 0),
        "normal": (normal, "continuous", 0),
        "float32": (np.float32(normal).astype(float), "continuous", 0),
        "uniform in float32": (rng.random(500, dtype=np.float32).astype(float), "continuous", 0),
        "one decimal": (np.round(normal, 1), "lattice", 0.1),
        "one decimal in float32": (np.float32(np.round(normal, 1)).astype(float), "lattice", 0.1),
        "counts": (rng.poisson(20, 500).astype(float), "lattice", 1),
        "even counts and a half": (2.0 * rng.poisson(20, 500) + 0.5, "lattice", 2),
        "multiples of 6, 10 and 15": (rng.choice([0.0, 6, 16, 31], 500), "lattice", 1),
        "ranks": (rng.permutation(500) / 7, "lattice", 1 / 7),
        "float32 far from zero": (np.float32(1e6 + normal).astype(float), "lattice", 2.0**-4),
        "two numbers": (rng.integers(0, 2, 500) * np.pi, "lattice", np.pi),
        "rounded ReLU": (np.round(np.maximum(normal, 0), 2), "lattice", 0.01),
        "ReLU": (np.maximum(normal, 0), "mixed", 0),
        "ReLU in float32": (np.float32(np.maximum(normal - 1.5, 0)).astype(float), "mixed", 0),
        "each twice": (np.repeat(normal[:250], 2), "mixed", 0),
        "each four times": (np.repeat(normal[:125], 4), "mixed", 0),
        "powers": (1.1 ** rng.integers(0, 12, 500), "few", 0),
    }


@pytest.mark.parametrize("name", columns())
@pytest.mark.parametrize("scale", [1, -3e-7, 1e5 / 3])
def test_kinds(name, scale):
    values, kind, step = columns()[name]
    found = column_kind(values * scale)
    assert found.kind == kind
    assert found.step == pytest.approx(step * abs(scale), rel=1e-5)


@pytest.mark.parametrize("name", ["one decimal", "counts", "powers", "float32 far from zero", "rounded ReLU", "ranks"])
def test_numbers_can_be_read_back_and_no_longer_repeat(name):
    values, kind, step = columns()[name]
    noisy = spread(values[:, None], np.random.default_rng(1))[:, 0]
    assert len(np.unique(noisy)) == len(noisy)
    distinct = np.unique(values)
    nearest = np.abs(noisy[:, None] - distinct).argmin(axis=1)
    assert (distinct[nearest] == values).all()
    if kind == "lattice":
        assert stats.kstest((noisy - values) / step, stats.uniform(-0.5, 1).cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", ["normal", "ReLU", "ReLU in float32", "each twice", "constant"])
def test_what_is_no_lattice_stays_as_it_is(name):
    values = columns()[name][0]
    assert (spread(values[:, None], np.random.default_rng(1))[:, 0] == values).all()


def test_noise_is_that_of_the_generator_and_of_each_column():
    counts = np.random.default_rng(0).poisson(9, (100, 2)).astype(float)
    noisy = spread(counts, np.random.default_rng(1))
    assert (spread(counts, np.random.default_rng(1)) == noisy).all()
    beside = np.hstack([np.random.default_rng(2).normal(size=(100, 1)), counts[:, 1:]])
    assert (spread(beside, np.random.default_rng(1))[:, 1] == noisy[:, 1]).all()
    assert spread(4 * counts + 1, np.random.default_rng(1)) == pytest.approx(4 * noisy + 1, abs=1e-9)
    assert np.abs(np.corrcoef((noisy - counts).T)[0, 1]) < 0.4


def neighbours(x, y, seed):
    rng = np.random.default_rng(seed)
    return KSG(variant=1)._estimate(spread(x, rng), target(spread(y, rng)), rng)


@pytest.mark.parametrize("samples", [60, 300])
def test_independent_lattices_read_nothing(samples):
    values = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, y = np.round(rng.normal(size=(samples, 1)), 1), rng.integers(0, 10, (samples, 1)).astype(float)
        values.append(neighbours(x, y, seed))
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(20) + 0.01


def test_counts_read_what_they_tell():
    """y Poisson of mean x, by summing over counts and integrating over x."""
    x = np.linspace(5, 35, 3001)
    table = stats.poisson.pmf(np.arange(100)[:, None], x)
    share = np.trapezoid(table, x) / 30
    truth = np.sum(np.trapezoid(table * np.log2(np.maximum(table, 1e-300) / share[:, None]), x)) / 30
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        means = rng.uniform(5, 35, (500, 1))
        values.append(neighbours(means, rng.poisson(means).astype(float), seed))
    assert np.mean(values) == pytest.approx(truth, abs=0.08)


def test_a_table_reads_nothing_on_average_over_all_orders():
    x, y = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2])
    each = [table_bits(x, np.array(p)) for p in permutations(y.tolist())]
    assert np.mean(each) == pytest.approx(0, abs=1e-12)
    assert max(each) > 0.1


def test_chance_is_scikit_learns():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, 90), rng.integers(0, 8, 90)
    chance = expected_mutual_information(contingency_matrix(x, y), 90)
    shares = [np.bincount(side) / 90 for side in (x, y, 8 * x + y)]
    entropies = [-np.sum(s[s > 0] * np.log(s[s > 0])) for s in shares]
    plain, most = entropies[0] + entropies[1] - entropies[2], min(entropies[:2])
    assert table_bits(x, y) == pytest.approx((plain - chance) * most / (most - chance) / np.log(2), abs=1e-9)


def test_a_table_reads_all_of_what_is_the_same():
    codes = np.repeat(np.arange(30), 4)
    assert table_bits(codes, codes[::-1]) == pytest.approx(np.log2(30))
    assert table_bits(codes, codes % 2) == pytest.approx(1)
    assert table_bits(np.arange(20), np.arange(20)) == 0
    assert table_bits(codes, np.zeros(120, int)) == 0


def test_the_table_is_taken_where_neighbours_see_less():
    same = np.repeat(np.arange(30.0), 4)[:, None]
    assert numbers_bits(same, same, neighbours(same, same, 0)) == pytest.approx(np.log2(30))
    x = np.random.default_rng(0).normal(size=(300, 1))
    fine = np.round(x, 1)
    assert is_table(fine)
    assert not is_table(x)
    assert not is_table(np.repeat(x, 4, axis=0))
    for t in (x, fine):
        y = np.round(x + 0.3 * np.random.default_rng(1).normal(size=x.shape), 1)
        assert numbers_bits(t, y, 1.7) == 1.7
