"""Mixed-KSG: nearest neighbours where values may be tied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from ...arrays.scaling import Scale
from ...arrays.variables import Variable
from ...core.devices import Device
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.limits import neighbours_bits, rounded_bits


@dataclass(frozen=True, kw_only=True)
class MixedKSG(Estimator):
    """I(X;Y) in bits from nearest neighbours, for a mixture of discrete and continuous parts (Gao et al. 2017).

    Use it for labels, for layers with ReLU zeros and dead units, and for discrete values on either side. On data
    without ties it is `KSG` of variant 1, and on discrete x and y the plug-in estimate. For that, two terms differ from
    Gao, Kannan, Oh & Viswanath 2017 by O(1/n): neighbours of continuous points are counted with digamma functions, as
    in their code, and atoms with logarithms on both sides.

    Labels are names, between which there are no distances: of a label y the neighbours are those of a row's own class
    (Ross 2014), in the layer or along its cross-fitted discriminants, see `infoplane.neighbours.classes`. That is
    computed on the CPU, and is never more than the plug-in entropy of the classes.

    Numbers of a lattice, such as counts, are for `DitheredKSG`.

    k: neighbours. More give less scatter and more bias towards 0.
    scale: what is done to each column first, `standard`, `rank` or `none` (see `infoplane.arrays.scaling`).
    device: `cpu`, `cuda` or `auto`.

    A constant x or y gives 0. Refuses a k that is not below the number of rows.
    """

    tolerance_bits: ClassVar[float] = 0.05
    sees_functions: ClassVar[bool] = True

    k: Annotated[int, Ge(1)] = 3
    scale: Scale = "standard"
    device: Device = "cpu"

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        from ...neighbours import information_bits  # compiled; to check a configuration needs no compiler
        from ...neighbours.classes import class_information_bits

        if y.classes is not None:
            return class_information_bits(xs, y.classes, k=self.k, scale=self.scale)
        return information_bits(xs, y.values, k=self.k, variant=1, scale=self.scale, atoms="log", device=self.device)

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        from ...neighbours import permuted_information_bits
        from ...neighbours.classes import permuted_class_information_bits

        if y.classes is not None:
            return permuted_class_information_bits(x, y.classes, permutations, k=self.k, scale=self.scale)
        return permuted_information_bits(
            x, y.values, permutations, k=self.k, variant=1, scale=self.scale, atoms="log", device=self.device
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
        return neighbours_bits(self.k, samples)

    def _target_maximum_bits(self, y: Variable) -> float:
        """What x = y but for rounding gives; of labels there is no limit."""
        return rounded_bits(self.k, len(y)) if y.classes is None else np.inf
