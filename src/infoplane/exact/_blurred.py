"""A law whose y has noise added, and the moments of y."""

from functools import lru_cache

import numpy as np

from ..core.errors import InfoplaneError
from ..laws import Array, KnownLaw, Normal
from ._law import Tables, tables
from ._quadrature import DENSITY, MEAN, STD


@lru_cache(maxsize=16)
def blurred(dataset: KnownLaw, sigma: float, *, relative: bool = False) -> KnownLaw:
    """The law of x and y + sigma Z; with `relative`, sigma is in standard deviations of y.

    Raises `InfoplaneError` where the noise of y is not normal: then the sum is of another shape at every x.
    """
    if not isinstance(dataset.noise, Normal):
        raise InfoplaneError(
            f"no exact answer with noise on y: that of y is {type(dataset.noise).__name__}, not normal; use labels, "
            "or compare without noise on y"
        )
    width = sigma * float(np.sqrt(moments_of_y(tables(dataset))[1])) if relative else sigma
    own, std = dataset.noise, dataset.noise_std
    if (own.mean, own.std) != (0.0, 1.0):
        raise InfoplaneError("the noise of a KnownLaw has mean 0 and standard deviation 1; scale it by noise_std")
    return KnownLaw(dataset.inputs, dataset.function, own, lambda x: np.sqrt(np.asarray(std(x)) ** 2 + width**2))


def moments_of_y(law: Tables) -> tuple[float, float]:
    """The mean and the variance of y."""
    mass, rows = masses(law), law.inputs.rows
    mean = float(mass @ rows[:, MEAN])
    return mean, float(mass @ ((rows[:, MEAN] - mean) ** 2 + rows[:, STD] ** 2))


def grid(law: Tables) -> Array:
    """The nodes x of the tables."""
    return np.asarray(law.inputs.low + law.inputs.step * np.arange(len(law.inputs.rows)))


def masses(law: Tables) -> Array:
    """The probability of x at each node of the tables, by the trapezoid rule."""
    mass = law.inputs.rows[:, DENSITY].copy()
    mass[[0, -1]] /= 2
    return np.asarray(mass / mass.sum())
