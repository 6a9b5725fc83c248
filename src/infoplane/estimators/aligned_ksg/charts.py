"""Two sides of a sample brought in line with each other, which changes nothing of their mutual information.

I(X;Y) is the same after an invertible map of x alone or of y alone. Canonical correlation analysis (Hotelling 1936)
finds the linear ones after which each column of y is correlated with one of x.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from ...arrays.scaling import scaled

Array = NDArray[np.float64]

ROUNDING = 1e-6  # of the longest axis: what is shorter is the rounding of float32
BY_CHANCE = 1e-3  # the probability of a correlation where there is none, up to which it is taken for one
HEAVY = 9.0  # the kurtosis from which single points decide a correlation
ONE_TO_ONE = 1e-12  # a residual deviation that is rounding
SEARCHED = 4  # columns of x up to which ranks are also taken of canonical directions
RESOLVED = 5  # a residual of fewer ranks is below what ranks can tell


@dataclass(frozen=True)
class Aligned:
    """x `(n, units)` and y `(n, targets)` of variance 1, uncorrelated within a side.

    `rho` `(targets,)`, descending, is the correlation of y with the columns of `by` `(n, features)`, functions of x, in
    pairs, and 0 where it may be chance.
    """

    x: Array
    y: Array
    by: Array
    rho: Array
    ranked: bool = False  # the columns were scores of ranks before

    @property
    def linear_nats(self) -> float:
        """The information of normal columns of these correlations, less what so many columns share by chance."""
        n, units = self.by.shape
        by_chance = np.log((n - 1) / max(n - 1 - units, 1)) * np.count_nonzero(self.rho)
        return float(-np.log1p(-(self.rho**2)).sum() - by_chance) / 2

    def residual(self) -> tuple[Array, float]:
        """y less what x predicts, at variance 1, and the logarithm of the volume that it has lost.

        Residual variances are those of a regression on all columns of `by`, without bias.
        """
        n, units = self.by.shape
        left, log_volume = self.y.copy(), 0.0
        for v in np.flatnonzero(self.rho):
            e = self.y[:, v] - self.rho[v] * self.by[:, v]
            squares = float(e @ e)
            if squares < n * ONE_TO_ONE**2:  # of y that is a function of x, infinite information
                continue
            left[:, v] = e / np.sqrt(squares / n)
            log_volume += np.log(squares / max(n - 1 - units, 1)) / 2
        return left, float(log_volume)


def best_chart(x: Array, y: Array, x_scores: Array, y_scores: Array) -> Aligned:
    """The simplest of those that show nearly most. All but `x_scores` are white, `(n, columns)`.

    Charts are as they are, by ranks, by ranks of canonical directions, and by products of two columns. Only ranks serve
    where single points decide, and only the others where a residual is finer than ranks.
    """
    n, units = x.shape
    raw = aligned(x, y)
    ranked = replace(aligned(whitened(x_scores - x_scores.mean(axis=0)), y_scores), ranked=True)
    found = [ranked]
    if units <= SEARCHED and units + y.shape[1] > 2:
        found += [_ranked(raw), _ranked(ranked)]
    found = [one for one in found if 1 - one.rho[0] ** 2 > (RESOLVED / n) ** 2]
    slack = 0.0
    if max(kurtosis(raw.x), kurtosis(raw.y)) <= HEAVY:
        bent = _curved(raw)
        found = [raw, *found, *([] if bent is None else [bent])]
        slack = 1 / np.sqrt(n)
    most = max((one.linear_nats for one in found), default=0.0) - slack
    return next((one for one in found if one.linear_nats >= most), raw)


def aligned(x: Array, y: Array) -> Aligned:
    """x and y `(n, columns)`, white, along their canonical directions."""
    n, units, targets = len(x), x.shape[1], y.shape[1]
    left, rho, right = np.linalg.svd(x.T @ y / n)
    rho = np.minimum(rho, 1 - 1e-15)
    explained = -np.log1p(-(rho**2))[::-1].cumsum()[::-1]
    kept = np.zeros(targets)
    for v in range(len(rho)):  # Bartlett 1947
        statistic = (n - 1 - (units + targets + 1) / 2) * explained[v]
        if not chdtrc((units - v) * (targets - v), statistic) < BY_CHANCE:
            break
        kept[v] = rho[v]
    by = x @ left
    return Aligned(by, y @ right.T, by, kept)


def principal(columns: Array) -> Array:
    """Columns at mean 0 along their principal axes, the longest first, without those that are rounding.

    Through the smaller of the two matrices of products, so that neither many columns nor many rows cost their cube.
    """
    n, units = columns.shape
    if units == 1:
        return columns
    if units <= n:
        squares, axes = np.linalg.eigh(columns.T @ columns)
        scores = columns @ axes
    else:
        squares, axes = np.linalg.eigh(columns @ columns.T)
        scores = axes * np.sqrt(np.maximum(squares, 0))
    return np.ascontiguousarray(scores[:, squares > ROUNDING**2 * squares[-1]][:, ::-1])


def whitened(columns: Array) -> Array:
    """`principal`, at variance 1."""
    return unit_variance(principal(columns))


def unit_variance(columns: Array) -> Array:
    """Of columns at mean 0."""
    return np.asarray(columns / np.sqrt((columns**2).mean(axis=0)))


def _ranked(one: Aligned) -> Aligned:
    sides = (scaled(one.x, "rank"), scaled(one.y, "rank"))
    return replace(aligned(*(whitened(side - side.mean(axis=0)) for side in sides)), ranked=True)


def _curved(one: Aligned) -> Aligned | None:
    """By x and its products of two columns, and its third power where x is one column; None where these are many."""
    n, units = one.x.shape
    if units + units * (units + 1) / 2 > n / 20:
        return None
    products = [one.x[:, a] * one.x[:, b] for a in range(units) for b in range(a + 1)]
    powers = [one.x[:, 0] ** 3] if units == 1 else []
    features = np.column_stack([one.x, *products, *powers])
    found = aligned(whitened(features - features.mean(axis=0)), one.y)
    return replace(found, x=one.x)


def kurtosis(columns: Array) -> float:
    """The largest of any column, of variance 1."""
    squares = columns * columns
    return float((squares * squares).mean(axis=0).max())
