"""Maps of T onto what tells classes apart, each fitted on other rows than it maps.

A map of T tells no more than T does (data processing), so that no map can raise I(T; class); but in many columns
neighbours are as far off as anything else, while along a few discriminants they are near. A map that has seen the
class of the row that it maps is none of these: it would tell of noise.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

FOLDS = 5
# Fewer rows a class than this, and a discriminant is noise that yet knows how many of a class the other folds have:
# 0.07 bits at independence with 3 to 6 rows a class, 0.04 with 12.
ROWS_A_CLASS = 20
# The variance added to each axis, in units of its mean. 0.1 to 10 differ little; few axes can do without.
RIDGE, HARDLY = 3.0, 1e-6
# Rows an axis that it takes to do without.
ROWS_AN_AXIS = 5
PRODUCTS = 150  # of two axes at most, for classes that differ in spread or lie crosswise
AXES = 512  # at most; for more a sketch of the leading half is taken
NO_SPREAD = 1e-12  # a share of the greatest variance, below which an axis is rounding
LEFT_OUT = 1e-6  # a share of all variance: so little moves no neighbour
NEARLY_SURE = 0.999  # the share of a discriminant's variance that lies between classes, at most


class Views(NamedTuple):
    """What is to be known of T before any class is."""

    points: Array  # (n, columns): T itself, or its leading axes
    whitened: tuple[Array, ...]  # (n, features) each: uncorrelated, of variance at most 1
    order: Labels  # (n,): rows at random, the same whatever order they and their columns come in


def views(t: Array) -> Views:
    """T `(n, columns)`, standardised."""
    n, columns = t.shape
    axes, variances = principal(t)
    points = t if columns <= min(axes.shape[1] + 8, 64) else _leading(axes, variances)
    if axes.shape[1] < 2:
        return Views(points, (), shuffled(t))
    kinds = [shrunk(axes, variances, RIDGE), shrunk(*principal(_with_products(axes, variances)), RIDGE)]
    if axes.shape[1] * ROWS_AN_AXIS <= n:
        kinds.append(shrunk(axes, variances, HARDLY))
    return Views(points, tuple(kinds), shuffled(t))


def principal(t: Array) -> tuple[Array, Array]:
    """Centred t `(n, columns)` along its principal axes `(n, r)`, and their variances `(r,)`, the greatest first."""
    n, columns = t.shape
    if min(n, columns) > AXES:
        # The range of t after two passes (Halko, Martinsson & Tropp 2011, algorithm 4.4); any seed would do.
        sketch = t @ np.random.default_rng(0).normal(size=(columns, AXES // 2))
        for _ in range(2):
            sketch = t @ (t.T @ np.linalg.qr(sketch)[0])
        t = t @ np.linalg.qr(t.T @ np.linalg.qr(sketch)[0])[0]
        columns = t.shape[1]
    if columns <= n:
        variances, directions = np.linalg.eigh(t.T @ t / n)
        axes = t @ directions
    else:
        variances, rows = np.linalg.eigh(t @ t.T / n)
        axes = rows * np.sqrt(n * np.maximum(variances, 0))
    moving = variances > NO_SPREAD * variances[-1]
    return axes[:, moving][:, ::-1], variances[moving][::-1]


def scores(whitened: Array, classes: Labels, order: Labels) -> Array:
    """How far each row leans to each class, in nats of log odds, by a linear discriminant of the other folds.

    `whitened` `(n, features)`; `classes` `(n,)` from 0; returns `(n, classes)`. Rows are dealt to folds by `order`,
    class by class, so that each fold has as much of each class. With S the scatter of all (near the unit matrix) and
    B that between classes, the log odds are t' (S - B)^-1 of a class's mean (Fisher 1936).
    """
    n, size = len(classes), classes.max() + 1
    fold = np.empty(n, np.int64)
    fold[order[np.argsort(classes[order], kind="stable")]] = np.arange(n) % FOLDS
    cells = np.zeros((FOLDS * size, n))
    cells[fold * size + classes, np.arange(n)] = 1.0
    sums = (cells @ whitened).reshape(FOLDS, size, -1)
    counts = cells.sum(axis=1).reshape(FOLDS, size)
    out = np.empty((n, size))
    for held_out in range(FOLDS):
        count = counts.sum(axis=0) - counts[held_out]
        total = sums.sum(axis=0) - sums[held_out]
        share = count / count.sum()
        means = total / np.maximum(count, 1)[:, None] - total.sum(axis=0) / count.sum()
        weighed = means * np.sqrt(share)[:, None]
        between, turns = np.linalg.eigh(weighed @ weighed.T)
        inverse = (turns / (1 - np.clip(between, 0, NEARLY_SURE))) @ turns.T
        slopes = inverse @ weighed / np.sqrt(np.maximum(share, 1 / n))[:, None]
        test = fold == held_out
        out[test] = whitened[test] @ slopes.T
    return out


def _leading(axes: Array, variances: Array) -> Array:
    """The axes without the last ones, whose variance comes to next to nothing."""
    beyond = np.cumsum(variances[::-1])[::-1] > LEFT_OUT * variances.sum()
    return axes[:, beyond]


def shrunk(axes: Array, variances: Array, ridge: float) -> Array:
    """Axes of variance 1, or less the less they vary beside `ridge` times the mean of their `variances`."""
    return np.asarray(axes / np.sqrt(variances + ridge * variances.mean()))


def _with_products(axes: Array, variances: Array) -> Array:
    """The axes, and the products of the leading ones, the squares of more, and the square of all, of like variance."""
    r = axes.shape[1]
    crossed = min(r, int(np.sqrt(2 * PRODUCTS)) - 1)
    one, other = np.triu_indices(crossed)
    squares = axes[:, crossed : PRODUCTS // 2] ** 2
    more = np.hstack([axes[:, one] * axes[:, other], squares, np.sum(axes**2, axis=1, keepdims=True)])
    more = more - more.mean(axis=0)
    deviations = more.std(axis=0)
    more = more[:, deviations > 1e-9 * deviations.max()]
    more /= more.std(axis=0)
    # As much variance as the products have, but no more an axis than they.
    return np.hstack([axes * np.sqrt(min(r, more.shape[1]) / variances.sum()), more])


def shuffled(t: Array) -> Labels:
    """The rows of t `(n, columns)` by a hash (splitmix64) of the rank of their length."""
    rank = np.unique(np.sum(t**2, axis=1), return_inverse=True)[1].astype(np.uint64)
    with np.errstate(over="ignore"):
        key = (rank + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(key ^ (key >> np.uint64(31)), kind="stable")
