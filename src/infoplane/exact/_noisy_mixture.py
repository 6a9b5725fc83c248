"""T + sigma Z as a Gaussian mixture, each component with its distribution of y."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..laws import Array, Labels
from ._noisy_kernel import BLOCK, REACH, Rows, mixture_terms
from ._noisy_lattice import means

DROPPED = 1e-4  # bits that all omitted directions of t may hold together
STEP = 0.25  # of u, in units of sigma, where u has one dimension and is integrated over
MOST_STEPS = 2**13
MOST_CONTROLS = 2**10


@dataclass(frozen=True)
class Axes:
    """Coordinates of t in units of sigma: (t - mean) @ directions `(units, dims)`, widest first."""

    mean: Array
    directions: Array

    def along(self, t: Array) -> Array:
        return np.asarray((t - self.mean) @ self.directions)


def axes(mean: Array, covariance: Array, sigma: float) -> Axes:
    """The principal directions in which t varies by more than the noise hides.

    The noise is the same in all directions, so directions in which t is constant say nothing. A direction of variance v
    adds at most log2(1 + v / sigma^2) / 2 bits to both informations (the capacity of a Gaussian channel; Cover & Thomas
    2006, section 9.1), whatever the other directions hold.
    """
    variance, directions = np.linalg.eigh(covariance)
    variance, directions = np.maximum(variance[::-1], 0), directions[:, ::-1]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    directions = directions * np.sign(largest)  # rounding decides the signs that eigh gives
    most_bits = np.log1p(variance / sigma**2) / (2 * np.log(2))
    dims = int((np.cumsum(most_bits[::-1])[::-1] > DROPPED).sum())
    return Axes(mean, directions[:, :dims] / sigma)


def near_together(t: Array) -> Labels:
    """An order of the rows of t in which the rows of a block are near each other, like the leaves of a k-d tree."""

    def split(rows: Labels) -> list[Labels]:
        if len(rows) <= BLOCK or t.shape[1] == 0:
            return [rows]
        widest = np.ptp(t[rows], axis=0).argmax()
        half = len(rows) // (2 * BLOCK) * BLOCK or BLOCK
        rows = rows[np.argsort(t[rows, widest], kind="stable")]
        return split(rows[:half]) + split(rows[half:])

    return np.concatenate(split(np.arange(len(t))))


@dataclass(frozen=True)
class Mixture:
    """Components with `mass` `(components,)`, which sums to 1, at t `(components, dims)`, in units of sigma."""

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
        """I(Y; component) in bits if u is not observed: `mixture_terms` with all components in one place."""
        one = Mixture(np.zeros((len(self.t), 1)), self.mass, self.rows)
        return float(one.terms()(np.zeros((1, 1)), np.zeros(1))[0, 2])

    def informations(self, stderr_bits: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """(I(component; U), I(Y; component | U)) in bits and their standard errors; U is drawn from this mixture."""
        if self.t.shape[1] == 0:
            return np.array([0.0, self.nothing_seen()]), np.zeros(2)
        if self.t.shape[1] == 1 and np.ptp(self.t) < STEP * MOST_STEPS:
            return self._integrated()
        return self._sampled(stderr_bits, rng)

    def _integrated(self) -> tuple[Array, Array]:
        """By the trapezoid rule, which converges exponentially for such smooth functions (Trefethen & Weideman 2014).
        The error is the change from half as many steps."""
        edge = np.sqrt(REACH)
        u = np.arange(self.t.min() - edge, self.t.max() + edge, STEP)
        found = self.terms()(u[:, None], np.zeros(len(u)))
        parts = found[:, :1] / np.sqrt(2 * np.pi) * found[:, 1:]
        fine, coarse = parts.sum(axis=0) * STEP, parts[::2].sum(axis=0) * 2 * STEP
        return fine, np.abs(fine - coarse)

    def _sampled(self, stderr_bits: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """By a lattice over the components and Z.

        The terms at Z = 0 are known for every component (for one in a few, if there are many). They serve as a control
        variate; without it, a small part of x where the terms are large would easily be missed.
        """
        from scipy.special import ndtri

        terms, below = self.terms(), np.cumsum(self.mass)
        group, middle = self._groups(below)
        places = self.t[middle]
        control = terms(places, np.zeros(len(places)))[:, 1:][group]

        def values(points: Array) -> tuple[Array, Array]:
            component = np.minimum(np.searchsorted(below, points[:, 0] * below[-1]), len(below) - 1)
            z = ndtri(points[:, 1:])
            return terms(self.t[component] + z, (z**2).sum(axis=1))[:, 1:], control[component]

        return means(values, 1 + self.t.shape[1], self.mass @ control, stderr_bits, rng)

    def _groups(self, below: Array) -> tuple[Labels, Labels]:
        """The group of neighbours that each component is in, `(components,)`, and the middle one of each group.

        A group has few components, and little mass unless it is a single component.
        """
        count = len(below)
        if count <= MOST_CONTROLS:
            return np.arange(count), np.arange(count)
        half = MOST_CONTROLS // 2
        key = (below / below[-1] * half).astype(np.int64) + np.arange(count) * half // count
        start = np.append(0, np.flatnonzero(np.diff(key)) + 1)
        last = np.append(start[1:], count) - 1
        middle = np.searchsorted(below, (below[start] - self.mass[start] + below[last]) / 2)
        group = np.repeat(np.arange(len(start)), last - start + 1)
        return group, np.clip(middle, start, last)
