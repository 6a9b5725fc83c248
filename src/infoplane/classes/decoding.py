"""A lower bound on I(T; class) from held-out predictions: linear discriminants of several strengths, mixed.

I(T; class) >= E log q(class | t) / q(class), q(class) the mean of q(class | t) over t, whatever q is, if it has not
seen the class that it is asked about (Barber & Agakov 2003 for the other side, T; as the contrast of van den Oord et
al. 2018 with as many others as there are).
"""

import numpy as np
from scipy.special import logsumexp

from .discriminants import Array, Labels, principal, scores, shrunk, shuffled

# What is added to each axis' variance, in units of the mean; and by how much log odds are stretched, since a ridge
# shrinks them and a small class overstates them.
RIDGES = (1e-6, 0.03, 0.3, 3.0, 30.0)
STRETCHES = (0.5, 1.0, 2.0, 4.0)


def discriminant_logs(t: Array, classes: Labels) -> Array:
    """log q(class | t) `(members, samples, classes)` of each discriminant, fitted on the other folds.

    t `(samples, columns)` is standardised, `classes` `(samples,)` are numbered from 0.
    """
    axes, variances = principal(t)
    order = shuffled(t)
    with np.errstate(divide="ignore"):  # a class without rows is never told
        prior = np.log(np.bincount(classes) / len(classes))
    ridges = RIDGES if axes.shape[1] > 1 else RIDGES[:1]
    odds = np.array([scores(shrunk(axes, variances, ridge), classes, order) for ridge in ridges])
    logs = np.multiply.outer(STRETCHES, odds).reshape(-1, *odds.shape[1:]) + prior
    return np.asarray(logs - logsumexp(logs, axis=2, keepdims=True))


def stacked(logs: Array, classes: Labels) -> Array:
    """The mean over members of q(class | t), each weighed for a sample by its likelihood on all others.

    `logs` `(members, samples, classes)` of held-out predictions; returns `(samples, classes)`. It does as well as the
    best of them but for their number (Yang 2000: log(members) nats over all samples together).
    """
    own = logs[:, np.arange(len(classes)), classes]
    others = own.sum(axis=1, keepdims=True) - own
    weight = np.exp(others - logsumexp(others, axis=0))
    return np.asarray(np.einsum("ms,msc->sc", weight, np.exp(logs)))


def told_bits(shares: Array, classes: Labels) -> Array:
    """What each sample adds to the bound `(samples,)`; `shares` `(samples, classes)` are those of `stacked`.

    Their mean is at most the plug-in entropy of the classes. One n-th of each prediction goes to the plain shares, so
    that no sample costs more than log2(samples) bits.
    """
    samples, counts = len(classes), np.bincount(classes, minlength=shares.shape[1])
    shares = (1 - 1 / samples) * shares + counts / samples**2
    return np.asarray(np.log2(shares[np.arange(samples), classes] / shares.mean(axis=0)[classes]))
