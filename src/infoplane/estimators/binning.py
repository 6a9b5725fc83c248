"""The plug-in estimate on a binned layer: I(T;Y) = H(bin T) + H(bin Y) - H(bin T, bin Y).

Each unit is cut into bins, and a layer's value is the vector of its units' bins (Shwartz-Ziv & Tishby 2017).
For a deterministic network I(X; bin T) = H(bin T): a property of the bins, which measures how T clusters
(Goldfeld et al. 2019), so no number of this estimator means anything without its bin rule:

- `width`: `bins` intervals of equal width, on `range` or, without one, on the unit's own range;
- `quantile`: edges at the unit's own i/bins quantiles; equal values share a bin, so ties leave fewer bins.

y is cut in the same way into `bins_y` bins over its own range; a y that is discrete keeps its values.
Biased upwards, by about (cells_t - 1) (cells_y - 1) / (2 n ln 2) bits at independence (Miller 1955), and at
most H(bin Y): many units fill as many cells as there are samples, and every layer then reads the same.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numba import njit
from pydantic import Field

from ..core.errors import InfoplaneError
from ._parts.variables import Floats, Labels, is_discrete, labels, rows

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000 (at 0.9 it is -0.16).
TOLERANCE_BITS = 0.2

Bins = Annotated[int, Field(ge=2, le=65536)]
Rule = Literal["width", "quantile"]
Range = Annotated[list[float], Field(min_length=2, max_length=2)] | None
Outside = Literal["error", "clamp"]


def estimate(
    x: Floats,
    y: Floats,
    *,
    rng: np.random.Generator,
    rule: Rule = "width",
    bins: Bins = 10,
    bins_y: Bins | None = None,
    range: Range = None,
    outside: Outside = "error",
) -> float:
    """I(T;Y) in bits; x `(samples, units)`, y `(samples, targets)`.

    `range` is x's alone. A value outside it is an error unless `outside` is "clamp", which heaps it into
    the bin at the edge: ReLU layers on tanh's [-1, 1] lose most of what they hold that way.
    """
    return float(
        estimate_many([x], y, rngs=[rng], rule=rule, bins=bins, bins_y=bins_y, range=range, outside=outside)[0]
    )


def estimate_many(
    xs: Sequence[Floats],
    y: Floats,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    rule: Rule = "width",
    bins: Bins = 10,
    bins_y: Bins | None = None,
    range: Range = None,
    outside: Outside = "error",
) -> Floats:
    """`estimate` of each of `xs` against one y, `(len(xs),)` bits."""
    y_cells = _y_cells(y, rule, bins_y or bins)
    return np.array([_information(_cells(x, rule, bins, range, outside), y_cells) for x in xs], dtype=np.float64)


def estimate_permuted(
    x: Floats,
    y: Floats,
    *,
    permutations: Labels,
    rng: np.random.Generator,  # noqa: ARG001
    rule: Rule = "width",
    bins: Bins = 10,
    bins_y: Bins | None = None,
    range: Range = None,
    outside: Outside = "error",
) -> Floats:
    """`estimate(x, y[p])` for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    x_cells, y_cells = _cells(x, rule, bins, range, outside), _y_cells(y, rule, bins_y or bins)
    return np.array([_information(x_cells, y_cells[p]) for p in permutations], dtype=np.float64)


def input_information(
    t: Floats,
    *,
    rng: np.random.Generator,
    rule: Rule = "width",
    bins: Bins = 10,
    range: Range = None,
    outside: Outside = "error",
    bins_y: Bins | None = None,
) -> float:
    """I(X; bin T) = H(bin T) in bits, T a function of X; t `(samples, units)`."""
    return float(
        input_information_many([t], rngs=[rng], rule=rule, bins=bins, range=range, outside=outside, bins_y=bins_y)[0]
    )


def input_information_many(
    ts: Sequence[Floats],
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    rule: Rule = "width",
    bins: Bins = 10,
    range: Range = None,
    outside: Outside = "error",
    bins_y: Bins | None = None,  # noqa: ARG001
) -> Floats:
    """`input_information` of each of `ts`, `(len(ts),)` bits."""
    return np.array([_entropy(_cells(t, rule, bins, range, outside)) for t in ts], dtype=np.float64)


