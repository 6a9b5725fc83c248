"""The asker's function with Laplace noise, whose tails are heavier than the normal's."""

from typing import Annotated

import numpy as np
from pydantic import Field
from scipy import stats

from ..laws import KnownLaw, Uniform


def make(*, noise_std: Annotated[float, Field(gt=0)] = 0.2) -> KnownLaw:
    """`noise_std` is the standard deviation of the noise."""
    return KnownLaw(
        inputs=Uniform(-3, 3),
        function=lambda x: x**2 - x - 1,
        noise=stats.laplace(scale=np.sqrt(1 / 2)),  # standard deviation 1
        noise_std=lambda x: np.full_like(x, noise_std),
    )
