"""The headline estimator against closed forms, against itself written plainly, and where its rules change."""

import numpy as np
import pytest
from scipy import special, stats
from scipy.special import digamma

import calling
from infoplane import exact
from infoplane.arrays.scaling import scaled
from infoplane.core import plugins
from infoplane.estimators.sheared_ksg import ShearedKSG
from infoplane.neighbours import _lines


def estimate(x, y, **params):
    return calling.estimate(ShearedKSG(**params), x, y)


def mean_error(sampler, truth_bits, samples=350, repetitions=8):
    values = [estimate(*sampler(samples, np.random.default_rng(seed))) for seed in range(repetitions)]
    return np.mean(values) - truth_bits


def correlated(correlation, units=1):
    def sample(samples, rng):
        x = rng.normal(size=(samples, units))
        return x, correlation * x[:, :1] + np.sqrt(1 - correlation**2) * rng.normal(size=(samples, 1))

    return sample, -np.log2(1 - correlation**2) / 2


def uniform_noise(width):
    """y = x + e, uniform on (0, 1) and on (-width, width): h(Y) - h(e) = width - ln(2 width) nats."""

    def sample(samples, rng):
        x = rng.uniform(size=(samples, 1))
        return x, x + rng.uniform(-width, width, size=(samples, 1))

    return sample, (width - np.log(2 * width)) / np.log(2)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.99, 0.9999])
def test_a_gaussian_pair_however_strong(correlation):
    assert abs(mean_error(*correlated(correlation))) < 0.1


def test_noise_with_hard_edges():
    assert abs(mean_error(*uniform_noise(0.3))) < 0.15


def test_noise_as_small_as_the_gaps_between_samples():
    """With 350 samples a gap is 0.003; KSG alone reads 1.3 bits too little."""
    assert abs(mean_error(*uniform_noise(0.003))) < 0.4


def test_units_that_tell_nothing_cost_little():
    assert abs(mean_error(*correlated(0.9, units=3))) < 0.15


def test_a_fold_loses_the_sign_and_nothing_else():
    """y = ±t + e, t uniform on (1, 2), e normal: I(T;Y) = h(t + e) - h(e), by quadrature."""
    noise = stats.norm(scale=0.05)

    def folded(samples, rng):
        t = rng.uniform(1, 2, size=(samples, 1))
        return t, rng.choice([-1, 1], size=t.shape) * t + noise.rvs(size=t.shape, random_state=rng)

    y = np.linspace(0.6, 2.4, 20001)
    density = noise.cdf(y - 1) - noise.cdf(y - 2)
    truth_bits = (np.trapezoid(special.entr(density), y) - noise.entropy()) / np.log(2)
    assert abs(mean_error(folded, truth_bits, samples=1000)) < 0.2


def test_a_curve_in_many_units_holds_what_its_input_does():
    """Eight ReLU units of which two alone see all of x; I(T;Y) = I(X;Y) by quadrature."""
    law = plugins.load("datasets", "quadratic", "test").make(noise_std=0.2)

    def layer(samples, rng):
        x, y = law.sample(samples, rng)
        weight = np.array([1, -0.5, 2, 0.1, -1, 0.7, -2, 0])
        return np.maximum(x * weight + [3, 1, -2, 0, 0, 1, -3, -1], 0), y

    assert abs(mean_error(layer, exact.ceiling(law), repetitions=20)) < 0.1


def test_two_values_of_t_that_part_y_hold_one_bit():
    def parted(samples, rng):
        t = rng.integers(2, size=(samples, 1)).astype(float)
        return t, 5 * t + rng.uniform(size=(samples, 1))

    assert abs(mean_error(parted, 1.0)) < 0.05


def test_a_vector_target():
    """Pairs (x_i, y_i) with correlations 0.8 and 0.5."""

    def pairs(samples, rng):
        x = rng.normal(size=(samples, 2))
        return x, np.array([0.8, 0.5]) * x + np.sqrt([0.36, 0.75]) * rng.normal(size=(samples, 2))

    assert abs(mean_error(pairs, -np.log2(0.36 * 0.75) / 2, samples=700)) < 0.1


def test_the_error_falls_with_the_samples():
    sampler, truth_bits = correlated(0.99)
    few, many = (
        [estimate(*sampler(samples, np.random.default_rng(seed))) - truth_bits for seed in range(12)]
        for samples in (50, 800)
    )
    assert np.mean(np.abs(many)) < np.mean(np.abs(few)) / 2


@pytest.mark.parametrize("units", [1, 2, 5])
@pytest.mark.parametrize("targets", [1, 2])
def test_it_is_what_its_docstring_says(units, targets):
    rng = np.random.default_rng(units)
    x = rng.normal(size=(60, units))
    x[:, -1] = np.maximum(x[:, -1], 0)  # ties
    y = np.sin(x[:, :1]) + 0.1 * rng.normal(size=(60, targets))
    for k in (1, 4, 5):
        assert estimate(x, y, k=k) == pytest.approx(plainly(x, y, k), abs=1e-9)


