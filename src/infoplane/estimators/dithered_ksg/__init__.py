"""KSG on numbers that repeat: counts, rounded measurements, each spread over its cell."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from ...arrays.lattices import numbers_bits, repeats, spread
from ...arrays.variables import Variable
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.limits import neighbours_bits, rounded_bits


@dataclass(frozen=True, kw_only=True)
class DitheredKSG(Estimator):
    """I(X;Y) in bits from nearest neighbours, for counts and rounded measurements: KSG with each number in its cell.

    Use it where x or y holds numbers of a lattice, or few different ones. Do not use it for labels (`MixedKSG`).
    Such numbers tie, and so do distances between them; nearest neighbours then read what is not there. Each column of
    that kind is spread over its cells by uniform noise of one step, drawn from the value's own generator. The number
    can be read back from its cell, so that the information is what it was (Machado & Santos Silva 2005). A heap beside
    values that do not repeat, such as the zeros of a ReLU, is no lattice and stays a heap. Where both sides hold few
    values, the table of their counts is taken if it reads surely more: its plug-in value less what chance alone shows
    (Vinh, Epps & Bailey 2010). See `infoplane.arrays.lattices`.

    k: neighbours, as in `KSG`, of variant 1 on standardised columns.

    A constant x or y gives 0. Refuses a k that is not below the number of rows.
    """

    tolerance_bits: ClassVar[float] = 0.05
    # Of a lattice the noise goes with the order of the rows.
    order_tolerance_bits: ClassVar[float] = 0.1
    sees_functions: ClassVar[bool] = True
    not_for: ClassVar[tuple[str, ...]] = ("labels",)

    k: Annotated[int, Ge(1)] = 3

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        target_repeats = repeats(y.values)
        bits = np.zeros(len(xs))
        plain = [place for place, x in enumerate(xs) if not (target_repeats or repeats(x))]
        if plain:
            bits[plain] = self._neighbours([xs[place] for place in plain], y.values)
        for place in set(range(len(xs))).difference(plain):
            x, target, rng = xs[place].astype(np.float64), y.values.astype(np.float64), rngs[place]
            (found,) = self._neighbours([spread(x, rng)], spread(target, rng))
            bits[place] = numbers_bits(x, target, float(found))
        return bits

    def _neighbours(self, xs: Sequence[Values], y: Values) -> Array:
        from ...neighbours import information_bits  # compiled; to check a configuration needs no compiler

        return information_bits(xs, y, k=self.k, variant=1, scale="standard", atoms="log")

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        if repeats(x) or repeats(y.values):
            return np.array([self._estimate(x, y[p], copy.deepcopy(rngs[0])) for p in permutations])
        from ...neighbours import permuted_information_bits

        return permuted_information_bits(x, y.values, permutations, k=self.k, variant=1, scale="standard", atoms="log")

    @property
    def scale_invariant(self) -> bool:
        return True

    def maximum_bits(self, samples: int) -> float:
        """What x = y without ties gives: the k neighbours in x are those in y."""
        return neighbours_bits(self.k, samples)

    def _target_maximum_bits(self, y: Variable) -> float:
        """What x = y but for rounding gives."""
        return rounded_bits(self.k, len(y))
