"""T + sigma Z as a Gaussian mixture whose components each know their distribution of y."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..dataset import Array
from ._noisy_kernel import BLOCK, REACH, Rows, mixture_terms

DROPPED = 1e-4  # bits that the directions of t which are left out may hold together
STEP = 0.25  # of u, in units of sigma, where its one dimension is integrated over
MOST_STEPS = 2**13


@dataclass(frozen=True)
class Axes:
    """Where t lies, in units of sigma: (t - mean) @ directions `(units, dims)`, widest first."""

    mean: Array
    directions: Array

    def along(self, t: Array) -> Array:
        return np.asarray((t - self.mean) @ self.directions)


def axes(mean: Array, covariance: Array, sigma: float) -> Axes:
    """The principal directions in which t differs by more than the noise hides.

    Noise is the same in all directions, so those in which t stands still say nothing. A direction of variance v adds
    at most log2(1 + v / sigma^2) / 2 bits to both informations (the capacity of a Gaussian channel; Cover & Thomas
    2006, section 9.1), whatever the others hold.
    """
    variance, directions = np.linalg.eigh(covariance)
    variance, directions = np.maximum(variance[::-1], 0), directions[:, ::-1]
    most_bits = np.log1p(variance / sigma**2) / (2 * np.log(2))
    dims = int((np.cumsum(most_bits[::-1])[::-1] > DROPPED).sum())
    return Axes(mean, directions[:, :dims] / sigma)


@dataclass(frozen=True)
class Mixture:
    """Components of mass `(components,)`, summing to 1, at t `(components, dims)`, in units of sigma."""

    t: Array
    mass: Array
    rows: Rows

    def terms(self) -> Callable[[Array, Array], Array]:
        """`mixture_terms` of this mixture, as a function of u `(n, dims)` and own `(n,)`."""
        starts = np.arange(0, len(self.t), BLOCK)
        sizes = np.diff(np.append(starts, len(self.t)))
        low, high = np.minimum.reduceat(self.t, starts), np.maximum.reduceat(self.t, starts)
        centre = (low + high) / 2
        away = np.sqrt(((self.t - np.repeat(centre, sizes, axis=0)) ** 2).sum(axis=1))
        radius = np.maximum.reduceat(away, starts)
        t = np.ascontiguousarray(self.t.T)
        return lambda u, own: np.asarray(mixture_terms(u, own, t, self.mass, centre, radius, self.rows))

    def nothing_seen(self) -> float:
        """I(Y; component) in bits, when u is not seen: `mixture_terms` of one place for all."""
        one = Mixture(np.zeros((len(self.t), 1)), self.mass, self.rows)
        return float(one.terms()(np.zeros((1, 1)), np.zeros(1))[0, 1])


def steps(mixture: Mixture) -> int:
    """How many steps it takes to integrate over u; 0 where it has more than one dimension."""
    return int((np.ptp(mixture.t) + 2 * np.sqrt(REACH)) / STEP) + 2 if mixture.t.shape[1] == 1 else 0


def integrated(mixture: Mixture) -> tuple[Array, Array]:
    """(I(component; U), I(Y; component | U)) in bits where U has one dimension, and what half the steps change.

    By the trapezoid rule, which converges exponentially for such smooth functions (Trefethen & Weideman 2014).
    """
    u = mixture.t.min() - np.sqrt(REACH) + STEP * np.arange(steps(mixture))
    log_ratio, lost = mixture.terms()(u[:, None], np.zeros(len(u))).T
    density = np.exp2(log_ratio) / np.sqrt(2 * np.pi)
    seen = density > 0
    parts = np.zeros((len(u), 2))
    parts[seen, 0] = -density[seen] * log_ratio[seen]
    parts[:, 1] = density * lost
    fine, coarse = parts.sum(axis=0) * STEP, parts[::2].sum(axis=0) * 2 * STEP
    # h(U) = -E log2 p(u) has log2 sqrt(2 pi) more, and h(sigma Z) log2 sqrt(2 pi e).
    return fine - np.array([np.log2(np.e) / 2, 0]), np.abs(fine - coarse)