def plainly(x, y, k):
    """The docstring, step by step, with whole matrices of distances."""
    t, y = scaled(x, "standard"), scaled(y, "standard")
    n = len(t)
    levels = np.hstack([scaled(t, "rank"), scaled(y, "rank")])
    log_density = digamma(2 * k) - digamma(n) - y.shape[1] * np.log(2 * np.sort(apart(y))[:, 2 * k])
    found = []
    for i in range(n):
        others = np.arange(n) != i
        away = apart(levels)[i]
        near = others & (away <= np.sort(away[others])[3 * k - 1])
        t_near, y_near = t[near] - t[near].mean(axis=0), y[near] - y[near].mean(axis=0)
        moments = t_near.T @ t_near
        ridge = _lines.RIDGE * np.trace(moments) * np.eye(len(moments))
        slope = np.linalg.solve(moments + ridge, t_near.T @ y_near) if moments.any() else 0 * t_near.T @ y_near
        degrees = min(t.shape[1], max(near.sum() - 2, 1))
        rest = np.sum((y_near - t_near @ slope) ** 2, axis=0)
        explained = np.sum(y_near**2, axis=0) - rest
        chance = degrees * rest / max(near.sum() - 1 - degrees, 1)
        shrunk = np.maximum(0, 1 - chance / np.maximum(explained, 1e-300))
        slope = slope * shrunk
        height = 2 * np.sqrt((rest + (1 - shrunk) ** 2 * np.maximum(explained, 0)) / near.sum())
        width = apart(t)[i][near].max() or 1.0
        in_t = apart(t)[i] / width
        in_y = np.abs(y - y[i] - (t - t[i]) @ slope) / height
        both = np.sort(np.maximum(in_t, in_y.max(axis=1))[others])
        for neighbours in range((k + 1) // 2, k + 1):
            edge = both[neighbours - 1]
            count_y = np.sum((np.abs(y - y[i]) / height).max(axis=1) < edge)
            share = digamma(count_y) - digamma(n)
            if count_y < 4 * k:
                share = log_density[i] + np.sum(np.log(2 * edge * height))
            found.append(digamma(neighbours) - digamma(np.sum(in_t < edge)) - share)
    return np.mean(found) / np.log(2)


def apart(points):
    return np.abs(points[:, None] - points[None]).max(axis=2)


def test_scale_and_place_of_columns_do_not_matter():
    x, y = correlated(0.8, units=3)[0](120, np.random.default_rng(0))
    assert estimate(x * [1e-6, 3, 1e6] + [0, 5, -7], 11 * y - 4) == pytest.approx(estimate(x, y), abs=1e-7)


def test_a_dead_unit_does_not_matter():
    x, y = correlated(0.8)[0](120, np.random.default_rng(0))
    assert estimate(np.hstack([x, np.full_like(x, 0.3)]), y) == pytest.approx(estimate(x, y), abs=1e-9)


def test_a_target_that_is_linear_in_others_does_not_matter():
    x, y = correlated(0.8)[0](120, np.random.default_rng(0))
    assert estimate(x, np.hstack([y, 3 - 2 * y, np.ones_like(y)])) == pytest.approx(estimate(x, y), abs=1e-9)


def test_of_discrete_data_it_is_the_plug_in():
    rng = np.random.default_rng(0)
    x = rng.integers(3, size=(200, 1)).astype(float)
    y = (x + (rng.uniform(size=x.shape) < 0.3)) % 3
    joint = np.array([[np.mean((x == a) & (y == b)) for b in range(3)] for a in range(3)])
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    seen = joint > 0
    plug_in = np.sum(joint[seen] * np.log2(joint[seen] / product[seen]))
    assert estimate(x, y) == pytest.approx(plug_in, abs=1e-9)


def test_one_tie_in_y_does_not_change_the_rules():
    x, y = correlated(0.9)[0](200, np.random.default_rng(0))
    tied = y.copy()
    tied[np.argsort(y[:, 0])[100]] = y[np.argsort(y[:, 0])[101]]
    assert estimate(x, tied) == pytest.approx(estimate(x, y), abs=0.02)


@pytest.mark.parametrize("samples", [7, 16, 17, 100, 350])
@pytest.mark.parametrize("units", [1, 3, 8])
def test_the_order_of_rows_does_not_matter_where_distances_tie(samples, units):
    """Values rounded to a lattice have the same distance many times over, and rounding must not choose among them."""
    rng = np.random.default_rng(samples + units)
    x = rng.normal(size=(samples, units)).round(1)
    y = x[:, :1] + rng.normal(size=(samples, 1))
    value_bits = estimate(x, y, k=2)
    for _ in range(3):
        order = rng.permutation(samples)
        assert estimate(x[order], y[order], k=2) == pytest.approx(value_bits, abs=1e-9)
