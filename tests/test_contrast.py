"""The contrastive bound's parts: against fits without each sample, against its definition, against enumeration."""

import numpy as np
import pytest
from scipy import stats

from infoplane.classes.decoding import discriminant_logs, stacked, told_bits
from infoplane.estimators._shared.columns import standardised
from infoplane.estimators._shared.regression import PRIORS, left_out_predictions, principal
from infoplane.estimators.decodable import contrast
from infoplane.estimators.decodable.contrast import contrastive_bits, whitened


def refitted(x, y, prior):
    """Each row of y as predicted by ridge regression, with an intercept, on the others."""
    samples, columns = x.shape
    design, found = np.hstack([np.ones((samples, 1)), x]), np.empty_like(y)
    penalty = prior * np.diag([0.0] + [1.0] * columns)
    for i in range(samples):
        rest = np.arange(samples) != i
        weights = np.linalg.solve(design[rest].T @ design[rest] + penalty, design[rest].T @ y[rest])
        found[i] = design[i] @ weights
    return found


@pytest.mark.parametrize(("units", "targets"), [(1, 1), (3, 2), (30, 1)])
def test_predictions_are_means_of_fits_without_each_sample(units, targets, monkeypatch):
    rng = np.random.default_rng(units)
    x = standardised(rng.normal(size=(20, units)) @ rng.normal(size=(units, units)))
    y = whitened(x[:, :targets] + rng.normal(size=(20, targets)))
    axes = principal(x[None])
    each = np.array([refitted(x, y, prior) for prior in PRIORS * 20])
    for ridge, alone in zip(PRIORS, each, strict=True):
        monkeypatch.setattr("infoplane.estimators._shared.regression.PRIORS", np.array([ridge]))
        assert left_out_predictions(*axes, y[None])[0] == pytest.approx(alone, abs=1e-6)
    monkeypatch.undo()
    mixed = left_out_predictions(*axes, y[None])[0]
    assert (mixed <= each.max(axis=0) + 1e-6).all()
    assert (mixed >= each.min(axis=0) - 1e-6).all()


def test_one_layer_serves_many_y_and_one_y_many_layers():
    rng = np.random.default_rng(0)
    x, y = standardised(rng.normal(size=(3, 30, 4))), rng.normal(size=(3, 30, 2))
    axes, squares = principal(x)
    alone = [left_out_predictions(axes[i : i + 1], squares[i : i + 1], y[:1])[0] for i in range(3)]
    assert left_out_predictions(axes, squares, y[:1]) == pytest.approx(np.array(alone), abs=1e-12)
    alone = [left_out_predictions(axes[:1], squares[:1], y[i : i + 1])[0] for i in range(3)]
    assert left_out_predictions(axes[:1], squares[:1], y) == pytest.approx(np.array(alone), abs=1e-12)


@pytest.mark.parametrize("targets", [1, 3, 12])
def test_contrast_is_that_of_normal_laws(targets):
    """By scipy's density: the covariance of what is missed of all others, drawn towards the unit matrix."""
    rng = np.random.default_rng(targets)
    y = rng.normal(size=(25, targets))
    predicted = 0.7 * y + 0.5 * rng.normal(size=y.shape)
    missed = y - predicted
    own = 25 / (25 + targets)
    squares = missed.T @ missed / 25
    rest = (1 - own) * np.trace(squares) / targets * np.eye(targets)
    told = []
    for i in range(25):
        covariance = own * (squares - np.outer(missed[i], missed[i]) / 25) + rest
        density = np.array([stats.multivariate_normal.pdf(y[i], p, covariance) for p in predicted])
        told.append(np.log2(25 * ((1 - 1 / 25) * density[i] / density.sum() + 1 / 25**2)))
    assert contrastive_bits(predicted[None], y[None])[0] == pytest.approx(np.mean(told), abs=1e-9)


def test_groups_are_contrasted_alone(monkeypatch):
    """With two groups of 30 the most is log2(30) bits; one group shows all of log2(60)."""
    y = np.random.default_rng(0).normal(size=(60, 1))
    near = y + 1e-9 * np.random.default_rng(1).normal(size=y.shape)
    assert contrastive_bits(near[None], y[None])[0] == pytest.approx(np.log2(60), abs=0.03)
    monkeypatch.setattr(contrast, "GROUP", 30)
    assert contrastive_bits(near[None], y[None])[0] == pytest.approx(np.log2(30), abs=0.06)


@pytest.mark.parametrize("wrong", ["right", "shifted", "stretched", "turned round", "heavy"])
def test_any_prediction_that_has_not_seen_y_is_below_the_truth(wrong):
    """The truth is -log2(1 - 0.8^2) / 2."""
    values = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x, heavy = rng.normal(size=(200, 1)), rng.standard_cauchy(size=(200, 1))
        predicted = {"right": 0.8 * x, "shifted": x + 1, "stretched": 5 * x, "turned round": -x, "heavy": x * heavy}
        y = 0.8 * x + 0.6 * rng.normal(size=(200, 1))
        values.append(contrastive_bits(predicted[wrong][None], y[None])[0])
    assert np.mean(values) < -np.log2(0.36) / 2 + 3 * np.std(values) / np.sqrt(30)


def test_no_sample_costs_more_than_the_logarithm_of_their_number():
    y = np.zeros((50, 1))
    y[0] = 1e6
    assert contrastive_bits(np.random.default_rng(0).normal(size=(1, 50, 1)), y[None])[0] >= -np.log2(50)


def test_whitened_targets_are_apart_and_alike():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(100, 3)) @ rng.normal(size=(3, 3))
    z = whitened(np.hstack([y, y[:, :1] - 2 * y[:, 1:2], np.ones((100, 1))]))
    assert z.shape == (100, 3)
    assert z.T @ z / 100 == pytest.approx(np.eye(3), abs=1e-9)


@pytest.mark.parametrize(("size", "columns"), [(2, 3), (5, 40), (12, 8)])
def test_independent_classes_are_not_told(size, columns):
    values = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        t, classes = standardised(rng.normal(size=(80, columns))), rng.integers(0, size, 80)
        classes = np.unique(classes, return_inverse=True)[1]
        values.append(told_bits(stacked(discriminant_logs(t, classes), classes), classes).mean())
    assert -0.1 < np.mean(values) < 3 * np.std(values) / np.sqrt(30)


def test_stacking_follows_the_best():
    """Of a right member, a wrong and a blind one the mixture does as well as the first, but for log2(3) bits in all."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 200)
    right = np.log(np.full((200, 3), 0.1) + 0.7 * np.eye(3)[classes])
    logs = np.array([np.roll(right, 1, axis=1), right, np.full((200, 3), -np.log(3))])
    shares = stacked(logs, classes)
    assert shares.sum(axis=1) == pytest.approx(1)
    own = np.log2(shares[np.arange(200), classes])
    assert own.sum() == pytest.approx(200 * np.log2(0.8), abs=np.log2(3))


def test_told_of_blind_and_of_sure_predictions():
    classes = np.repeat([0, 1, 2], [10, 20, 30])
    assert told_bits(np.tile([0.2, 0.3, 0.5], (60, 1)), classes) == pytest.approx(0, abs=1e-2)
    shares = np.array([10, 20, 30]) / 60
    entropy = -np.sum(shares * np.log2(shares))
    sure = told_bits(np.eye(3)[classes], classes).mean()
    assert entropy - 0.03 < sure <= entropy
