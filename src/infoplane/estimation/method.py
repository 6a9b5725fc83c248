"""An estimator for one target: the one place that calls an estimator's methods, and checks what they give."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..arrays.variables import Variable
from ..core import memory
from ..core.errors import InfoplaneError
from ..estimators._shared.base import Estimator

Array = NDArray[np.float64]
Values = NDArray[np.floating]
Generators = Sequence[np.random.Generator]
Target = Literal["y", "x"]


@dataclass(frozen=True)
class Method:
    """An estimator for I(T;Y), target "y", or for I(X;T), target "x"."""

    estimator: Estimator
    target: Target

    @property
    def has_pairs(self) -> bool:
        """False where I(X;T) is computed from T alone: then there is nothing to permute."""
        return self.target == "y" or not self.estimator.reads_layer_alone

    def values(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        """The estimates in bits of each `x` of `xs` with `y`, `(len(xs),)`, and the flags they came with.

        Raises `InfoplaneError` as the estimator does, and where it returns no finite number.
        """
        widest = max((x.shape[1] for x in xs), default=0)
        if needed := self.estimator._memory_bytes(len(y), widest):
            memory.require(needed, f"{self.estimator.name}: a value of {len(y):,} rows")
        if not self.has_pairs:
            return _finite(self.estimator._input_information(xs, rngs), len(xs)), [set() for _ in xs]
        bits, flags = self.estimator._estimate_flagged(xs, y, rngs)
        return _finite(bits, len(xs)), flags

    def permuted(self, x: Values, y: Variable, orders: NDArray[np.int64], rngs: Generators) -> Array:
        """The estimates in bits, `(draws,)`, of `x` with `y[order]` for each of `orders`."""
        return _finite(self.estimator._estimate_permuted(x, y, orders, rngs), len(orders))

    def saturated_bits(self, y: Variable) -> float | None:
        """The most that it can read of this y, where that is known and y moves.

        n samples of a discrete variable show at most log2(n) bits: that is where I(X;T) ends at the latest.
        """
        if y.is_constant:
            return None
        limit = self.estimator.maximum_bits(len(y))
        if self.target == "x":
            limit = min(limit, float(np.log2(len(y))))
        if self.has_pairs:
            limit = min(limit, self.estimator._target_maximum_bits(y))
        return limit if np.isfinite(limit) else None


def _finite(found: Any, count: int) -> Array:
    try:
        values = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(())
    if values.shape != (count,):
        raise InfoplaneError("gave something else than one number a value, which is a fault of the estimator")
    if not np.isfinite(values).all():
        raise InfoplaneError("gave NaN or infinity, which is a fault of the estimator")
    return values
