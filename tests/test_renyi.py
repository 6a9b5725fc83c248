"""renyi: against the definition written out, and layers whose entropies are those of a few equal clusters."""

import numpy as np
import pytest
from scipy import stats

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.renyi import Renyi


def estimate(x, y, labels=False, **params):
    return calling.estimate(Renyi(**params), x, y, labels=labels)


def written_out(x, y, width_x, width_y, alpha):
    """Yu & Principe 2019, eq. 1-6, one entry at a time."""

    def gram(values, width):
        return np.array([[np.exp(-np.sum((a - b) ** 2) / (2 * width**2)) for b in values] for a in values])

    def entropy(matrix):
        eigenvalues = np.linalg.eigvalsh(matrix / np.trace(matrix))
        return np.log2(np.sum(np.maximum(eigenvalues, 0) ** alpha)) / (1 - alpha)

    a, b = gram(x, width_x), gram(y, width_y)
    return entropy(a) + entropy(b) - entropy(a * b)


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3)) * [1.0, 5.0, 0.2]
    return x, x[:, :1] + rng.normal(size=(40, 1))


@pytest.mark.parametrize("alpha", [0.5, 1.01, 2, 5])
def test_equals_the_definition(pair, alpha):
    x, y = pair
    value = estimate(x, y, alpha=alpha, kernel_width=0.7, scale="none")
    assert value == pytest.approx(written_out(x, y, 0.7, 0.7, alpha), abs=1e-6)


@pytest.mark.parametrize(("rule", "factor_of"), [("silverman", "silverman_factor"), ("scott", "scotts_factor")])
def test_width_rules_are_scipys(pair, rule, factor_of):
    widths = []
    for values in pair:
        factor = getattr(stats.gaussian_kde(values.T), factor_of)()
        widths.append(factor * np.sqrt(np.mean(values.var(axis=0))))
    value = estimate(*pair, kernel_width=rule, scale="none")
    assert value == pytest.approx(written_out(*pair, *widths, 1.01), abs=1e-6)


def test_median_rule(pair):
    widths = []
    for values in pair:
        distances = [np.linalg.norm(a - b) for i, a in enumerate(values) for b in values[:i]]
        widths.append(np.median(distances))
    value = estimate(*pair, kernel_width="median", scale="none")
    assert value == pytest.approx(written_out(*pair, *widths, 1.01), abs=1e-6)


def test_shannons_entropy_is_the_limit(pair):
    near = [estimate(*pair, alpha=alpha) for alpha in (0.9999, 1.0001)]
    assert estimate(*pair, alpha=1) == pytest.approx(np.mean(near), abs=1e-5)
    assert estimate(*pair, alpha=2) == pytest.approx(estimate(*pair, alpha=2 + 1e-7), abs=1e-5)


@pytest.mark.parametrize("alpha", [0.5, 1, 1.01, 2])
def test_clusters_far_apart_are_as_many_equal_eigenvalues(alpha):
    """Four equal clusters: S = 2 bits for any alpha, and so is what the layer shows of their label."""
    label = np.tile(np.arange(4.0), 15)[:, None]
    params = {"labels": True, "alpha": alpha, "kernel_width": 1.0, "scale": "none"}
    assert estimate(1000 * label, label, **params) == pytest.approx(2, abs=1e-6)
    shown = estimate(1000 * (label % 2), label, **params)
    assert shown == pytest.approx(1, abs=1e-6)


def test_lies_between_zero_and_log2_n(pair):
    x, y = pair
    wide, narrow = (estimate(x, y, kernel_width=width, scale="none") for width in (1e4, 1e-4))
    assert wide == pytest.approx(0, abs=1e-4)
    assert narrow == pytest.approx(Renyi().maximum_bits(40))


def test_symmetric_and_free_of_one_common_scale(pair):
    x, y = pair
    assert estimate(x, y) == pytest.approx(estimate(y, x), abs=1e-9)
    assert estimate(x * 1e200, y * 1e-200, scale="none") == pytest.approx(estimate(x, y, scale="none"), abs=1e-9)


def test_a_median_of_zero_says_so():
    x = np.zeros((20, 1))
    x[0] = 1
    with pytest.raises(InfoplaneError, match="kernel_width: the median distance is 0"):
        estimate(x, np.arange(20.0)[:, None], kernel_width="median")
