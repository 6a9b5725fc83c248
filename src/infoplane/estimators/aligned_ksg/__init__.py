"""KSG in the sample's own directions, level or leaning: the default for numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Array, Estimator, Generators, Values


@dataclass(frozen=True, kw_only=True)
class AlignedKSG(Estimator):
    """I(X;Y) in bits from nearest neighbours in boxes that follow the data: the default for numbers, vectors included.

    Use it for regression, for several targets, and for wide layers of low rank. Do not use it for labels (`MixedKSG`)
    nor for counts and rounded numbers (`DitheredKSG`). Ties in x are welcome: dead units, ReLU zeros. `ShearedKSG`
    takes a quarter of the time on narrow layers with one target, and is less accurate elsewhere.

    For any function f, I(X;Y) = h(Y) - h(R) + I(X;R) with R = Y - f(X).

    1. Both sides are turned into each other's canonical directions (Hotelling 1936), as they are or by ranks, whichever
       shows more. f is what then predicts y linearly, or by products of two columns, and exactly 0 where chance may
       explain it.
    2. h(Y) - h(R) comes from neighbours (Kozachenko & Leonenko 1987) at variance 1 and from the logarithms of the
       variances; the errors of the two estimates nearly cancel.
    3. I(X;R) is KSG (Kraskov, Stögbauer & Grassberger 2004, eq. 8), which has no bias at independence.
    4. Where boxes that lean along local lines of y on x see more, by more than chance explains, they take the place of
       the level ones. Each point is held against the line that is fitted without it, so that the fit adds nothing.

    k: neighbours; the value is the mean over ceil(k/2)...k of them, and over more where those tell the same.

    Wide layers count by their principal axes. Where values of y repeat too often, `MixedKSG`'s formula takes over. A
    constant x or y gives 0. Refuses a k that is not below the number of rows. docs/headline.md tells what was measured.
    """

    tolerance_bits: ClassVar[float] = 0.05
    symmetry_tolerance_bits: ClassVar[float] = 0.1  # y is regressed on x
    not_for: ClassVar[tuple[str, ...]] = ("labels",)

    k: Annotated[int, Ge(1)] = 5

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        from ...neighbours import information_bits  # compiled; to check a configuration needs no compiler
        from . import boxes

        if self.k >= len(y):
            raise InfoplaneError(f"k: {self.k} is not below the {len(y)} samples; lower it")
        least = (self.k + 1) // 2
        if y.is_constant:
            return np.zeros(len(xs))
        bits = np.full(len(xs), np.nan)
        if np.unique(y.values, axis=0, return_counts=True)[1].max() <= least:
            bits = boxes.information_bits(xs, y.values, k=self.k)
        for place in np.flatnonzero(np.isnan(bits)).tolist():
            (bits[place],) = information_bits([xs[place]], y.values, k=least, variant=1, scale="standard", atoms="log")
        return bits

    @property
    def scale_invariant(self) -> bool:
        return True
