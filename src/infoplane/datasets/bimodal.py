"""The asker's function; x has two modes, normal around -2 and 2 with standard deviation 0.5."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ..laws import KnownLaw, Mixture, Normal


def make(*, noise_std: Annotated[float, Field(gt=0)] = 0.2) -> KnownLaw:
    """`noise_std` is the standard deviation of the normal noise."""
    return KnownLaw(
        inputs=Mixture((Normal(-2, 0.5), Normal(2, 0.5)), (0.5, 0.5)),
        function=lambda x: x**2 - x - 1,
        noise=Normal(),
        noise_std=lambda x: np.full_like(x, noise_std),
    )
