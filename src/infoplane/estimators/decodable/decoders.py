"""Decoders without a closed form: softmax regression and a network of one hidden layer, by L-BFGS."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from ...core.errors import InfoplaneError
from .._shared.columns import Floats, Labels

# Tanh units of the network: more did not decode more at 350 samples.
HIDDEN = 32
# Half of it times the sum of squared weights is added to the loss. Regression needs little: it is calibrated
# after the fit. Softmax regression has scikit-learn's default; a network at 1 is overconfident (-1.0 bits
# for independent labels, 350 samples x 8 units; -0.1 at 3) and at 10 misses what is there.
SQUARE_PENALTY, SOFTMAX_PENALTY, NETWORK_PENALTY = 0.01, 1.0, 3.0


def folds_of(classes: Labels, folds: int) -> Labels:
    """The fold `(samples,)` of each sample: the members of a class are dealt out in turn, as they come."""
    if folds > len(classes):
        raise InfoplaneError(f"folds: {folds} are more than the {len(classes)} samples; lower it")
    fold = np.empty(len(classes), np.int64)
    fold[np.argsort(classes, kind="stable")] = np.arange(len(classes)) % folds
    return fold


def class_logs(features: Floats, classes: Labels, folds: int, hidden: int, rng: np.random.Generator | None) -> Floats:
    """log q(class | features), q fitted on the other folds, `(samples, classes)`; softmax, or a network of `hidden`."""
    targets = np.eye(classes.max() + 1)[classes]
    penalty = NETWORK_PENALTY if hidden else SOFTMAX_PENALTY
    logs = np.empty(targets.shape)
    fold = folds_of(classes, folds)
    for held_out in range(folds):
        train, test = fold != held_out, fold == held_out
        scores = _fit(features[train], targets[train], _softmax_loss, hidden, penalty, rng)(features[test])
        logs[test] = scores - logsumexp(scores, axis=1, keepdims=True)
    return logs


def network_means(features: Floats, y: Floats, train: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """What a network fitted to standardised y `(samples, targets)` at the rows `train` says at the others."""
    return _fit(features[train], y[train], _squared_loss, HIDDEN, SQUARE_PENALTY, rng)(features[~train])


Loss = Callable[[Floats, Floats], tuple[float, Floats]]


def _squared_loss(outputs: Floats, targets: Floats) -> tuple[float, Floats]:
    return float(np.sum((outputs - targets) ** 2) / 2), outputs - targets


def _softmax_loss(outputs: Floats, targets: Floats) -> tuple[float, Floats]:
    log_sum = logsumexp(outputs, axis=1, keepdims=True)
    return float(np.sum(log_sum) - np.sum(outputs * targets)), np.exp(outputs - log_sum) - targets


def _fit(
    features: Floats,
    targets: Floats,
    loss: Loss,
    hidden: int,
    penalty: float,
    rng: np.random.Generator | None,
) -> Callable[[Floats], Floats]:
    """The fitted map from features `(samples, units)` to outputs `(samples, targets.shape[1])`.

    Linear without `hidden` units (convex: starts at 0, needs no `rng`); otherwise one layer of tanh.
    """
    units, outputs = features.shape[1], targets.shape[1]
    shapes = (
        [(units, hidden), (1, hidden), (hidden, outputs), (1, outputs)] if hidden else [(units, outputs), (1, outputs)]
    )
    ends = np.cumsum([a * b for a, b in shapes])

    def parts(flat: Floats) -> list[Floats]:
        return [p.reshape(shape) for p, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]

    def objective(flat: Floats) -> tuple[float, Floats]:
        *below, weight, bias = parts(flat)
        inner = np.tanh(features @ below[0] + below[1]) if below else features
        value, slope = loss(inner @ weight + bias, targets)
        gradient = [inner.T @ slope + penalty * weight, slope.sum(axis=0, keepdims=True)]
        value += penalty / 2 * float(np.sum(weight**2))
        if below:
            back = (slope @ weight.T) * (1 - inner**2)
            gradient = [features.T @ back + penalty * below[0], back.sum(axis=0, keepdims=True), *gradient]
            value += penalty / 2 * float(np.sum(below[0] ** 2))
        return value, np.concatenate([g.ravel() for g in gradient])

    start = np.zeros(ends[-1])
    if rng is not None:
        start = np.concatenate([rng.normal(0, 1 / np.sqrt(shape[0]), shape).ravel() for shape in shapes])
    # Stopping early is no error: any q gives a lower bound.
    found = parts(minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x)

    def predict(at: Floats) -> Floats:
        *below, weight, bias = found
        inner = np.tanh(at @ below[0] + below[1]) if below else at
        return np.asarray(inner @ weight + bias)

    return predict
