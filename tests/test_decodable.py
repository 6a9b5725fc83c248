"""decodable: the bound against known information."""

import numpy as np
import pytest
from scipy import stats

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators.decodable import Decodable
from infoplane.estimators.decodable import decoders as _decoders


def estimate(x, y, seed=0, labels=False, **params):
    return calling.estimate(Decodable(**params), x, y, seed, labels=labels)


def quadratic(samples, seed):
    """The asker's data: I(X;Y) = 3.4732 bits by quadrature; x^2 - x tells as much about y as x does."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, size=(samples, 1))
    return x, x**2 - x - 1 + 0.2 * rng.normal(size=x.shape)


def test_bound_of_a_right_and_of_a_wrong_decoder():
    """With T = x^2 - x the decoder is right, and all but I(X;Y) is told, but for what n cannot tell apart. A line
    through T = x leaves most of y untold.
    """
    right, wrong = [], []
    for seed in range(40):
        x, y = quadratic(350, seed)
        right.append(estimate(x**2 - x, y))
        wrong.append(estimate(x, y))
    assert 3.4732 - 0.08 < np.mean(right) < 3.4732
    assert 0 < np.mean(wrong) < 0.5


def test_network_finds_what_a_line_does_not():
    values = []
    for seed in range(3):
        x, y = quadratic(350, seed)
        values.append(estimate(x, y, seed, decoder="mlp") - estimate(x**2 - x, y))
    assert -0.3 < np.mean(values) < 0.02


def test_units_that_outnumber_samples():
    """The dual way gives what the primal way gives: padding with dead units changes nothing."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 30)), rng.normal(size=(40, 1))
    y += x[:, :3].sum(axis=1, keepdims=True)
    wide = np.hstack([x, np.zeros((40, 30))])
    assert estimate(wide, y) == pytest.approx(estimate(x, y), abs=1e-9)


def binary(samples, seed):
    """A unit at -1 or 1 plus normal noise: 0.4859 bits about the sign, by quadrature below."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, size=(samples, 1)).astype(float)
    return 2 * label - 1 + rng.normal(size=label.shape), label


def binary_truth_bits():
    t = np.linspace(-10, 10, 20001)
    either = stats.norm.pdf(t, 1), stats.norm.pdf(t, -1)
    mixture = (either[0] + either[1]) / 2
    return sum(np.trapezoid(p * np.log2(p / mixture) / 2, t) for p in either)


@pytest.mark.parametrize(("decoder", "repetitions"), [("linear", 40), ("mlp", 8)])
def test_bound_of_a_discrete_y(decoder, repetitions):
    values = [estimate(*binary(350, seed), seed, labels=True, decoder=decoder) for seed in range(repetitions)]
    error = 3 * np.std(values) / np.sqrt(repetitions)
    assert binary_truth_bits() - 0.04 - error < np.mean(values) < binary_truth_bits() + error


def test_classes_apart_are_decoded_whole_and_shuffled_ones_not_at_all():
    rng = np.random.default_rng(0)
    label = np.tile(np.arange(4.0), 60)[:, None]
    x = np.eye(4)[label[:, 0].astype(int)] * 20 + rng.normal(size=(240, 4))
    assert estimate(x, label, labels=True) == pytest.approx(2, abs=0.05)
    assert -0.2 < estimate(rng.permutation(x), label, labels=True) < 0


def test_order_of_rows_deals_other_folds_to_a_discrete_y():
    """The one exception to row order, and how much it is worth."""
    x, y = binary(350, 0)
    order = np.random.default_rng(1).permutation(350)
    assert estimate(x[order], y[order], labels=True) == pytest.approx(estimate(x, y, labels=True), abs=0.02)


def test_gradients_are_the_slopes_of_the_loss():
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]
    for loss in (_decoders._squared_loss, _decoders._softmax_loss):
        step = 1e-6 * rng.normal(size=outputs.shape)
        rise = loss(outputs + step, targets)[0] - loss(outputs - step, targets)[0]
        assert rise == pytest.approx(2 * np.sum(loss(outputs, targets)[1] * step), rel=1e-5)


def test_linear_function_without_noise_is_told_whole():
    """A sample is one among 350, and of 200 the neighbours are apart by far more than what is missed."""
    x = np.random.default_rng(0).normal(size=(350, 2))
    assert np.log2(350) - 0.1 < estimate(x, x[:, :1]) <= np.log2(350)


def correlated(samples, targets, rho, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, targets))
    return x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=x.shape)


@pytest.mark.parametrize(("targets", "rho"), [(1, 0.5), (1, 0.9), (2, 0.9), (8, 0.5), (8, 0), (25, 0)])
def test_the_bound_is_one_and_near(targets, rho):
    truth = -targets / 2 * np.log2(1 - rho**2)
    values = [estimate(*correlated(300, targets, rho, seed)) for seed in range(20)]
    error = 3 * np.std(values) / np.sqrt(20)
    assert 0.8 * truth - 0.15 < np.mean(values) < truth + error


def redundant(samples, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 1))
    return x, x + 0.5 * rng.normal(size=x.shape), rng.normal(size=(samples, 10))


@pytest.mark.parametrize("more", ["again", "nearly", "square", "idle", "constant"])
def test_targets_that_add_nothing(more):
    """1.1610 bits, by the correlation 1 / sqrt(1.25), whatever is put beside y."""
    truth, values = np.log2(5) / 2, []
    for seed in range(10):
        x, y, idle = redundant(500, seed)
        beside = {"again": 2 * y, "nearly": y + 1e-6 * idle[:, :1], "square": y**2, "idle": idle, "constant": 0 * y}
        values.append(estimate(x, np.hstack([y, beside[more]])))
    error = 3 * np.std(values) / np.sqrt(10)
    assert truth - 0.1 - error < np.mean(values) < truth + error


def test_counts_are_numbers():
    """y Poisson of mean x, by summing over counts and integrating over x: below that, but not by much."""
    x = np.linspace(5, 35, 3001)
    table = stats.poisson.pmf(np.arange(100)[:, None], x)
    share = np.trapezoid(table, x) / 30
    truth = np.sum(np.trapezoid(table * np.log2(np.maximum(table, 1e-300) / share[:, None]), x)) / 30
    values = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        means = rng.uniform(5, 35, (600, 1))
        values.append(estimate(means, rng.poisson(means).astype(float)))
    assert truth - 0.12 < np.mean(values) < truth


def test_more_folds_than_samples():
    with pytest.raises(InfoplaneError, match="folds: 41 are more than"):
        estimate(np.eye(40)[:, :2], np.arange(40.0)[:, None], decoder="mlp", folds=41)
