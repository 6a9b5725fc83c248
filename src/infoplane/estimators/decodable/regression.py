"""Bayesian linear regression, each sample predicted from all others in closed form."""

import math

import numpy as np

from ...core.errors import InfoplaneError
from .._shared.columns import Floats

# Prior precisions of a weight, in units of the samples: from nothing to more than all that the samples say.
PRIORS = np.logspace(-8, 2, 6)
# A direction with less than this share of the greatest variance does not vary: it is rounding.
NO_SPREAD = 1e-13


def principal(z: Floats) -> tuple[Floats, Floats]:
    """Centred layers z `(layers, samples, units)` along their principal axes, and the squared length of each.

    `(layers, r, samples)` and `(layers, r)`, r the lesser of units and samples.
    """
    samples, units = z.shape[1:]
    transposed = np.swapaxes(z, 1, 2)
    gram = transposed @ z if units <= samples else z @ transposed
    squares, axes = np.linalg.eigh(gram)
    # What is left of directions without variance is rounding, and would be taken for leverage.
    squares = np.where(squares > NO_SPREAD * squares[:, -1:], squares, 0)
    axes = np.swapaxes(axes, 1, 2)
    along = axes @ transposed if units <= samples else axes * np.sqrt(squares)[:, :, None]
    along *= (squares > 0)[:, :, None]
    # An eigenvalue has the rounding of the largest one; measured along its axis, a small square has only its own.
    return along, np.vecdot(along, along)


def regression_loss_bits(t: Floats, squares: Floats, y: Floats) -> Floats:
    """Mean leave-one-out -log2 q(y | t), `(layers,)`; t and `squares` are those of `principal`.

    y `(1, samples, targets)` serves all layers, or one layer serves many y.
    The model is y = b + w t + e: b flat, w normal with covariance S / prior, S (that of e) by Jeffreys' rule.
    With residuals e, leverages h and J = e'e + prior w'w, leaving out sample i multiplies |J| by
    1 - e_i' J^-1 e_i / (1 - h_i). That gives the evidence of all but i, and q, a Student t, is the evidence
    of all divided by it; over several priors, their sums. Raises `InfoplaneError` where that has no value.
    """
    y = np.swapaxes(y - y.mean(axis=1, keepdims=True), 1, 2)
    targets, samples = y.shape[1:]
    if samples < targets + 2:
        raise InfoplaneError(f"y: {samples} samples are too few for {targets} targets; take {targets + 2} or more")
    prior = PRIORS * samples
    shrink = 1 / (squares[:, None, :] + prior[:, None])  # (layers, priors, r)
    weights = (y @ np.swapaxes(t, 1, 2))[:, None] * shrink[:, :, None]  # (layers, priors, targets, r)
    error = y[:, None] - weights @ t[:, None]  # (layers, priors, targets, samples)
    j = error @ np.swapaxes(error, 2, 3) + prior[:, None, None] * (weights @ np.swapaxes(weights, 2, 3))
    sign, log_j = np.linalg.slogdet(j)
    if not (sign > 0).all() or np.linalg.cond(j).max() > 1e14:
        raise InfoplaneError("y: its targets depend on each other linearly; leave the dependent ones out")
    kept = 1 - 1 / samples - shrink @ t**2  # 1 - leverage, (layers, priors, samples)
    removed = np.linalg.inv(j) @ error
    removed *= error
    # Of two multivariate gammas, half apart in their argument, only the first and the last factor do not cancel.
    gammas = math.lgamma((samples - 1) / 2) - math.lgamma((samples - 1 - targets) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_q = np.log1p(-removed.sum(axis=2) / kept)
        log_q *= (samples - 2) / 2
        log_q += targets / 2 * np.log(kept)
        log_q += (gammas - targets / 2 * np.log(np.pi) - log_j / 2)[:, :, None]
        log_evidence = -targets / 2 * np.sum(np.log1p(squares[:, None, :] / prior[:, None]), axis=2)
        log_evidence = (log_evidence - (samples - 1) / 2 * log_j)[:, :, None]
        # The average over priors, each weighed by its evidence on the others: evidence / q.
        mixed = _log_sum(log_evidence) - _log_sum(log_evidence - log_q)
    loss = -np.mean(mixed, axis=1) / np.log(2)
    if not np.isfinite(loss).all():
        raise InfoplaneError("y: one sample stands so far apart that the others are as good as equal; leave it out")
    return np.asarray(loss)


def _log_sum(logs: Floats) -> Floats:
    """The logarithm of the sum over priors of what has these `logs` `(layers, priors, samples)`."""
    greatest = logs.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - greatest).sum(axis=1)) + greatest[:, 0])
