"""Pairwise bounds on the information of a layer with Gaussian noise added."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from ...arrays.variables import Variable
from ...estimands import Noisy
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.columns import Floats, Labels, rows, standardised
from .._shared.limits import of_own_cells


@dataclass(frozen=True, kw_only=True)
class KDE(Estimator):
    """I(T + N; Y) in bits of a layer with Gaussian noise N, from pairwise bounds (Kolchinsky & Tracey 2017, eq. 10).

    A deterministic layer has infinite I(X;T); with noise of variance v on every unit it is finite: T + N, given the
    rows, is a mixture of one Gaussian a row, whose entropy beyond that of the noise lies between

        -1/n sum_i log2 1/n sum_j exp(-|t_i - t_j|^2 / 2 v)      `upper` (Kullback-Leibler)
        the same with 8 v in place of 2 v                        `lower` (Bhattacharyya)

    and is I(X; T + N), at most log2 n. Use it for classification, as Saxe et al. 2018 do with v = 1e-3. Do not use it
    for a continuous y with little noise.

    noise_variance: v, in variances of a column where `scale` is `standard`, in the column's own unit squared where it
        is `none`.
    bound: `upper` or `lower`.

    For labels it is H(T + N) - H(T + N | Y), conditioned on the classes. Of numbers no two rows share a y, and
    conditioning on single values would give H(T + N) whatever y is; instead noise of the same variance is added to y,
    and I(T + N; Y + N') = H(T + N) + H(Y + N') - H(T + N, Y + N'). Each entropy is bounded, the difference is not. It
    is below I(T;Y) by what the noise hides, and above it by what n rows do not fill: where the noise is narrower than
    the gaps between rows every entropy is log2 n, and so is the estimate.
    """

    tolerance_bits: ClassVar[float] = 0.15
    reads_layer_alone: ClassVar[bool] = True

    noise_variance: Annotated[float, Gt(0)] = 0.05
    bound: Literal["upper", "lower"] = "upper"
    scale: Literal["none", "standard"] = "standard"

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        return self._estimate_flagged(xs, y, rngs)[0]

    def _estimate_flagged(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        layers = [self._scaled(x) for x in xs]
        own_bits = np.array([self._bits(t) for t in layers], dtype=np.float64)
        if y.classes is not None:
            beyond = [-self._bits_within(t, y.classes) for t in layers]
        else:
            z = self._scaled(y.values)
            y_bits = self._bits(z)
            beyond = [y_bits - self._bits(np.hstack([t, z])) for t in layers]
        return own_bits + np.array(beyond, dtype=np.float64), of_own_cells(own_bits, len(y))

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        t = self._scaled(x)
        t_bits = self._bits(t)
        if y.classes is not None:
            each = [t_bits - self._bits_within(t, y.classes[p]) for p in permutations]
        else:
            z = self._scaled(y.values)
            both = t_bits + self._bits(z)
            each = [both - self._bits(np.hstack([t, z[p]])) for p in permutations]
        return np.array(each, dtype=np.float64)

    def _input_information(self, ts: Sequence[Values], rngs: Generators) -> Array:
        """I(X; T + N) in bits."""
        return np.array([self._bits(self._scaled(t)) for t in ts], dtype=np.float64)

    @property
    def estimand(self) -> Noisy:
        """Of which this is a bound, of I(X; T + N) at least."""
        sigma = math.sqrt(self.noise_variance)
        return Noisy(sigma, "unit", sigma) if self.scale == "standard" else Noisy(sigma, "none", sigma)

    @property
    def scale_invariant(self) -> bool:
        return self.scale == "standard"

    @property
    def compares_scales(self) -> bool:
        """Noise of one size is added to both."""
        return self.scale == "none"

    def maximum_bits(self, samples: int) -> float:
        """log2 n: all rows apart from each other."""
        return float(np.log2(samples))

    def _target_maximum_bits(self, y: Variable) -> float:
        """What is left of a continuous y under the noise; of labels all there is to know is no limit."""
        return np.inf if y.classes is not None else self._bits(self._scaled(y.values))

    def _scaled(self, values: Values) -> Floats:
        return standardised(rows(values)) if self.scale == "standard" else rows(values)

    def _bits(self, t: Floats) -> float:
        from .kernel import kernel_bits  # compiled; to check a configuration needs no compiler

        return float(kernel_bits(t, self.noise_variance * {"upper": 2.0, "lower": 8.0}[self.bound]))

    def _bits_within(self, t: Floats, classes: Labels) -> float:
        """The mean over `classes` `(samples,)` of `_bits` of their members."""
        counts = np.bincount(classes)
        return float(sum(n * self._bits(t[classes == c]) for c, n in enumerate(counts) if n) / len(t))
