"""KSG in boxes that lean with y: the headline estimator.

KSG (Kraskov, Stögbauer & Grassberger 2004) takes the density to be even in the box of each point's
neighbours. Where y follows t closely it is not: a slanted ridge crosses the box, and the estimate is low.
Gao, Ver Steeg & Galstyan 2015 put another volume in its place; here the box itself is sheared along a line
fitted to y near the point. A shear keeps volumes, so neighbours are counted as before. With a box that
holds k of them and has half sides e_t and e_y, the information is the mean over all n points of

    psi(k) - psi(n_t) + psi(n) - psi(n_y)

where n_t and n_y points, the point itself among them, are nearer than e_t in t and than e_y in y (their
eq. 8). Where the box is so low that n_y is below 4k, psi(n) - psi(n_y) would be a poor -log of y's share of
it, which then comes from the distance to the 2k-th neighbour in y (Kozachenko & Leonenko 1987).

For each point

1. the 3k points nearest in ranks of all columns, t and y together, are its surroundings: those of its own
   branch where the map folds, and the same whatever the scale of a column;
2. y is regressed on t there, and the slope shrunk as far as chance explains it (James & Stein 1961);
3. the box is as wide as the surroundings in t and twice the residual deviation in y, in proportion.

The value is the mean over ceil(k/2)...k neighbours, which scatters less than any one of them.

y needs a density. Targets that are linear in others are left out; labels and other values of y that occur
more than k/2 times are not for this, and the mixture estimator of Gao, Kannan, Oh & Viswanath 2017 takes them
(`mixed_ksg`). Ties in t are welcome: dead units, ReLU zeros. docs/headline.md tells what was measured.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pydantic import Field
from scipy.spatial import cKDTree
from scipy.special import digamma

from ..core.errors import InfoplaneError
from ..neighbours import information_bits
from ..scaling import scaled

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000.
TOLERANCE_BITS = 0.06

RIDGE = 1e-3  # of the variance of t in the surroundings: directions in which t hardly moves have no slope
HALF_HEIGHT = 2.0  # residual deviations of y to the half width of the surroundings in t
ENOUGH = 4  # times k points of y in the box, to count by them
LEAST_RESIDUAL = 1e-6  # of the deviation of y: where y is a function of t, the box still has a height
NO_SPREAD = 1e-7  # a target is linear in others if what is left of its deviation is less

Values = NDArray[np.floating]
Array = NDArray[np.float64]


def estimate(x: Values, y: Values, *, rng: np.random.Generator, k: Annotated[int, Field(ge=1)] = 5) -> float:
    """I(X;Y) in bits of x `(samples, units)` and y `(samples, targets)`. Draws nothing from `rng`.

    A constant x or y gives 0. Raises `InfoplaneError` where k is not below the number of samples.
    """
    return float(estimate_many([x], y, rngs=[rng], k=k)[0])


def estimate_many(
    xs: Sequence[Values],
    y: Values,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    k: Annotated[int, Field(ge=1)] = 5,
) -> Array:
    """`estimate` of each of `xs` with one y, `(len(xs),)` bits."""
    samples = len(y)
    if k >= samples:
        raise InfoplaneError(f"k: {k} is not below the {samples} samples; lower it")
    targets = _independent(scaled(y, "standard"))
    if not targets.size:
        return np.zeros(len(xs))
    least = (k + 1) // 2
    if np.unique(targets, axis=0, return_counts=True)[1].max() > least:
        return information_bits(xs, y, k=least, variant=1, scale="standard", atoms="log")
    many = min(2 * k, samples - 1)
    far = np.asarray(cKDTree(targets).query(targets, many + 1, p=np.inf)[0])[:, many]
    log_density = digamma(many) - digamma(samples) - targets.shape[1] * np.log(2 * far)
    target_ranks = scaled(targets, "rank")
    counts = np.arange(1, samples)
    psi = np.concatenate([[np.nan, 0.0], np.cumsum(1 / counts)]) - np.euler_gamma
    found = np.zeros(len(xs))
    for place, x in enumerate(xs):
        t = scaled(x, "standard")
        t = t[:, t.any(axis=0)]
        if t.size:
            ranks = np.ascontiguousarray(np.hstack([scaled(t, "rank"), target_ranks]).T)
            rows = np.ascontiguousarray(t.T), np.ascontiguousarray(targets.T)
            nats = _information_nats(*rows, ranks, log_density, least, k, min(3 * k, samples - 1), psi)
            found[place] = nats / np.log(2)
    return found


def scale_invariant(**_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return True


def _independent(targets: Array) -> Array:
    """The standardised columns that are neither constant nor linear in those before them."""
    kept: list[int] = []
    for place, target in enumerate(targets.T):
        others = targets[:, kept]
        left = target - others @ np.linalg.lstsq(others, target)[0] if kept else target
        if left.std() > NO_SPREAD:
            kept.append(place)
    return np.ascontiguousarray(targets[:, kept])


@njit(cache=True, nogil=True, error_model="numpy")
def _information_nats(t, y, ranks, log_density, least, most, around, psi):  # type: ignore[no-untyped-def]
    """The mean over `least`...`most` neighbours; t `(units, n)`, y `(targets, n)`, the ranks of both.

    `log_density` `(n,)` is that of y, for boxes too low to count in. A line is fitted to `around` points.
    """
    units, n = t.shape
    targets = len(y)
    apart, in_ranks = np.empty(n), np.empty(n)
    nearest, near = np.empty(max(most, around)), np.empty(n + 1, np.int64)
    t_near, y_near = np.empty((n, units)), np.empty((n, targets))
    slope, height = np.empty((units, targets)), np.empty(targets)
    total = 0.0
    for i in range(n):
        _distances(ranks, i, in_ranks)
        _distances(t, i, apart)
        nearest[:] = np.inf
        for j in range(n):
            if j != i and in_ranks[j] < nearest[around - 1]:
                _insert(nearest, around, in_ranks[j])
        edge, count, width = nearest[around - 1], 0, 0.0
        in_ranks[i] = np.inf
        for j in range(n):  # with all that are tied at the edge: no order of rows matters
            near[count] = j
            count += in_ranks[j] <= edge
        for a in range(count):
            j = near[a]
            width = max(width, apart[j])
            for u in range(units):
                t_near[a, u] = t[u, j] - t[u, i]
            for v in range(targets):
                y_near[a, v] = y[v, j] - y[v, i]
        _regress(t_near, y_near, count, slope, height)
        if width > 0:
            for j in range(n):
                apart[j] /= width

        # The surroundings bound how far neighbours can be; then all points within that bound are looked at.
        nearest[:] = np.inf
        for a in range(count):
            away = _away(t, y, i, near[a], apart[near[a]], slope, height)
            if away < nearest[most - 1]:
                _insert(nearest, most, away)
        bound = nearest[most - 1]
        nearest[:] = np.inf
        count = 0
        for j in range(n):
            near[count] = j
            count += apart[j] <= bound
        for a in range(count):
            if near[a] != i:
                away = _away(t, y, i, near[a], apart[near[a]], slope, height)
                if away < nearest[most - 1]:
                    _insert(nearest, most, away)
        in_y = in_ranks
        in_y[:] = 0.0
        log_volume = 0.0
        for v in range(targets):
            log_volume += np.log(2 * height[v])
            for j in range(n):
                away = abs(y[v, j] - y[v, i]) / height[v]
                in_y[j] = away if away > in_y[j] else in_y[j]
        for k in range(least, most + 1):
            edge = nearest[k - 1]
            count_t = count_y = 0
            for a in range(count):
                count_t += apart[near[a]] < edge
            for j in range(n):
                count_y += in_y[j] < edge
            nats = psi[k] - psi[count_t]
            if count_y >= ENOUGH * most:
                nats += psi[n] - psi[count_y]
            else:
                nats -= log_volume + targets * np.log(edge) + log_density[i]
            total += nats / (most - least + 1)
    return total / n


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _distances(columns, i, out):  # type: ignore[no-untyped-def]
    """Of point i from all, in max norm."""
    out[:] = 0.0
    for u in range(len(columns)):
        column = columns[u]
        here = column[i]
        for j in range(len(out)):
            away = abs(column[j] - here)
            out[j] = away if away > out[j] else out[j]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _insert(smallest, count, value):  # type: ignore[no-untyped-def]
    """`value` into the `count` smallest in order, of which it is one."""
    a = count - 1
    while a > 0 and smallest[a - 1] > value:
        smallest[a] = smallest[a - 1]
        a -= 1
    smallest[a] = value


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _away(t, y, i, j, apart, slope, height):  # type: ignore[no-untyped-def]
    """How far j is from i in the sheared box: `apart` in t, or farther in what the slope leaves of y."""
    away = apart
    for v in range(len(y)):
        left = y[v, j] - y[v, i]
        for u in range(len(t)):
            left -= slope[u, v] * (t[u, j] - t[u, i])
        left = abs(left) / height[v]
        away = left if left > away else away
    return away


@njit(cache=True, nogil=True, error_model="numpy")
def _regress(t, y, count, slope, height):  # type: ignore[no-untyped-def]
    """Fills the shrunk `slope` of y on t over their first `count` rows, and the `height` of the box."""
    units, targets = t.shape[1], y.shape[1]
    for columns in (t, y):
        for u in range(columns.shape[1]):
            mean = 0.0
            for a in range(count):
                mean += columns[a, u]
            for a in range(count):
                columns[a, u] -= mean / count
    moments = np.zeros((units, units))
    slope[:] = 0.0
    spread = 0.0
    for a in range(count):
        for u in range(units):
            for v in range(u + 1):
                moments[u, v] += t[a, u] * t[a, v]
            for v in range(targets):
                slope[u, v] += t[a, u] * y[a, v]
    for u in range(units):
        spread += moments[u, u]
    if spread > 0:
        for u in range(units):
            moments[u, u] += RIDGE * spread
        _solve(moments, slope)
    fitted = min(units, max(count - 2, 1))
    for v in range(targets):
        whole = rest = 0.0
        for a in range(count):
            left = y[a, v]
            whole += left**2
            for u in range(units):
                left -= slope[u, v] * t[a, u]
            rest += left**2
        explained = whole - rest
        by_chance = fitted * rest / max(count - 1 - fitted, 1)
        shrunk = 1 - by_chance / explained if explained > by_chance else 0.0
        for u in range(units):
            slope[u, v] *= shrunk
        rest = max(rest + (1 - shrunk) ** 2 * max(explained, 0.0), LEAST_RESIDUAL**2 * whole)
        height[v] = HALF_HEIGHT * np.sqrt(rest / count) if rest > 0 else 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(a, b):  # type: ignore[no-untyped-def]
    """b into a^-1 b, of a positive definite a in its lower triangle, which becomes its Cholesky factor."""
    n = len(a)
    for i in range(n):
        for j in range(i + 1):
            left = a[i, j]
            for u in range(j):
                left -= a[i, u] * a[j, u]
            a[i, j] = np.sqrt(left) if i == j else left / a[j, j]
    for v in range(b.shape[1]):
        for i in range(n):
            for u in range(i):
                b[i, v] -= a[i, u] * b[u, v]
            b[i, v] /= a[i, i]
        for i in range(n - 1, -1, -1):
            for u in range(i + 1, n):
                b[i, v] -= a[u, i] * b[u, v]
            b[i, v] /= a[i, i]
