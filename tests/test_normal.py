"""The Gaussian without its bias: against canonical correlations, determinants, and means over many draws."""

import numpy as np
import pytest
from scipy.special import digamma

from infoplane.estimators.gaussian import normal
from infoplane.estimators.gaussian.normal import gaussian_bits, gaussian_class_bits


def linear(samples, units, targets, seed, noise=1.0):
    """Targets that are sums of units and noise, and their information by determinants."""
    slopes = np.random.default_rng(99).normal(size=(units, targets)) / np.sqrt(units)
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(samples, units))
    truth = np.linalg.slogdet(np.eye(targets) + slopes.T @ slopes / noise**2)[1] / 2 / np.log(2)
    return t, t @ slopes + noise * rng.normal(size=(samples, targets)), truth


def test_it_is_canonical_correlation_less_its_mean_at_independence():
    t, z, _ = linear(200, 4, 2, 0)
    bases = [np.linalg.qr(v - v.mean(axis=0))[0] for v in (t, z)]
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    bias = sum(digamma((200 - j) / 2) - digamma((200 - 4 - j) / 2) for j in (1, 2)) / 2
    expected = (-np.sum(np.log(1 - correlations**2)) / 2 - bias) / np.log(2)
    assert gaussian_bits(t, z) == pytest.approx(expected, abs=1e-10)
    assert gaussian_bits(z, t) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("units", "targets"), [(1, 1), (8, 1), (5, 4), (80, 1)])
@pytest.mark.parametrize("noise", [0.01, 1.0, 1e9])
def test_it_is_right_on_average(units, targets, noise):
    found, truth = [], 0.0
    for seed in range(60):
        t, z, truth = linear(120, units, targets, seed, noise)
        found.append(gaussian_bits(t, z))
    assert np.mean(found) == pytest.approx(truth, abs=3.5 * np.std(found) / np.sqrt(60))


def test_coordinates_do_not_matter():
    t, z, _ = linear(200, 4, 2, 0)
    turned = t @ np.random.default_rng(1).normal(size=(4, 4)) + 100
    beside = np.hstack([t, t[:, :2] @ [[1.0], [2.0]], np.zeros((200, 3)), 5 + 2 * t])
    for same in (turned, beside):
        assert gaussian_bits(same, z) == pytest.approx(gaussian_bits(t, z), abs=1e-9)
    assert gaussian_bits(t, z @ [[1.0, 2], [-1, 5]]) == pytest.approx(gaussian_bits(t, z), abs=1e-9)


@pytest.mark.parametrize("units", [55, 60, 200])
def test_as_many_units_as_samples_read_too_little_and_not_too_much(units):
    independent, told = [], []
    for seed in range(20):
        t, z, truth = linear(60, units, 1, seed)
        told.append(gaussian_bits(t, z))
        independent.append(gaussian_bits(t, np.random.default_rng(seed + 100).normal(size=(60, 1))))
    assert abs(np.mean(independent)) < 0.05
    assert np.mean(told) < truth


def test_a_lattice_is_known_to_its_cell():
    """z = t has one cell left: for whole numbers 0 to 29, log2(1 + 12 * variance) / 2, near their 4.907 bits."""
    z = np.repeat(np.arange(30.0), 4)[:, None]
    blind = np.log2(1 + 12 * z.var() * 120 / 119) / 2
    assert gaussian_bits(z, z) == pytest.approx(blind, abs=0.02)
    assert gaussian_bits(z, 7 * z - 2) == pytest.approx(gaussian_bits(z, z), abs=1e-9)
    rng = np.random.default_rng(0)
    t = rng.normal(size=(5000, 1))
    exact = t + 0.5 * rng.normal(size=t.shape)
    assert gaussian_bits(t, exact) == pytest.approx(np.log2(1.25 / 0.25) / 2, abs=0.05)
    cells = 2 / 12  # that of rounding, and that of not knowing where in the cell
    rounded = np.log2((1.25 + cells) / (0.25 + cells)) / 2
    assert gaussian_bits(t, np.round(exact)) == pytest.approx(rounded, abs=0.05)


def test_a_linear_function_reads_what_rounding_leaves():
    t = np.random.default_rng(0).normal(size=(100, 2))
    assert gaussian_bits(t, t @ [[1.0], [2.0]]) == pytest.approx(-np.log2(normal.NO_SPREAD) / 2, abs=0.5)


def test_nothing_to_tell():
    t = np.random.default_rng(0).normal(size=(50, 2))
    assert gaussian_bits(np.ones((50, 2)), t) == 0
    assert gaussian_bits(t, np.ones((50, 1))) == 0
    assert gaussian_class_bits(np.ones((50, 2)), np.arange(50) % 2) == 0
    assert gaussian_class_bits(t, np.zeros(50, int)) == 0


@pytest.mark.parametrize("size", [2, 5])
def test_far_classes_read_no_more_than_their_entropy(size):
    rng = np.random.default_rng(0)
    classes = np.arange(200) % size
    t = 10 * np.eye(size)[classes] + 0.01 * rng.normal(size=(200, size))
    assert np.log2(size) - 0.05 < gaussian_class_bits(t, classes) <= np.log2(size)
    values = [gaussian_class_bits(rng.permutation(t), classes) for _ in range(10)]
    assert -0.1 < np.mean(values) < 0.02
