"""A function that folds x more often than the asker's: y = 2 sin 2x + noise, x uniform on (-3, 3)."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ..laws import KnownLaw, Normal, Uniform


def make(*, noise_std: Annotated[float, Field(gt=0)] = 0.2) -> KnownLaw:
    """`noise_std` is the standard deviation of the normal noise."""
    return KnownLaw(
        inputs=Uniform(-3, 3),
        function=lambda x: 2 * np.sin(2 * x),
        noise=Normal(),
        noise_std=lambda x: np.full_like(x, noise_std),
    )
