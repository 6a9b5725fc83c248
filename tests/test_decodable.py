"""decodable: the closed form against a fit without each sample; the bound against known information."""

import numpy as np
import pytest
from scipy import stats

import calling
from infoplane.core.errors import InfoplaneError
from infoplane.estimators import decodable
from infoplane.estimators._shared.columns import standardised
from infoplane.estimators.decodable import Decodable
from infoplane.estimators.decodable import decoders as _decoders
from infoplane.estimators.decodable import regression as _regression

LN2 = np.log(2)


def estimate(x, y, seed=0, labels=False, **params):
    return calling.estimate(Decodable(**params), x, y, seed, labels=labels)


def quadratic(samples, seed):
    """The asker's data: I(X;Y) = 3.4732 bits by quadrature; x^2 - x tells as much about y as x does."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, size=(samples, 1))
    return x, x**2 - x - 1 + 0.2 * rng.normal(size=x.shape)


def refitted(x, y, priors):
    """Mean held-out -log2 q of one target, by a fit without each sample, a weighted mean over `priors`."""
    samples = len(y)
    design = np.hstack([np.ones((samples, 1)), x])
    losses = []
    for i in range(samples):
        rest = np.arange(samples) != i
        density, weights = [], []
        for prior in priors:
            precision = design[rest].T @ design[rest] + prior * np.diag([0.0] + [1.0] * x.shape[1])
            mean = np.linalg.solve(precision, design[rest].T @ y[rest])
            squares = np.sum((y[rest] - design[rest] @ mean) ** 2) + prior * np.sum(mean[1:] ** 2)
            freedom = samples - 2
            spread = squares / freedom * (1 + design[i] @ np.linalg.solve(precision, design[i]))
            density.append(stats.t(freedom, design[i] @ mean, np.sqrt(spread)).pdf(y[i]))
            log_evidence = (
                x.shape[1] * np.log(prior) - np.linalg.slogdet(precision)[1] - freedom * np.log(squares)
            ) / 2
            weights.append(log_evidence)
        weights = np.exp(np.array(weights) - max(weights))
        losses.append(-np.log2(np.average(density, weights=weights)))
    return np.mean(losses)


@pytest.mark.parametrize("units", [1, 3, 30])
def test_closed_form_equals_a_fit_without_each_sample(units):
    rng = np.random.default_rng(units)
    x = standardised(rng.normal(size=(20, units)) @ rng.normal(size=(units, units)))
    y = standardised(x[:, :1] + 0.5 * rng.normal(size=(20, 1)))
    axes = _regression.principal(x[None])
    loss = _regression.regression_loss_bits(*axes, y[None])[0]
    assert loss == pytest.approx(refitted(x, y[:, 0], _regression.PRIORS * 20), rel=1e-6)


def test_several_targets_are_decoded_together():
    """What is left of two targets is h(Y | T) of the joint Gaussian, by determinants, and a little more."""
    rng = np.random.default_rng(0)
    values = []
    for _ in range(30):
        y = standardised(rng.normal(size=(500, 2)) @ np.array([[1, 0.8], [0, 0.6]]))
        x = y @ rng.normal(size=(2, 3)) + 0.5 * rng.normal(size=(500, 3))
        loss = _regression.regression_loss_bits(*_regression.principal(standardised(x)[None]), y[None])[0]
        covariance = np.cov(np.hstack([x, y]).T)
        left = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(covariance[:3, :3])[1]
        values.append(loss - (np.log(2 * np.pi * np.e) + left / 2) / LN2)
    assert 0 < np.mean(values) < 0.04
    assert estimate(x, y) == pytest.approx(decodable._entropy_bits(calling.variable(y)) - loss)


@pytest.mark.parametrize(("samples", "neighbours"), [(350, 10), (11, 10), (2, 1)])
@pytest.mark.parametrize("decimals", [0, 16])
def test_neighbours_on_a_line_are_those_of_the_plane_it_lies_in(samples, neighbours, decimals):
    z = np.round(np.random.default_rng(0).normal(size=(samples, 1)), decimals)
    on_a_line = decodable._neighbour_distances(z, neighbours)
    in_a_plane = decodable._neighbour_distances(np.hstack([z, np.zeros_like(z)]), neighbours)
    assert np.sort(on_a_line).tolist() == np.sort(in_a_plane).tolist()


def test_bound_of_a_right_and_of_a_wrong_decoder():
    """With T = x^2 - x the decoder is right: I(X;Y). With T = x it is h(Y) less the entropy of a Gaussian
    of the variance that a line leaves, 36/5 + 0.04: below 0, since y is anything but Gaussian.
    """
    right, wrong = [], []
    for seed in range(40):
        x, y = quadratic(350, seed)
        right.append(estimate(x**2 - x, y))
        wrong.append(estimate(x, y))
    noise_bits = np.log2(2 * np.pi * np.e * 0.04) / 2
    assert np.mean(right) == pytest.approx(3.4732, abs=0.03)
    assert np.mean(wrong) == pytest.approx(3.4732 + noise_bits - np.log2(2 * np.pi * np.e * 7.24) / 2, abs=0.03)


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
    value = estimate(x, y, labels=True)
    assert estimate(x[order], y[order], labels=True) == pytest.approx(value, abs=0.02)


def test_a_class_that_no_other_fold_has_costs_finitely_many_bits():
    x, y = np.arange(60.0)[:, None], np.repeat([0.0, 1.0], 30)[:, None]
    y[7] = 9
    loss = _decoders.class_loss_bits(standardised(x), np.unique(y, return_inverse=True)[1].ravel(), 5, 0, None)
    assert loss[7] <= np.log2(60 * 3) + 1e-9
    assert loss[7] > 5


def test_gradients_are_the_slopes_of_the_loss():
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, size=6)]
    for loss in (_decoders._squared_loss, _decoders._softmax_loss):
        step = 1e-6 * rng.normal(size=outputs.shape)
        rise = loss(outputs + step, targets)[0] - loss(outputs - step, targets)[0]
        assert rise == pytest.approx(2 * np.sum(loss(outputs, targets)[1] * step), rel=1e-5)


def test_linear_function_without_noise_is_finite_and_high():
    x = np.random.default_rng(0).normal(size=(350, 2))
    assert 8 < estimate(x, x[:, :1]) < 16


@pytest.mark.parametrize(
    ("x", "y", "params", "said"),
    [
        (
            np.eye(40)[:, :2],
            np.maximum(np.arange(40.0) - 20, 0)[:, None],
            {},
            "21 samples share|more than 10 samples",
        ),
        (np.eye(40)[:, :2], np.outer(np.arange(40.0), [1, 2]), {}, "depend on each other linearly"),
        (
            np.eye(40)[:, :2],
            np.arange(40.0)[:, None],
            {"decoder": "mlp", "folds": 41},
            "folds: 41 are more than",
        ),
        (np.eye(3)[:, :1], np.arange(3.0)[:, None] * [1, -1] + [[0, 0], [1, 0], [0, 0]], {}, "too few"),
    ],
)
def test_what_has_no_bound_says_so(x, y, params, said):
    with pytest.raises(InfoplaneError, match=said):
        estimate(x, y, **params)
