"""The contract of an estimator: one base class, which holds the defaults of all that an estimator may offer."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from ...core.validation import checked_fields
from ...estimands import Estimand, Plain

Array = NDArray[np.float64]
Values = NDArray[np.floating]  # x, float32 or float64, (samples, units)
Generators = Sequence[np.random.Generator]
Places = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """An estimator of mutual information, with its parameters as fields.

    The fields, with their types, ranges and defaults, are checked when an object is made, and are the schema of the
    estimator's configuration too. Give an object to `infoplane.mutual_information` or `infoplane.measure`; they check
    the arrays and call the methods below, which begin with an underscore since they check nothing.

    A subclass overrides `_estimate` or, where many x against one y are cheaper together, `_estimate_many`, and of the
    rest only what pays. Values are in bits, negative ones are never clipped, NaN is never returned, and what cannot be
    estimated raises `InfoplaneError`. No value depends on which others share the call.
    """

    # What the mean error stays within, in bits, on a Gaussian pair of correlation up to 0.9 with 1,000 samples.
    tolerance_bits: ClassVar[float]
    # How far a value moves at most when rows or units change places, and when x and y do.
    order_tolerance_bits: ClassVar[float] = 1e-9
    symmetry_tolerance_bits: ClassVar[float | None] = None
    # What it is no estimate of: "labels", "vector targets".
    not_for: ClassVar[tuple[str, ...]] = ()
    # Whether it reads a good part of log2(n) where y is a function of few columns of x, so that less shows noise.
    sees_functions: ClassVar[bool] = False
    # Whether I(X;T) is computed from T alone, by `_input_information`.
    reads_layer_alone: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        if cls._estimate is Estimator._estimate and cls._estimate_many is Estimator._estimate_many:
            raise TypeError(f"{cls.__name__} defines neither _estimate nor _estimate_many")

    def __post_init__(self) -> None:
        if all(getattr(self, field.name) is field.default for field in fields(self)):
            return  # the defaults were checked by the tests
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in checked_fields(type(self), given, "").items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, params: Mapping[str, Any], key: str = "", beside: Collection[str] = ()) -> Self:
        """The estimator with these parameters, from a file or a command line.

        Raises `InfoplaneError`, which names each wrong key below `key`; `beside` are the keys that may stand beside.
        """
        try:
            return cls(**checked_fields(cls, params, key, beside))
        except InfoplaneError as error:
            said = str(error)
            raise InfoplaneError(said if not key or said.startswith(f"{key}.") else f"{key}.{said}") from None

    @property
    def name(self) -> str:
        """What configurations call it: the name of its folder."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def estimand(self) -> Estimand:
        """What it is an estimate of, where rows are many."""
        return Plain()

    @property
    def scale_invariant(self) -> bool:
        """Whether rescaling columns leaves the value unchanged."""
        return False

    @property
    def compares_scales(self) -> bool:
        """Whether it compares lengths in x with lengths in y, so that the ratio of their scales matters."""
        return False

    @property
    def scale_range(self) -> tuple[float, float] | None:
        """The standard deviations of a column between which it reads the same, where there are limits."""
        return None

    def maximum_bits(self, samples: int) -> float:
        """The most that it can read on so many samples."""
        return math.inf

    def _target_maximum_bits(self, y: Variable) -> float:
        """The most that it can read of this y, where y's own entropy in its sense, or rounding, sets a limit."""
        return math.inf

    def _memory_bytes(self, samples: int, units: int) -> float:
        """About how much memory one value takes at once, where that may be more than a machine has."""
        return 0.0

    def _estimate(self, x: Values, y: Variable, rng: np.random.Generator) -> float:
        """I(X;Y) in bits of x `(samples, units)` and y; `rng` belongs to this one value."""
        return float(self._estimate_many([x], y, [rng])[0])

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        """`_estimate` of each of `xs`, which may differ in units, with one y: `(len(xs),)`."""
        each = [self._estimate(x, y, rng) for x, rng in zip(xs, rngs, strict=True)]
        try:
            return np.array(each, dtype=np.float64)
        except (TypeError, ValueError):
            raise InfoplaneError(
                "gave something else than one number a value, which is a fault of the estimator"
            ) from None

    def _estimate_flagged(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        """`_estimate_many`, and the flags of each value that only the estimator can know."""
        return self._estimate_many(xs, y, rngs), [set() for _ in xs]

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        """`_estimate` of x and y[order] for each row of `permutations` `(draws, samples)`: `(draws,)`."""
        # The same pairs in another order: many x against one y, which many estimators do faster.
        return self._estimate_many([x[np.argsort(order)] for order in permutations], y, rngs)

    def _input_information(self, ts: Sequence[Values], rngs: Generators) -> Array:
        """I(X;T) from each of `ts` alone, for a T that is a function of X; only if `reads_layer_alone`."""
        raise NotImplementedError