def scale_invariant(*, range: Range = None, **_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return range is None


def _cells(t: Floats, rule: Rule, bins: int, range: list[float] | None, outside: Outside) -> Labels:
    """The number of each row's cell, `(samples,)`, counted in the order in which the rows come upon them."""
    t = rows(t)
    if rule == "quantile":
        if range is not None:
            raise InfoplaneError("range: quantile bins have edges of their own; leave it out or use rule: width")
        firsts = np.arange(1, bins) * len(t) // bins
        return np.asarray(_number_by_edges(t, np.sort(t.T, axis=1)[:, firsts]))
    if range is None:
        return np.asarray(_number_by_width(t, bins, np.nan, np.nan))
    low, high = range
    if not low < high:
        raise InfoplaneError(f"range: {range} is empty; give the lower end first")
    least, greatest = t.min(), t.max()
    if outside == "error" and not low <= least <= greatest <= high:
        raise InfoplaneError(
            f"range: values from {least:.4g} to {greatest:.4g} leave {range}; widen it, leave it out "
            "(each unit's own range), or set outside to clamp"
        )
    return np.asarray(_number_by_width(t, bins, low, high))


def _y_cells(y: Floats, rule: Rule, bins: int) -> Labels:
    y = rows(y)
    return labels(y) if is_discrete(y) else _cells(y, rule, bins, None, "error")


def _information(x_cells: Labels, y_cells: Labels) -> float:
    x_bits = _entropy(x_cells)
    return float(x_bits + _entropy(y_cells) - _joint_entropy(x_cells, y_cells)) if x_bits > 0 else 0.0


# The compiled part. It stays in one file: numba's cache does not see a change in an imported kernel.


@njit(cache=True)
def _number_by_width(t: Any, bins: int, low: float, high: float) -> Any:
    """The cell of each row of t `(samples, units)`; `low` and `high` are nan where units have their own."""
    cells = np.zeros(len(t), np.int64)
    size = 1
    for unit in range(t.shape[1]):
        least = t[:, unit].min() if np.isnan(low) else low
        greatest = t[:, unit].max() if np.isnan(high) else high
        width = greatest / 2 - least / 2  # halves, because the whole can be more than the largest double
        if width == 0:
            continue
        size = _make_room(cells, size, bins)
        for i in range(len(t)):
            place = (t[i, unit] / 2 - least / 2) / width * bins
            cells[i] = cells[i] * bins + int(min(max(place, 0.0), bins - 1.0))
    _renumber(cells)
    return cells


@njit(cache=True)
def _number_by_edges(t: Any, edges: Any) -> Any:
    """The same for bins that begin at `edges` `(units, bins - 1)`, ascending."""
    cells = np.zeros(len(t), np.int64)
    size, bins = 1, edges.shape[1] + 1
    for unit in range(t.shape[1]):
        size = _make_room(cells, size, bins)
        for i in range(len(t)):
            cells[i] = cells[i] * bins + np.searchsorted(edges[unit], t[i, unit], side="right")
    _renumber(cells)
    return cells


@njit(cache=True)
def _make_room(cells: Any, size: int, bins: int) -> int:
    """`size` times `bins`, the new bound on the cells; they are renumbered first where it would overflow."""
    return bins * (_renumber(cells) if size > 2**62 // bins else size)


@njit(cache=True)
def _renumber(cells: Any) -> int:
    """Numbers `cells` anew in place, 0, 1, ... in order of appearance; returns how many there are.

    An open-addressing table: about ten times faster than sorting, and exact, since the keys are compared.
    """
    bits = 1
    while (1 << bits) < 2 * len(cells):
        bits += 1
    keys = np.full(1 << bits, -1, np.int64)
    numbers = np.empty(1 << bits, np.int64)
    known = 0
    for i in range(len(cells)):
        slot = (np.uint64(cells[i]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)
        while keys[slot] != -1 and keys[slot] != cells[i]:
            slot = (slot + np.uint64(1)) & np.uint64((1 << bits) - 1)
        if keys[slot] == -1:
            keys[slot] = cells[i]
            numbers[slot] = known
            known += 1
        cells[i] = numbers[slot]
    return known


@njit(cache=True)
def _entropy(cells: Any) -> float:
    """Plug-in entropy in bits of numbered `cells` `(samples,)`; grouped by count: order is nothing."""
    samples = len(cells)
    counts = np.bincount(cells)
    how_many = np.bincount(counts)
    bits = 0.0
    for count in range(1, len(how_many)):
        if how_many[count] > 0 and count < samples:
            bits -= how_many[count] * (count / samples) * np.log2(count / samples)
    return bits


@njit(cache=True)
def _joint_entropy(x_cells: Any, y_cells: Any) -> float:
    cells = x_cells * (y_cells.max() + 1) + y_cells
    _renumber(cells)
    return _entropy(cells)
