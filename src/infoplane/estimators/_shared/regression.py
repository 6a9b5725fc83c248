"""Ridge regression, each sample predicted from all others in closed form."""

import numpy as np

from .columns import Floats

# Ridges: prior precisions of a weight, in units of the samples: from nothing to more than all that the samples say.
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


def left_out_predictions(t: Floats, squares: Floats, y: Floats) -> Floats:
    """y `(1, samples, targets)` as predicted from t and `squares` of `principal`, `(layers, samples, targets)`.

    One y serves all layers, or one layer serves many y. Each sample's prediction is made from the others alone: with
    residual e and leverage h, the others miss it by e / (1 - h) (Allen 1974). It is the mean over `PRIORS`, each
    weighed for a sample by how narrow a normal law holds what is missed of the others; y's columns are `whitened`.
    """
    y = np.swapaxes(y, 1, 2)
    samples = y.shape[2]
    prior = PRIORS * samples
    shrink = 1 / (squares[:, None, :] + prior[:, None])  # (layers, priors, r)
    centred = y - y.mean(axis=2, keepdims=True)
    weights = (centred @ np.swapaxes(t, 1, 2))[:, None] * shrink[:, :, None]  # (layers, priors, targets, r)
    missed = centred[:, None] - weights @ t[:, None]  # (layers, priors, targets, samples)
    kept = 1 - 1 / samples - shrink @ t**2  # 1 - leverage, (layers, priors, samples)
    missed /= np.maximum(kept, 1e-12)[:, :, None]
    scatter, own = spread(missed)
    inside = np.sum((np.linalg.inv(scatter) @ missed) * missed, axis=2) * own / samples
    log_weight = -samples / 2 * (np.linalg.slogdet(scatter)[1][:, :, None] + np.log(np.maximum(1 - inside, 1e-12)))
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    missed *= weight[:, :, None]
    return np.swapaxes(y - missed.sum(axis=1), 1, 2)


def spread(missed: Floats) -> tuple[Floats, float]:
    """The mean square `(..., targets, targets)` of what is `missed` `(..., targets, samples)`, and its own share in it.

    The rest is the unit matrix, of like trace: more targets than samples would else be missed by nothing somewhere.
    """
    targets, samples = missed.shape[-2:]
    own = samples / (samples + targets)
    squares = missed @ np.swapaxes(missed, -1, -2) / samples
    mean = np.trace(squares, axis1=-2, axis2=-1)[..., None, None] / targets
    return own * squares + (1 - own) * np.maximum(mean, 1e-300) * np.eye(targets), own
