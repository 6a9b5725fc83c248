"""The boxes of `aligned_ksg`: level ones in the sample's own directions, or leaning ones, whichever see more.

    I(X;Y) = h(Y) - h(R) + I(X;R), R = Y - f(X), for any function f.

1. Both sides are turned into each other's canonical directions, as they are or by ranks, whichever shows more; f is
   what then predicts y linearly, or by products of two columns, and exactly 0 where chance may explain it (`charts`).
2. h(Y) - h(R) comes from neighbours (Kozachenko & Leonenko 1987) at variance 1, and the logarithms of what the
   variances were. Of normal columns both estimates err alike: in any number of dimensions their errors cancel.
3. I(X;R) is KSG (Kraskov, Stögbauer & Grassberger 2004, eq. 8). It has no bias where X and R are independent.
4. Where a box that leans along local lines of y on x sees more, by more than chance explains, it takes the place of the
   level one (`neighbours._leaning`): curves, folds, and noise that differs from place to place.

Two kinds of leaning boxes are tried: of x and y as they are, and of the directions and the residual of steps 1 and 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from ...arrays.scaling import scaled
from ...neighbours import kth_distances
from ...neighbours._kernels import JUST_INSIDE
from ...neighbours._leaning import leaning_nats, level_nats
from .charts import HEAVY, Aligned, best_chart, kurtosis, principal, unit_variance, whitened

AROUND = 15  # points that a line is fitted to
HIGH = 1.4  # half the height of a box as wide as these, in residual deviations
SLOPES = 3  # axes that a line may lean along
FEW = 8  # columns: of more, the principal axes count by their length
OTHERWISE = 2.0  # standard errors from which farther neighbours tell otherwise
TRIED = 1000  # points on which ways are compared
COUNTED = 3  # targets up to which a thin box asks for the density of y
WEAK_NATS = 0.5  # dependence below which leaning boxes have to prove themselves, not level ones
LEAST_GAIN, LEAST_GAIN_OF_VECTORS = 0.015, 0.03  # nats: what fitting a box to few points may give by itself

LOG2 = float(np.log(2))

Array = NDArray[np.float64]
Places = NDArray[np.int64]
Values = NDArray[np.floating]


def information_bits(xs: Sequence[Values], y: Values, *, k: int = 5) -> Array:
    """I(X;Y) of each of `xs` `(n, units)` with y `(n, targets)`, `(len(xs),)` bits.

    The mean over ceil(k/2)...k neighbours, and, where those tell the same, up to 2k - 1. y has a density; columns of it
    that are linear in others count once. A constant x or y gives 0. NaN where ties leave a box without another point.
    """
    targets = _moving(scaled(y, "standard"))
    if not targets.size:
        return np.zeros(len(xs))
    order = np.lexsort(targets.T[::-1])  # no value depends on the order of rows
    side = _Side(np.ascontiguousarray(targets[order]), k)
    return np.array([side.nats(_moving(scaled(x, "standard")[order])) / LOG2 for x in xs], dtype=float)


@dataclass(frozen=True)
class _Way:
    """t `(n, units)`, y `(n, targets)`, log p(y) `(n,)`, what is to be added for each point, and where boxes lean ranks
    `(n, columns)`. `order` `(n,)` is that in which the first column of y, and of the ranks, is ascending.
    """

    t: Array
    y: Array
    log_density: Array
    more: Array
    order: Places
    ranks: Array | None = None


class _Side:
    """A y `(n, targets)`, standardised, its first column ascending, and what every x is held against."""

    def __init__(self, y: Array, k: int) -> None:
        self.y, self.n, self.k = y, len(y), k
        more = [[k + 1, 2 * k - 1]] if 2 * k <= min(AROUND, self.n) and k > 1 else []
        self.ranges = np.array([[(k + 1) // 2, k], *more])
        self.psi = np.concatenate([[-np.inf], digamma(np.arange(1, self.n + 2, dtype=float))])
        self.enough = 4 * k if y.shape[1] <= COUNTED else 1
        self.scores = scaled(y, "rank")
        self.white, self.white_scores = whitened(y), whitened(self.scores - self.scores.mean(axis=0))
        self.log_density = self.density(y)[0]
        self.heavy = kurtosis(y) > HEAVY
        self.log_density_of_scores = self.density(self.scores)[0] if y.shape[1] > 1 else _log_normal(self.scores)

    def nats(self, t: Array) -> float:
        if not t.size:
            return 0.0
        level, *leaning = self.ways(np.ascontiguousarray(t))
        if self.n <= 2 * AROUND:
            leaning = []
        if self.n <= TRIED and self.y.shape[1] == 1 and leaning:
            return self.strong(level, leaning)
        return self.weak(level, leaning, self.some(min(self.n, TRIED)))

    def some(self, many: int) -> Places:
        """So many points, evenly spread in the first column of y."""
        return np.rint(np.linspace(0, self.n - 1, many)).astype(np.int64)

    def strong(self, level: _Way, leaning: list[_Way]) -> float:
        """The first way that leans, unless another tells more on every fourth point, or dependence is weak."""
        some = self.some(max(self.n // 4, 1))
        by_level = self.tell(level, some)
        if by_level.mean() < WEAK_NATS:
            return self.weak(level, leaning, np.arange(self.n))
        best, *others = leaning
        told = self.tell(best, some)
        ways = [(level, by_level), *((way, self.tell(way, some)) for way in others)]
        better = [(values.mean(), way) for way, values in ways if _sure(values - told, 0.0, 1.0)]
        return self.value(max(better, key=lambda one: one[0])[1] if better else best)

    def weak(self, level: _Way, leaning: list[_Way], some: Places) -> float:
        """The level way, unless another tells more on `some` points than fitting boxes to few points may give."""
        chosen, told = level, self.tell(level, some)
        base, vector = told, self.y.shape[1] > 1
        strength = 0.0 if vector else min(max(float(base.mean()), 0.0), 1.0)
        least = LEAST_GAIN_OF_VECTORS if vector else LEAST_GAIN * (1 - strength)
        for way in leaning:
            values = self.tell(way, some)
            if _sure(values - base, least, 3 - 2 * strength) and values.mean() > told.mean():
                chosen, told = way, values
        return self.value(chosen)

    def ways(self, t: Array) -> tuple[_Way, ...]:
        """The level one, and two that lean."""
        axes, few = principal(t), t.shape[1] <= FEW
        columns = scaled(t, "rank") if t.shape[1] <= max(self.n // 10, 1) else None
        if not few:
            axes = axes[:, : max(self.n // 10, 1)]
            t = axes / np.sqrt((axes[:, 0] ** 2).mean())
        scores = columns if few and columns is not None else scaled(t[:, :FEW], "rank")
        chart = best_chart(unit_variance(axes), self.white, scores if columns is None else columns, self.white_scores)
        u = chart.x if few else np.hstack([chart.by[:, : np.count_nonzero(chart.rho)], t])
        left, log_density, more = self.residual(chart)
        order = np.argsort(left[:, 0], kind="stable")
        ranks = np.hstack([scaled(left, "rank"), scaled(u[:, :FEW], "rank")])
        nothing, ascending = np.zeros(self.n), np.arange(self.n)
        both = np.hstack([self.scores, scores])
        if self.heavy:
            as_it_is = _Way(scores, self.scores, self.log_density_of_scores, nothing, ascending, both)
        else:
            as_it_is = _Way(axes if t.shape[1] > SLOPES else t, self.y, self.log_density, nothing, ascending, both)
        return (
            _Way(u, left, log_density, more, order),
            as_it_is,
            _Way(u, left, log_density, more, order, ranks),
        )

    def residual(self, chart: Aligned) -> tuple[Array, Array, Array]:
        """What x leaves of y, its log density, and what was taken off for each point: h(Y) - h(R) is its mean."""
        density, finer = self.density(chart.y)
        if chart.ranked and chart.y.shape[1] == 1:  # ranks are spread more evenly than any sample is
            density = _log_normal(chart.y)
        if not chart.rho.any():
            return chart.y, density, np.zeros(self.n)
        left, log_volume = chart.residual()
        of_left, finer_of_left = self.density(left)
        lost = of_left - density - log_volume
        return left, of_left, lost if chart.ranked else lost + finer_of_left - finer

    def density(self, y: Array) -> tuple[Array, Array]:
        """log p(y) `(n,)` by the 2k-th neighbour, and what its cube is too coarse to see of single columns."""
        many, columns, n = min(2 * self.k, self.n - 1), y.shape[1], self.n
        edges = np.maximum(kth_distances(np.ascontiguousarray(y), many), 1e-300)
        finer = np.zeros(n)
        for column in y.T if columns > 1 else []:
            fine = np.maximum(kth_distances(np.ascontiguousarray(column)[:, None], many), 1e-300)
            ascending, reach = np.sort(column), edges * JUST_INSIDE
            below = np.searchsorted(ascending, column - reach, "left")
            inside = np.searchsorted(ascending, column + reach, "right") - below
            finer += self.psi[many] - np.log(fine) - self.psi[inside] + np.log(edges)
        return np.asarray(self.psi[many] - self.psi[n] - columns * np.log(2 * edges)), finer

    def tell(self, way: _Way, places: Places) -> Array:
        """What each of some points tells, in nats."""
        told: Array = self.tell_by(self.ranges[:1], way, places)[0]
        return told

    def value(self, way: _Way) -> float:
        """Over all points, and over neighbours farther off too, which scatter less, unless they tell otherwise."""
        told = self.tell_by(self.ranges, way, np.arange(self.n))
        if not np.isfinite(told).all():
            return float("nan")  # ties leave a box without another point
        near, far = told[0], told[-1]
        same = abs(float((far - near).mean())) <= OTHERWISE * (far - near).std() / np.sqrt(self.n)
        return float((near.mean() + far.mean()) / 2 if same else near.mean())

    def tell_by(self, ranges: Places, way: _Way, places: Places) -> Array:
        """The same, as the mean over each of `ranges` of neighbours, `(ranges, places)`."""
        found = np.empty(self.n, np.int64)
        found[way.order] = np.arange(self.n)
        t, y, log_density = _rows(way.t, way.order), _rows(way.y, way.order), way.log_density[way.order]
        if way.ranks is None:
            told = level_nats(t, y, log_density, found[places], ranges, self.enough, self.psi)
        else:
            boxes = AROUND, min(SLOPES, len(t)), HIGH, ranges, self.enough
            told = leaning_nats(t, y, _rows(way.ranks, way.order), log_density, found[places], *boxes, self.psi)
        return np.asarray(told + way.more[places], dtype=np.float64)


def _log_normal(column: Array) -> Array:
    return np.asarray(-(column[:, 0] ** 2) / 2 - np.log(2 * np.pi) / 2)


def _sure(more: Array, least: float, errors: float) -> bool:
    """Whether the mean is above `least` by so many standard errors."""
    return bool(more.mean() > least + errors * more.std() / np.sqrt(len(more)))


def _moving(columns: Array) -> Array:
    return np.asarray(columns[:, columns.any(axis=0)])


def _rows(columns: Array, order: Places) -> Array:
    return np.ascontiguousarray(columns[order].T)
