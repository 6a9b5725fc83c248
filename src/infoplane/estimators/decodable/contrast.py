"""A lower bound on I(T;Y) from held-out predictions: how well a decoder tells which sample a y came from.

A normal law q of y around each prediction, of the covariance of what is missed elsewhere. Among n samples, y_i came
from the j-th with probability q(y_i | t_j) / sum_k q(y_i | t_k), and

    I(T;Y) >= log(n) + E log P(i | y_i),

whatever q is, if it has not seen y_i (van den Oord et al. 2018; Poole et al. 2019, eq. 10). It takes no entropy of
y, so that it holds for several targets, for ones that depend on each other, for counts and for classes. The price: it
is at most log2(n), and falls short of the truth I by about 2^I / (2 n ln 2) bits below that.
"""

import numpy as np

from .._shared.columns import Floats, standardised
from .._shared.regression import spread

NO_SPREAD = 1e-12  # a share of the greatest variance: a combination of targets that is constant but for rounding
# Among so many samples at most is one to be told; more take time only. Twice as many are dealt to two groups.
GROUP = 1024
# Numbers worked on at once: they stay in the cache, and below what a system hands out page by page.
BLOCK = 12_000


def whitened(y: Floats) -> Floats:
    """y `(samples, targets)` along its principal axes, each of variance 1; without those that do not vary."""
    z = standardised(y)
    variances, axes = np.linalg.eigh(z.T @ z / len(z))
    moving = variances > NO_SPREAD * variances[-1]
    return np.asarray(z @ axes[:, moving] / np.sqrt(variances[moving]))


def contrastive_bits(predicted: Floats, y: Floats) -> Floats:
    """The bound in bits, `(layers,)`, of `predicted` `(layers, samples, targets)` with y `(1 or layers, ...)`.

    No prediction may have seen its own sample's y. Samples are dealt to groups in turn, of `GROUP` or more, and a
    group to itself where they are fewer than twice that. One n-th of every probability is shared out evenly among the
    n, so that no sample, however far off, costs more than log2(n) bits.
    """
    return np.array([_bits(p, z) for p, z in zip(predicted, np.broadcast_to(y, predicted.shape), strict=True)])


def _bits(predicted: Floats, y: Floats) -> float:
    samples = len(y)
    missed = (y - predicted).T
    scatter, own = spread(missed[None])
    variances, axes = np.linalg.eigh(scatter[0])
    scale = axes / np.sqrt(np.maximum(variances, 1e-14 * variances[-1]))
    here, there, missed = y @ scale, predicted @ scale, (scale.T @ missed).T
    # Without sample i, whose share of the scatter is m m' (m: what is missed of it), a difference d is
    # d'd + (d'm)^2 share / (1 - m'm share) away (Sherman & Morrison 1950).
    share = own / samples
    alone = share / np.maximum(1 - share * np.sum(missed**2, axis=1), 1e-9)
    groups = max(1, samples // GROUP)
    total = 0.0
    for g in range(groups):
        some = slice(g, None, groups)
        total += _told(_chances(there[some], here[some], missed[some], alone[some]))
    return total / samples


def _chances(there: Floats, here: Floats, missed: Floats, alone: Floats) -> Floats:
    """That each y in `here` `(n, targets)` came from its own prediction, of all those in `there`; `(n,)`."""
    times = np.multiply if there.shape[1] == 1 else np.matmul  # a column times a row is slow in BLAS
    lengths, others, chances = np.sum(there**2, axis=1), np.ascontiguousarray(there.T), np.empty(len(here))
    step = max(1, BLOCK // len(here))
    for start in range(0, len(here), step):
        rows = slice(start, start + step)
        b, m = here[rows], missed[rows]
        away = times(-2 * b, others)  # less b'b, the same for all j
        away += lengths
        towards = times(-m, others)
        towards += np.vecdot(b, m)[:, None]
        towards *= towards
        towards *= alone[rows, None]
        away += towards
        own = away[np.arange(len(b)), np.arange(start, start + len(b))]
        away -= own[:, None]
        away *= -0.5
        with np.errstate(over="ignore"):  # infinitely probable that it came from another
            np.exp(away, out=away)
        chances[rows] = 1 / away.sum(axis=1)
    return chances


def _told(chance: Floats) -> float:
    """The sum of log2(n P) over n samples, P the `chance` of each, of which one n-th is shared out evenly."""
    return float(np.sum(np.log2((len(chance) - 1) * chance + 1 / len(chance))))
