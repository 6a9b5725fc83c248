"""Two estimators that, like the headline's, ask what the neighbours' cloud looks like; written from the papers.

Both in nats, of x `(n, units)` and y `(n, targets)`, each column standardised first. Neither takes ties: the local
Gaussian is NaN where k points are one.
"""

from functools import cache

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import gammaln, psi

DRAWS = 20_000  # for constants that the papers simulate


def lnc(x: np.ndarray, y: np.ndarray, k: int = 5) -> float:
    """KSG 1 with the volume of each cube replaced by that of a box along its points' principal axes, where that is
    smaller than chance explains (Gao, Ver Steeg & Galstyan 2015)."""
    x, y = _standardised(x), _standardised(y)
    if not (x.size and y.size):
        return 0.0
    both = np.hstack([x, y])
    n, columns = both.shape
    distance, near = cKDTree(both).query(both, k + 1, p=np.inf)
    radius = distance[:, -1] * (1 - 1e-9)
    counts = [cKDTree(side).query_ball_point(side, radius, p=np.inf, return_length=True) for side in (x, y)]
    found = psi(k) + psi(n) - sum(psi(count).mean() for count in counts)
    log_ratio = _log_ratio(both[near[:, 1:]] - both[:, None])
    return float(found - np.where(log_ratio < _alpha(k, columns), log_ratio, 0.0).mean())


def local_gaussian(x: np.ndarray, y: np.ndarray, k: int = 5) -> float:
    """h(X) + h(Y) - h(X,Y), each from normal densities fitted around every point with a bandwidth of the distance to
    its k-th neighbour (Gao, Oh & Viswanath 2016, eq. 8 to 10 and theorem 2)."""
    x, y = _standardised(x), _standardised(y)
    if not (x.size and y.size):
        return 0.0
    return _local_entropy(x, k) + _local_entropy(y, k) - _local_entropy(np.hstack([x, y]), k)


def _local_entropy(points: np.ndarray, k: int) -> float:
    n, columns = points.shape
    reach = min(max(30, 5 * k), n - 1)
    distance, near = cKDTree(points).query(points, reach + 1)
    bandwidth = distance[:, k]
    if not bandwidth.all():
        return float("nan")
    offsets = (points[near[:, 1:]] - points[:, None]) / bandwidth[:, None, None]
    log_density = _log_local(offsets) - np.log(n - 1) - columns * np.log(bandwidth)
    return float(-log_density.mean() + _bias(k, columns, reach))


def _log_local(offsets: np.ndarray) -> np.ndarray:
    """log density at 0 of the weighted points `(n, points, columns)`, in units of the bandwidth."""
    columns = offsets.shape[2]
    weights = np.exp(-(offsets**2).sum(axis=2) / 2)
    total = weights.sum(axis=1)
    mean = np.einsum("np,npc->nc", weights, offsets) / total[:, None]
    second = np.einsum("np,npc,npd->ncd", weights, offsets, offsets) / total[:, None, None]
    covariance = second - mean[:, :, None] * mean[:, None, :] + 1e-12 * np.eye(columns)
    off = np.einsum("nc,nc->n", mean, np.linalg.solve(covariance, mean[:, :, None])[:, :, 0])
    return np.log(total) - columns * np.log(2 * np.pi) / 2 - np.linalg.slogdet(covariance)[1] / 2 - off / 2


@cache
def _bias(k: int, columns: int, reach: int) -> float:
    """What the mean of log density is too high by where the density is even: the same for all of them."""
    rng = np.random.default_rng(0)
    volumes = rng.exponential(size=(DRAWS, reach)).cumsum(axis=1)  # of balls up to each neighbour, times n p
    log_ball = columns / 2 * np.log(np.pi) - gammaln(columns / 2 + 1)
    radii = np.exp((np.log(volumes) - log_ball) / columns)
    directions = rng.normal(size=(DRAWS, reach, columns))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    offsets = directions * (radii / radii[:, k - 1 : k])[:, :, None]
    return float((_log_local(offsets) - columns * np.log(radii[:, k - 1])).mean())


def _log_ratio(offsets: np.ndarray) -> np.ndarray:
    """log volume of the box along the principal axes of points `(n, k, columns)`, less that along the columns."""
    _, axes = np.linalg.eigh(np.einsum("nkc,nkd->ncd", offsets, offsets))
    turned = np.abs(np.einsum("nkc,ncd->nkd", offsets, axes)).max(axis=1)
    return np.log(np.maximum(turned, 1e-300)).sum(axis=1) - np.log(np.maximum(np.abs(offsets).max(axis=1), 1e-300)).sum(
        axis=1
    )


@cache
def _alpha(k: int, columns: int) -> float:
    """The ratio that is undercut by chance once in 200 times where the density is even."""
    rng = np.random.default_rng(0)
    return float(np.quantile(_log_ratio(rng.uniform(-1, 1, size=(DRAWS, k, columns))), 5e-3))


def _standardised(columns: np.ndarray) -> np.ndarray:
    columns = np.asarray(columns, dtype=float)
    moving = columns.std(axis=0) > 1e-12 * np.abs(columns).max(axis=0)
    return (columns[:, moving] - columns[:, moving].mean(axis=0)) / columns[:, moving].std(axis=0)
