"""gaussian_kde: against scipy's density, integrated by another method."""

import numpy as np
import pytest
from scipy import stats

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.gaussian_kde import GaussianKDE


def estimate(x, y, labels=False, **params):
    return calling.estimate(GaussianKDE(**params), x, y, labels=labels)


def skewed(samples, units):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, units))
    return x, (x**2).sum(axis=1, keepdims=True) + x[:, :1] + rng.gumbel(size=(samples, 1))


@pytest.mark.parametrize("bandwidth", ["scott", "silverman", 0.3])
def test_two_dimensions_equal_scipys_density_on_a_plain_grid(bandwidth):
    x, y = skewed(150, 1)
    density = stats.gaussian_kde(np.hstack([x, y]).T, bw_method=bandwidth)
    t, z = (np.linspace(v.min() - 1.5 * np.std(v), v.max() + 1.5 * np.std(v), 400) for v in (x, y))
    p = density(np.stack(np.meshgrid(t, z, indexing="ij")).reshape(2, -1)).reshape(400, 400)
    cell = (t[1] - t[0]) * (z[1] - z[0])
    independent = np.outer(p.sum(axis=1), p.sum(axis=0)) * cell
    expected = np.sum(p * np.log2(p / independent)) * cell
    assert expected > 0.2
    # scipy's covariance has n - 1 where the kernel here has n.
    assert estimate(x, y, bandwidth=bandwidth) == pytest.approx(expected, abs=3e-3)


def test_three_dimensions_equal_scipys_density_on_random_points():
    x, y = skewed(200, 2)
    density = stats.gaussian_kde(np.hstack([x, y]).T)
    points = density.resample(4000, seed=1)
    ratios = np.log2(density(points) / density.marginal([0, 1])(points[:2]) / density.marginal([2])(points[2:]))
    error = 3 * np.std(ratios) / np.sqrt(4000)
    assert error < 0.1
    assert estimate(x, y) == pytest.approx(np.mean(ratios), abs=error + 3e-3)


def test_units_in_other_coordinates_tell_the_same():
    x, y = skewed(200, 2)
    turned = x @ np.array([[1.0, 2.0], [-3.0, 0.5]]) + 7
    assert estimate(turned, y) == pytest.approx(estimate(x, y), abs=1e-4)
    # A unit that repeats another, and a dead one, add nothing; they count as units all the same.
    assert estimate(np.hstack([x[:, :1], 2 * x[:, :1]]), y) == pytest.approx(estimate(x[:, :1], y), abs=1e-6)
    assert estimate(np.hstack([x[:, :1], np.zeros_like(y)]), y) == pytest.approx(estimate(x[:, :1], y), abs=1e-6)


def test_two_classes_equal_the_integral_over_their_densities():
    rng = np.random.default_rng(0)
    label = np.repeat([0.0, 1.0], [60, 90])[:, None]
    x = 2 * label + rng.normal(size=(150, 1))
    groups = [x[label == 0], x[label == 1]]
    spread = np.sqrt(sum(len(g) * g.var() for g in groups) / 150) * 75 ** (-1 / 5)
    t = np.linspace(-8, 10, 4001)
    densities = [stats.norm.pdf(t[:, None], g, spread).mean(axis=1) for g in groups]
    mixture = 0.4 * densities[0] + 0.6 * densities[1]
    expected = 0.0
    for share, p in zip((0.4, 0.6), densities, strict=True):
        expected += share * np.trapezoid(p * np.log2(np.maximum(p, 1e-300) / mixture), t)
    assert estimate(x, label, labels=True) == pytest.approx(expected, abs=1e-6)


def test_classes_far_apart_are_known():
    rng = np.random.default_rng(0)
    label = np.tile(np.arange(4.0), 30)[:, None]
    assert estimate(20 * label + rng.normal(size=(120, 1)), label, labels=True) == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "params", "said"),
    [
        (np.eye(20)[:, :3], np.arange(20.0)[:, None], {}, r"3 units is out of reach; reduce the layer to 2"),
        (
            np.random.default_rng(0).normal(size=(20, 2)),
            np.eye(20)[:, :2] + np.arange(20)[:, None],
            {},
            "2 targets",
        ),
        (np.arange(20.0)[:, None], np.arange(20.0)[:, None], {}, "y is a linear function"),
        (
            np.repeat([0.0, 1.0], 10)[:, None],
            np.repeat([0.0, 1.0], 10)[:, None],
            {"labels": True},
            "no density within the classes",
        ),
        (
            np.arange(20.0)[:, None],
            np.arange(20.0)[:, None] ** 2,
            {"bandwidth": 1e-5},
            "bandwidth: .* raise it",
        ),
    ],
)
def test_what_has_no_density_says_so(x, y, params, said):
    with pytest.raises(InfoplaneError, match=said):
        estimate(x, y, **params)
