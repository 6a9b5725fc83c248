"""The plug-in estimate on a binned layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Le, Len

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from ...estimands import Binned
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.columns import Labels, alike, rows
from .._shared.edges import quantile_edges
from .._shared.limits import of_own_cells

Bins = Annotated[int, Ge(2), Le(65536)]
Rule = Literal["width", "quantile"]
Outside = Literal["error", "clamp"]


@dataclass(frozen=True, kw_only=True)
class Binning(Estimator):
    """I(T;Y) in bits of a binned layer, H(bin T) + H(bin Y) - H(bin T, bin Y), by counting (Shwartz-Ziv & Tishby 2017).

    Each unit is cut into bins, and a layer's value is the vector of its units' bins. Use it to compare with the
    literature. Do not read its numbers by themselves: for a deterministic network I(X; bin T) = H(bin T) is a property
    of the bins, which measures how T clusters (Goldfeld et al. 2019). No number means anything without its rule.

    rule: `width`, intervals of equal width, or `quantile`, edges at the unit's own i/bins quantiles; equal values share
        a bin, so that ties leave fewer bins.
    bins: how many a unit.
    bins_y: how many for y, over its own range; by default as many. Labels, and numbers of no more values than that,
        keep their values.
    range: [low, high] for every unit of the layer, with `width` only; by default the unit's own range.
    outside: what to do with a value outside `range`: `error`, or `clamp`, which heaps it into the bin at the edge. ReLU
        layers on tanh's [-1, 1] lose most of what they hold that way.

    Biased upwards, by about (cells_t - 1) (cells_y - 1) / (2 n ln 2) bits at independence (Miller 1955), and at most
    H(bin Y): many units fill as many cells as there are rows, and every layer then reads the same.
    """

    tolerance_bits: ClassVar[float] = 0.2
    reads_layer_alone: ClassVar[bool] = True

    rule: Rule = "width"
    bins: Bins = 10
    bins_y: Bins | None = None
    range: Annotated[list[float], Len(2, 2)] | None = None
    outside: Outside = "error"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.range is not None and self.rule == "quantile":
            raise InfoplaneError("range: quantile bins have edges of their own; leave it out or use rule: width")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise InfoplaneError(f"range: {self.range} is empty; give the lower end first")

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        return self._estimate_flagged(xs, y, rngs)[0]

    def _estimate_flagged(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        from .numbering import entropies, informations  # compiled; to check a configuration needs no compiler

        bits, own_bits, y_cells = np.zeros(len(xs)), np.zeros(len(xs)), self._y_cells(y)
        for places, layers in alike(xs):
            cells = self._cells(layers)
            bits[places], own_bits[places] = informations(cells, y_cells), entropies(cells)
        return bits, of_own_cells(own_bits, len(y))

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        from .numbering import informations

        # Either side tells as much of the other, so that many y may stand where many layers do.
        return np.asarray(informations(self._y_cells(y)[permutations], self._cells(x[None])[0]))

    def _input_information(self, ts: Sequence[Values], rngs: Generators) -> Array:
        """I(X; bin T) = H(bin T) in bits."""
        from .numbering import entropies

        bits = np.zeros(len(ts))
        for places, layers in alike(ts):
            bits[places] = entropies(self._cells(layers))
        return bits

    @property
    def estimand(self) -> Binned:
        low_high = None if self.range is None else (self.range[0], self.range[1])
        return Binned(self.rule, self.bins, self.bins_y or self.bins, low_high)

    @property
    def scale_invariant(self) -> bool:
        return self.range is None

    def _target_maximum_bits(self, y: Variable) -> float:
        """H(bin Y), where more bins would show more; of a y that keeps its values all there is to know is no limit."""
        from .numbering import entropy

        return np.inf if self._keeps_values(y) else float(entropy(self._y_cells(y)))

    def _cells(self, layers: Values) -> Labels:
        return _cells(layers, self.rule, self.bins, self.range, self.outside)

    def _y_cells(self, y: Variable) -> Labels:
        """The number of each row's cell, `(samples,)`."""
        if y.classes is not None:
            return y.classes
        if self._keeps_values(y):
            return np.unique(rows(y.values), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return np.asarray(_cells(rows(y.values)[None], self.rule, self.bins_y or self.bins, None, "error")[0])

    def _keeps_values(self, y: Variable) -> bool:
        if y.classes is not None:
            return True
        most = self.bins_y or self.bins
        # The first column alone tells enough of the rows to leave most tables of numbers at once.
        return len(np.unique(y.values[:, 0])) <= most and len(np.unique(y.values, axis=0)) <= most


def _cells(layers: Values, rule: Rule, bins: int, range: list[float] | None, outside: Outside) -> Labels:
    """The number of each row's cell in `layers` `(layers, samples, units)`, `(layers, samples)`.

    Counted in the order in which the rows come upon them.
    """
    from .numbering import cells_by_edges, cells_by_width

    layers = rows(layers)
    if rule == "quantile":
        return np.asarray(cells_by_edges(layers, quantile_edges(layers, bins)))
    if range is None:
        return np.asarray(cells_by_width(layers, bins, np.nan, np.nan))
    low, high = range
    for least, greatest in zip(layers.min(axis=(1, 2)), layers.max(axis=(1, 2)), strict=True):
        if outside == "error" and not low <= least <= greatest <= high:
            raise InfoplaneError(
                f"range: values from {least:.4g} to {greatest:.4g} leave {range}; widen it, leave it out "
                "(each unit's own range), or set outside to clamp"
            )
    return np.asarray(cells_by_width(layers, bins, low, high))
