"""gaussian: against canonical correlations and regression, and the shrinkage against its definitions."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators import gaussian
from infoplane.estimators.gaussian import Gaussian


def estimate(x, y, labels=False, **params):
    return calling.estimate(Gaussian(**params), x, y, labels=labels)


@pytest.fixture
def layer():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
    return x, x @ rng.normal(size=(4, 2)) + 3 * rng.normal(size=(200, 2))


def canonical_bits(x, y):
    """-sum log2(1 - r^2) / 2 over the canonical correlations r, by orthonormal bases."""
    bases = [np.linalg.qr(v - v.mean(axis=0))[0] for v in (x, y)]
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    return -np.sum(np.log2(1 - correlations**2)) / 2


def test_without_shrinkage_it_is_canonical_correlation(layer):
    x, y = layer
    assert estimate(x, y, shrinkage="none") == pytest.approx(canonical_bits(x, y), abs=1e-10)
    assert estimate(y, x, shrinkage="none") == pytest.approx(canonical_bits(x, y), abs=1e-10)


def test_without_shrinkage_coordinates_do_not_matter(layer):
    x, y = layer
    turned = x @ np.random.default_rng(1).normal(size=(4, 4)) + 100
    rank_deficient = np.hstack([x, x[:, :2] @ [[1.0], [2.0]], np.zeros((200, 3)), 5 + 2 * x])
    for t in (turned, rank_deficient):
        assert estimate(t, y, shrinkage="none") == pytest.approx(estimate(x, y, shrinkage="none"), abs=1e-9)


@pytest.mark.parametrize("samples", [10, 100, 1000])
def test_ledoit_wolf_is_scikit_learns(samples):
    rng = np.random.default_rng(samples)
    values = rng.normal(size=(samples, 5)) @ rng.normal(size=(5, 5))
    values -= values.mean(axis=0)
    weight = gaussian._weight(values, values.T @ values / samples, "ledoit_wolf")
    assert weight == pytest.approx(ledoit_wolf_shrinkage(values, assume_centered=True), abs=1e-12)


@pytest.mark.parametrize("samples", [10, 100, 1000])
def test_oas_is_the_limit_of_its_iteration(samples):
    """Chen et al. 2010, eq. 17 and 18: shrink, estimate the best weight for the result, and again."""
    rng = np.random.default_rng(samples)
    values = rng.normal(size=(samples, 5)) * [1, 1, 1, 1, 4]
    values -= values.mean(axis=0)
    sample = values.T @ values / samples
    weight, target = 0.5, np.trace(sample) / 5 * np.eye(5)
    for _ in range(500):
        shrunk = (1 - weight) * sample + weight * target
        cross, squared_trace = np.trace(shrunk @ sample), np.trace(shrunk) ** 2
        weight = ((1 - 2 / 5) * cross + squared_trace) / (
            (samples + 1 - 2 / 5) * cross + (1 - samples / 5) * squared_trace
        )
    assert 0 < weight < 1
    assert gaussian._weight(values, sample, "oas") == pytest.approx(weight, abs=1e-6)


@pytest.mark.parametrize("shrinkage", ["ledoit_wolf", "oas"])
def test_shrinkage_keeps_independent_units_from_adding_up(shrinkage):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 100)), rng.normal(size=(200, 1))
    assert estimate(x, y, shrinkage="none") > 0.3
    assert abs(estimate(x, y, shrinkage=shrinkage)) < 0.01


def test_error_falls_with_the_number_of_samples():
    truth_bits = -np.log2(1 - 0.8**2) / 2
    errors = []
    for samples in (50, 500, 5000):
        found = []
        for seed in range(40):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(samples, 1))
            found.append(estimate(x, 0.8 * x + 0.6 * rng.normal(size=(samples, 1))) - truth_bits)
        errors.append(np.sqrt(np.mean(np.square(found))))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_a_discrete_y_is_its_classes_whatever_their_numbers():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, size=(300, 1)).astype(float)
    x = np.eye(3)[label[:, 0].astype(int)] + rng.normal(size=(300, 3))
    value = estimate(x, label, labels=True)
    assert value > 0.1
    renamed = np.array([50.0, -1.0, 3.0])[label.astype(int)]
    assert estimate(x, renamed, labels=True) == pytest.approx(value, abs=1e-9)


def test_a_linear_function_is_infinite():
    x = np.random.default_rng(0).normal(size=(100, 2))
    with pytest.raises(InfoplaneError, match="linear function of the layer: infinite"):
        estimate(x, x @ [[1.0], [2.0]], shrinkage="none")
