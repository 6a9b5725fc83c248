"""KSG: mutual information from k nearest neighbours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from ...arrays.scaling import Scale
from ...arrays.variables import Variable
from ...core.devices import Device
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.limits import neighbours_bits, rounded_bits


@dataclass(frozen=True, kw_only=True)
class KSG(Estimator):
    """I(X;Y) in bits from the k nearest neighbours of each row (Kraskov, Stögbauer & Grassberger 2004, eq. 8 and 9).

    Use it for continuous layers and a continuous y of few columns. Do not use it where most rows are tied
    (`MixedKSG`), nor where y follows the layer with little noise: it then reads too little (`AlignedKSG`).
    I(X;T) of a deterministic network is infinite unless T is discrete; what this gives for it grows like log2 of the
    rows.

    variant: 1 is eq. 8; 2 is eq. 9, with less bias where x and y depend strongly.
    k: neighbours. More give less scatter and more bias towards 0.
    scale: what is done to each column first, `standard`, `rank` or `none` (see `infoplane.arrays.scaling`). Distances
        are max norms, so that raw columns of different spread are not comparable. With variant 1 and `none` this is
        NPEET's `mi` without its noise.
    device: `cpu`, `cuda` or `auto`.

    Exact ties are kept, see `infoplane.neighbours`. Of a label y the neighbours are those of a row's own class,
    whatever the variant, see `infoplane.neighbours.classes`. A constant x or y gives 0. Refuses a k that is not below
    the number of rows.
    """

    tolerance_bits: ClassVar[float] = 0.05
    sees_functions: ClassVar[bool] = True

    variant: Literal[1, 2] = 1
    k: Annotated[int, Ge(1)] = 3
    scale: Scale = "standard"
    device: Device = "cpu"

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        from ...neighbours import information_bits  # compiled; to check a configuration needs no compiler
        from ...neighbours.classes import class_information_bits

        if y.classes is not None:
            return class_information_bits(xs, y.classes, k=self.k, scale=self.scale)
        return information_bits(
            xs, y.values, k=self.k, variant=self.variant, scale=self.scale, atoms="psi", device=self.device
        )

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        from ...neighbours import permuted_information_bits
        from ...neighbours.classes import permuted_class_information_bits

        if y.classes is not None:
            return permuted_class_information_bits(x, y.classes, permutations, k=self.k, scale=self.scale)
        return permuted_information_bits(
            x,
            y.values,
            permutations,
            k=self.k,
            variant=self.variant,
            scale=self.scale,
            atoms="psi",
            device=self.device,
        )

    @property
    def scale_invariant(self) -> bool:
        return self.scale != "none"

    @property
    def compares_scales(self) -> bool:
        """The k-th neighbour is the same distance off in both."""
        return self.scale == "none"

    def maximum_bits(self, samples: int) -> float:
        """What x = y without ties gives: the k neighbours in x are those in y."""
        return neighbours_bits(self.k, samples) - (1 / (self.k * math.log(2)) if self.variant == 2 else 0)

    def _target_maximum_bits(self, y: Variable) -> float:
        """What x = y but for rounding gives; of labels there is no limit."""
        return rounded_bits(self.k, len(y)) if y.classes is None else math.inf
