"""The asker's own data: y = x² - x - 1 + 0.2 e, x uniform on (-3, 3) (AI StackExchange 41880)."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ..laws import KnownLaw, Normal, Uniform


def make(*, noise_std: Annotated[float, Field(gt=0)] = 0.2) -> KnownLaw:
    """`noise_std` is the standard deviation of the normal noise."""
    return KnownLaw(
        inputs=Uniform(-3, 3),
        function=lambda x: x**2 - x - 1,
        noise=Normal(),
        noise_std=lambda x: np.full_like(x, noise_std),
    )
