"""What an estimator's file may offer, and which of its functions serves a request (see `estimators`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InfoplaneError

Array = NDArray[np.float64]
Generators = Sequence[np.random.Generator]


@dataclass(frozen=True)
class Method:
    """An estimator with its parameters, for one target ("y" or "x"); it alone calls the file's functions."""

    module: ModuleType
    params: dict[str, Any]
    target: str

    @property
    def has_pairs(self) -> bool:
        """False where I(X;T) is computed from T alone: then there is nothing to permute."""
        return self.target == "y" or not hasattr(self.module, "input_information")

    def values(self, xs: Sequence[Array], y: Array, rngs: Generators) -> tuple[Array, list[set[str]]]:
        """The estimates in bits of each `x` of `xs` with `y`, `(len(xs),)`, and the flags they came with.

        Raises `InfoplaneError` as the estimator does, and where it returns no finite number.
        """
        module, params = self.module, self.params
        flags: list[set[str]] = [set() for _ in xs]
        if not self.has_pairs:
            if hasattr(module, "input_information_many"):
                found = module.input_information_many(xs, rngs=rngs, **params)
            else:
                found = [module.input_information(x, rng=rng, **params) for x, rng in zip(xs, rngs, strict=True)]
        elif hasattr(module, "estimate_flagged_many"):
            found, flags = module.estimate_flagged_many(xs, y, rngs=rngs, **params)
        elif hasattr(module, "estimate_many"):
            found = module.estimate_many(xs, y, rngs=rngs, **params)
        else:
            found = [module.estimate(x, y, rng=rng, **params) for x, rng in zip(xs, rngs, strict=True)]
        return _finite(found, len(xs)), flags

    def permuted(self, x: Array, y: Array, orders: NDArray[np.int64], rngs: Generators) -> Array:
        """The estimates in bits, `(draws,)`, of `x` with `y[order]` for each of `orders`."""
        if hasattr(self.module, "estimate_permuted"):
            found = self.module.estimate_permuted(x, y, permutations=orders, rng=rngs[0], **self.params)
            return _finite(found, len(orders))
        # The same pairs in another order: many x against one y, which many estimators do faster.
        return self.values([x[np.argsort(order)] for order in orders], y, rngs)[0]

    def maximum_bits(self, samples: int) -> float | None:
        """The most that the estimator can read on so many samples, where it is known.

        n samples of a discrete variable show at most log2(n) bits: that is where I(X;T) ends at the latest.
        """
        if hasattr(self.module, "maximum_bits"):
            return float(self.module.maximum_bits(samples, **self.params))
        return float(np.log2(samples)) if self.target == "x" else None

    def saturated_bits(self, y: Array) -> float | None:
        """The most that it can read of this y `(samples, targets)`, where it is known and y moves."""
        if (y == y[0]).all():
            return None
        limits = [self.maximum_bits(len(y))]
        if self.has_pairs and hasattr(self.module, "target_maximum_bits"):
            limits.append(float(self.module.target_maximum_bits(y, **self.params)))
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def is_scale_invariant(self) -> bool:
        """Whether it says that the scale of each column is nothing to it."""
        return hasattr(self.module, "scale_invariant") and bool(self.module.scale_invariant(**self.params))

    @property
    def compares_scales(self) -> bool:
        """Whether it compares distances in x with distances in y, so that the unit of either matters to it."""
        return hasattr(self.module, "compares_scales") and bool(self.module.compares_scales(**self.params))

    @property
    def scale_range(self) -> tuple[float, float] | None:
        """The standard deviations of a column between which it reads the same, where it says so."""
        return self.module.scale_range(**self.params) if hasattr(self.module, "scale_range") else None


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
