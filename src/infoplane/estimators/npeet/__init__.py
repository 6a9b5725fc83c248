"""NPEET's `mi`, the estimator of the question that this project answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ...arrays.scaling import as_rows
from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Array, Estimator, Generators, Values
from .._shared.limits import neighbours_bits, rounded_bits

NOISE, SHORTENED = 1e-10, 1e-15  # NPEET's own constants


@dataclass(frozen=True, kw_only=True)
class NPEET(Estimator):
    """I(X;Y) in bits as NPEET's `mi` gives it: KSG on raw columns with noise (Kraskov et al. 2004, eq. 8).

    Use it to compare with what others report. Do not use it where columns differ in scale; `KSG` scales them. Columns
    of very different, very small or very large scale give what NPEET gives, right or not.

    k: neighbours; NPEET's own default is 3.

    NPEET adds uniform noise of 1e-10 to break ties, here from a generator of our own, and shortens the distance of the
    k-th neighbour by 1e-15. The numbers are those of npeet-plus 0.2.0 but for the rounding of a sum (the tests hold
    them to 1e-12), ten times as fast.

    Flag `scale`: columns so small that the noise covers them, or so large that the 1e-15 is lost to rounding. (At a
    deviation of 30, 8 units read 0.20 bits where they read 0.56 at 1.) A constant x or y gives 0. Refuses a k that is
    not below the number of rows, and values tied at a scale at which the noise is lost.
    """

    tolerance_bits: ClassVar[float] = 0.05
    order_tolerance_bits: ClassVar[float] = 0.05  # the noise that breaks ties goes with the order of rows and units
    not_for: ClassVar[tuple[str, ...]] = ("labels",)

    k: Annotated[int, Ge(1)] = 3

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        targets = as_rows(y.values)
        each = [self._with_noise(as_rows(x), targets, rng) for x, rng in zip(xs, rngs, strict=True)]
        return np.array(each, dtype=np.float64)

    def _with_noise(self, x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator) -> float:
        if self.k >= len(x):
            raise InfoplaneError(f"k: {self.k} is not below the {len(x)} samples; lower it")
        if (x == x[0]).all() or (y == y[0]).all():
            return 0.0  # NPEET would compare its noise
        from ...neighbours import information_bits  # compiled; to check a configuration needs no compiler

        draw = np.random.RandomState(rng.bit_generator).random_sample
        x, y = x + NOISE * draw(x.shape), y + NOISE * draw(y.shape)
        nearer = (1.0, SHORTENED)
        bits = information_bits([x], y, k=self.k, variant=1, scale="none", atoms="nan", nearer=nearer)[0]
        if not np.isfinite(bits):
            raise InfoplaneError("values are tied beyond NPEET's noise of 1e-10; use ksg or mixed_ksg")
        return float(bits)

    @property
    def compares_scales(self) -> bool:
        """The k-th neighbour is the same distance off in both."""
        return True

    @property
    def scale_range(self) -> tuple[float, float]:
        """Its two constants are for columns of such a spread."""
        return 1e-8, 10.0

    def maximum_bits(self, samples: int) -> float:
        """What x = y gives: the k neighbours in x are those in y."""
        return neighbours_bits(self.k, samples)

    def _target_maximum_bits(self, y: Variable) -> float:
        """What x = y but for rounding gives."""
        return rounded_bits(self.k, len(y))
