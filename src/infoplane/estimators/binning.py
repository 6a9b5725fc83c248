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

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ..core.errors import InfoplaneError
from ._parts.variables import Floats, Labels, alike, is_discrete, labels, rows

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
    from ._parts.numbering import informations  # compiled; to check a configuration needs no compiler

    bits, y_cells = np.zeros(len(xs)), _y_cells(y, rule, bins_y or bins)
    for places, layers in alike(xs):
        bits[places] = informations(_cells(layers, rule, bins, range, outside), y_cells)
    return bits


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
    from ._parts.numbering import informations

    y_cells = _y_cells(y, rule, bins_y or bins)
    # Either side tells as much of the other, so that many y may stand where many layers do.
    return np.asarray(informations(y_cells[permutations], _cells(x[None], rule, bins, range, outside)[0]))


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
    from ._parts.numbering import entropies

    bits = np.zeros(len(ts))
    for places, layers in alike(ts):
        bits[places] = entropies(_cells(layers, rule, bins, range, outside))
    return bits


def scale_invariant(*, range: Range = None, **_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return range is None


def target_maximum_bits(
    y: Floats,
    *,
    rule: Rule = "width",
    bins: Bins = 10,
    bins_y: Bins | None = None,
    range: Range = None,  # noqa: ARG001
    outside: Outside = "error",  # noqa: ARG001
) -> float:
    """H(bin Y), where more bins would show more; of a discrete y all there is to know is no limit."""
    from ._parts.numbering import entropy

    return math.inf if is_discrete(rows(y)) else float(entropy(_y_cells(y, rule, bins_y or bins)))


def _cells(layers: Floats, rule: Rule, bins: int, range: list[float] | None, outside: Outside) -> Labels:
    """The number of each row's cell in `layers` `(layers, samples, units)`, `(layers, samples)`.

    Counted in the order in which the rows come upon them.
    """
    from ._parts.numbering import cells_by_edges, cells_by_width

    layers = rows(layers)
    if rule == "quantile":
        if range is not None:
            raise InfoplaneError("range: quantile bins have edges of their own; leave it out or use rule: width")
        samples = layers.shape[1]
        firsts = np.arange(1, bins) * samples // bins
        return np.asarray(cells_by_edges(layers, np.sort(np.swapaxes(layers, 1, 2), axis=2)[:, :, firsts]))
    if range is None:
        return np.asarray(cells_by_width(layers, bins, np.nan, np.nan))
    low, high = range
    if not low < high:
        raise InfoplaneError(f"range: {range} is empty; give the lower end first")
    for least, greatest in zip(layers.min(axis=(1, 2)), layers.max(axis=(1, 2)), strict=True):
        if outside == "error" and not low <= least <= greatest <= high:
            raise InfoplaneError(
                f"range: values from {least:.4g} to {greatest:.4g} leave {range}; widen it, leave it out "
                "(each unit's own range), or set outside to clamp"
            )
    return np.asarray(cells_by_width(layers, bins, low, high))


def _y_cells(y: Floats, rule: Rule, bins: int) -> Labels:
    """The number of each sample's cell, `(samples,)`."""
    y = rows(y)
    return labels(y) if is_discrete(y) else np.asarray(_cells(y[None], rule, bins, None, "error")[0])
