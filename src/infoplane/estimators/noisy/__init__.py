"""The information of a layer with Gaussian noise, by propagating the samples (Goldfeld et al. 2019)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Le, Lt

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from ...estimands import Noisy as Estimand
from .._shared.base import Array, Estimator, Generators, Values
from .._shared.columns import Floats, rows

Positive = Annotated[float, Gt(0), Lt(math.inf)]

# log2 of the rows that share a cell of the noise on average; with fewer of them each is alone, and the value is y's.
ROWS_TOGETHER = 2
FARTHEST = 1e100  # in units of the noise: squares of more are beyond a double


@dataclass(frozen=True, kw_only=True)
class Noisy(Estimator):
    """I(T + sigma Z; Y) in bits of a layer with Gaussian noise on every unit, by propagating the samples (Goldfeld et
    al. 2019, "Estimating information flow in deep neural networks").

    The rows with the noise around them are a known Gaussian mixture, and what is computed is the information of that
    mixture. Use it to see what of a layer survives noise: finite for every network, I(X; T + sigma Z) too, and the
    curve that rises while a network learns to use its range. Do not compare it with I(T;Y), which it is not; nor one
    layer's with the next one's, as each has noise of its own.

    sigma: the standard deviation of the noise on every unit, in units of sqrt(sum of the units' variances) where
        `relative`, else in the layer's own. Relative noise does not see the scale of a layer; absolute noise does, as
        signal against noise.
    target_sigma: of the noise on a y of numbers, in standard deviations of y where `relative`, else in y's own; by
        default as sigma. Labels get no noise.
    stderr_bits: the standard error of computing at which to stop.

    Of numbers no two rows share a y, so that rows alone cannot say what T is, given y. With noise on y as well they
    can, and I(T + sigma Z; Y + target_sigma Z') is the estimand. The mixture of n rows has less entropy than that of
    all x: I(X; T + sigma Z) reads low, and never above log2 n; given y fewer rows are left, which lose more, so that
    I(T + sigma Z; Y) reads high as a rule. Both errors fall with n, with wider noise, and with fewer dimensions that
    t moves in: 0.1 bits at independence of one unit and y, n = 1,000 and noise of 0.15.

    Flag `saturated`: fewer than four rows share a cell of the noise on average.
    """

    tolerance_bits: ClassVar[float] = 0.15
    order_tolerance_bits: ClassVar[float] = 0.02
    reads_layer_alone: ClassVar[bool] = True

    sigma: Positive = 0.15
    relative: bool = True
    target_sigma: Positive | None = None
    stderr_bits: Annotated[float, Gt(0), Le(1)] = 0.01

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        return self._estimate_flagged(xs, y, rngs)[0]

    def _estimate_flagged(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        pairs = np.array([self._pair(rows(x), y, rng) for x, rng in zip(xs, rngs, strict=True)]).reshape(-1, 2)
        alone = [{"saturated"} if bits > np.log2(len(y)) - ROWS_TOGETHER else set[str]() for bits in pairs[:, 1]]
        return pairs[:, 0].copy(), alone

    def _input_information(self, ts: Sequence[Values], rngs: Generators) -> Array:
        """I(X; T + sigma Z) in bits."""
        from ...exact.empirical import empirical_input_information

        found = np.zeros(len(ts))
        for place, (t, rng) in enumerate(zip(ts, rngs, strict=True)):
            moved = self._in_units_of_noise(rows(t), self.sigma)
            if moved is not None:
                found[place] = empirical_input_information(
                    moved[np.lexsort(moved.T)], 1.0, rng=rng, stderr_bits=self.stderr_bits
                )[0]
        return found

    @property
    def estimand(self) -> Estimand:
        return Estimand(self.sigma, "layer" if self.relative else "none", self.target_sigma or self.sigma)

    def maximum_bits(self, samples: int) -> float:
        """log2 n: all rows apart from each other."""
        return float(np.log2(samples))

    def _pair(self, t: Floats, y: Variable, rng: np.random.Generator) -> tuple[float, float]:
        """I(T + sigma Z; Y) and I(X; T + sigma Z) in bits."""
        from ...exact.empirical import empirical_noisy_information  # compiled; to check a configuration needs none

        moved = self._in_units_of_noise(t, self.sigma)
        if moved is None or y.is_constant:
            return 0.0, 0.0
        if y.classes is not None:
            order = np.lexsort([y.classes, *moved.T])
            point = empirical_noisy_information(
                moved[order], y.classes[order], 1.0, rng=rng, stderr_bits=self.stderr_bits
            )
            return point.target_bits, point.input_bits
        target = self._in_units_of_noise(rows(y.values), self.target_sigma or self.sigma)
        if target is None:
            return 0.0, 0.0
        order = np.lexsort([*target.T, *moved.T])  # the order of the rows must not matter
        point = empirical_noisy_information(
            moved[order], target[order], 1.0, rng=rng, target_sigma=1.0, stderr_bits=self.stderr_bits
        )
        return point.target_bits, point.input_bits

    def _in_units_of_noise(self, values: Floats, sigma: float) -> Floats | None:
        """Centred, and divided by the noise; None where all rows are one and the same."""
        away = values - (values.min(axis=0) / 2 + values.max(axis=0) / 2)
        largest = float(np.abs(away).max(initial=0.0))
        if largest == 0:
            return None
        if (1 if self.relative else largest) / sigma > FARTHEST:
            raise InfoplaneError(f"sigma: {sigma:g} is too little for values of {largest:.3g}; raise it")
        if not self.relative:
            return np.asarray(away / sigma)
        away /= largest  # its squares may be beyond the range of a double
        return np.asarray(away / (sigma * float(np.sqrt(away.var(axis=0).sum()))))
