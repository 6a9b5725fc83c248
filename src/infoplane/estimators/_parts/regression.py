"""Bayesian linear regression, each sample predicted from all others in closed form."""

import numpy as np
from scipy.special import logsumexp, multigammaln

from ...core.errors import InfoplaneError
from .variables import Floats

# Prior precisions of a weight, in units of the samples: from nothing to more than all that the samples say.
PRIORS = np.logspace(-8, 2, 6)
# A direction with less than this share of the greatest variance does not vary: it is rounding.
NO_SPREAD = 1e-13


def principal(z: Floats) -> tuple[Floats, Floats]:
    """Centred layers z `(layers, samples, units)` on their principal axes, and the squared length of each.

    `(layers, samples, r)` and `(layers, r)`, r the lesser of units and samples.
    """
    samples, units = z.shape[1:]
    transposed = np.swapaxes(z, 1, 2)
    gram = transposed @ z if units <= samples else z @ transposed
    squares, axes = np.linalg.eigh(gram)
    # What is left of directions without variance is rounding, and would be taken for leverage.
    squares = np.where(squares > NO_SPREAD * squares[:, -1:], squares, 0)
    along = z @ axes if units <= samples else axes * np.sqrt(squares)[:, None, :]
    return along * (squares > 0)[:, None, :], squares


def regression_loss_bits(t: Floats, squares: Floats, y: Floats) -> Floats:
    """Mean leave-one-out -log2 q(y | t), `(layers,)`; t and `squares` are those of `principal`.

    y `(1, samples, targets)` serves all layers, or one layer serves many y.
    The model is y = b + w t + e: b flat, w normal with covariance S / prior, S (that of e) by Jeffreys' rule.
    With residuals e, leverages h and J = e'e + prior w'w, leaving out sample i multiplies |J| by
    1 - e_i' J^-1 e_i / (1 - h_i). That gives the evidence of all but i, and q, a Student t, is the evidence
    of all divided by it; over several priors, their sums. Raises `InfoplaneError` where that has no value.
    """
    y = y - y.mean(axis=1, keepdims=True)
    samples, targets = y.shape[1:]
    if samples < targets + 2:
        raise InfoplaneError(f"y: {samples} samples are too few for {targets} targets; take {targets + 2} or more")
    prior = PRIORS * samples
    shrink = 1 / (squares[:, None, :] + prior[:, None])  # (layers, priors, r)
    leverage = 1 / samples + shrink @ np.swapaxes(t**2, 1, 2)  # (layers, priors, samples)
    weights = shrink[..., None] * (np.swapaxes(t, 1, 2) @ y)[:, None]  # (layers, priors, r, targets)
    error = y[:, None] - t[:, None] @ weights  # (layers, priors, samples, targets)
    j = np.swapaxes(error, 2, 3) @ error + prior[:, None, None] * (np.swapaxes(weights, 2, 3) @ weights)
    sign, log_j = np.linalg.slogdet(j)
    if not (sign > 0).all() or np.linalg.cond(j).max() > 1e14:
        raise InfoplaneError("y: its targets depend on each other linearly; leave the dependent ones out")
    with np.errstate(divide="ignore", invalid="ignore"):
        removed = np.sum((error @ np.linalg.inv(j)) * error, axis=3) / (1 - leverage)
        log_q = (
            multigammaln((samples - 1) / 2, targets)
            - multigammaln((samples - 2) / 2, targets)
            - targets / 2 * np.log(np.pi)
            + targets / 2 * np.log1p(-leverage)
            - log_j[..., None] / 2
            + (samples - 2) / 2 * np.log1p(-removed)
        )
    log_evidence = -targets / 2 * np.sum(np.log1p(squares[:, None, :] / prior[:, None]), axis=2)
    log_evidence = (log_evidence - (samples - 1) / 2 * log_j)[..., None]
    # The average over priors, each weighed by its evidence on the others: evidence / q.
    mixed = logsumexp(log_evidence, axis=1) - logsumexp(log_evidence - log_q, axis=1)
    loss = -np.mean(mixed, axis=1) / np.log(2)
    if not np.isfinite(loss).all():
        raise InfoplaneError("y: one sample stands so far apart that the others are as good as equal; leave it out")
    return np.asarray(loss)
