"""Laws: one-dimensional distributions, and fully known pairs (x, y), for which exact values exist.

`FiniteLaw`, of finitely many x, is here too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .finite_law import FiniteLaw as FiniteLaw

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def __getattr__(name: str) -> Any:
    if name == "FiniteLaw":  # it builds on this file
        from .finite_law import FiniteLaw

        return FiniteLaw
    raise AttributeError(f"infoplane.laws has no {name}")


class Law(Protocol):
    """A continuous one-dimensional distribution; any frozen `scipy.stats` distribution is one."""

    def pdf(self, x: Array) -> Array: ...
    def cdf(self, x: Array) -> Array: ...
    def ppf(self, q: Array) -> Array: ...
    def support(self) -> tuple[float, float]: ...
    def rvs(self, size: int, random_state: np.random.Generator) -> Array: ...


@dataclass(frozen=True, eq=False)
class KnownLaw:
    """y = function(x) + noise_std(x) * e, with x and e one-dimensional, independent and of known law.

    The exact values need nothing else: p(x) is `inputs`, and p(y | x) is `noise` scaled by `noise_std(x)`
    and shifted to `function(x)`. `noise` has mean 0 and standard deviation 1. Both callables map `(n,)` to
    `(n,)`.
    """

    inputs: Law
    function: Callable[[Array], Array]
    noise: Law
    noise_std: Callable[[Array], Array]

    def sample(self, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """x `(samples, 1)` and y `(samples, 1)`; all of x is drawn before the noise."""
        x = self.inputs.rvs(size=samples, random_state=rng)
        y = self.function(x) + self.noise_std(x) * self.noise.rvs(size=samples, random_state=rng)
        return x[:, None], y[:, None]


@dataclass(frozen=True)
class Uniform:
    """A `Law`: uniform from `low` to `high`. Equals `scipy.stats.uniform` to the bit, without its import of half a
    second."""

    low: float
    high: float

    def pdf(self, x: Array) -> Array:
        return np.where((np.asarray(x) >= self.low) & (np.asarray(x) <= self.high), 1 / (self.high - self.low), 0.0)

    def cdf(self, x: Array) -> Array:
        return np.clip((np.asarray(x) - self.low) / (self.high - self.low), 0.0, 1.0)

    def ppf(self, q: Array) -> Array:
        return np.asarray(q) * (self.high - self.low) + self.low

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        return self.ppf(random_state.uniform(size=size))


@dataclass(frozen=True)
class Normal:
    """A `Law`: equals `scipy.stats.norm` to the bit, without its import."""

    mean: float = 0.0
    std: float = 1.0

    def pdf(self, x: Array) -> Array:
        z = (np.asarray(x) - self.mean) / self.std
        return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / self.std)

    def cdf(self, x: Array) -> Array:
        from scipy.special import ndtr  # drawing samples needs no scipy

        return np.asarray(ndtr((np.asarray(x) - self.mean) / self.std))

    def ppf(self, q: Array) -> Array:
        from scipy.special import ndtri

        return np.asarray(ndtri(q) * self.std + self.mean)

    def support(self) -> tuple[float, float]:
        return -np.inf, np.inf

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        return random_state.standard_normal(size) * self.std + self.mean


@dataclass(frozen=True)
class Mixture:
    """A `Law`: a mixture of laws; `weights` sum to 1."""

    laws: tuple[Any, ...]
    weights: tuple[float, ...]

    def pdf(self, x: Array) -> Array:
        return np.asarray(sum(w * law.pdf(x) for w, law in zip(self.weights, self.laws, strict=True)))

    def cdf(self, x: Array) -> Array:
        return np.asarray(sum(w * law.cdf(x) for w, law in zip(self.weights, self.laws, strict=True)))

    def support(self) -> tuple[float, float]:
        lows, highs = zip(*(law.support() for law in self.laws), strict=True)
        return min(lows), max(highs)

    def ppf(self, q: Array) -> Array:
        """By bisection between the laws' own quantiles, to the last bit of a double."""
        q = np.asarray(q, dtype=np.float64)
        quantiles = np.stack([law.ppf(q) for law in self.laws])
        low, high = quantiles.min(axis=0), quantiles.max(axis=0)
        for _ in range(80):
            middle = (low + high) / 2
            below = self.cdf(middle) < q
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray(high)

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        which = random_state.choice(len(self.laws), size=size, p=self.weights)
        draws = np.stack([law.rvs(size=size, random_state=random_state) for law in self.laws])
        return np.asarray(np.take_along_axis(draws, which[None], axis=0)[0])
