"""The asker's function with noise that grows with |x|: its standard deviation is noise_std (1 + |x|) / 2."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ..laws import KnownLaw, Normal, Uniform


def make(*, noise_std: Annotated[float, Field(gt=0)] = 0.2) -> KnownLaw:
    """`noise_std` is the standard deviation of the normal noise at |x| = 1; at 0 it is half that, at 3 double."""
    return KnownLaw(
        inputs=Uniform(-3, 3),
        function=lambda x: x**2 - x - 1,
        noise=Normal(),
        noise_std=lambda x: noise_std * (1 + np.abs(x)) / 2,
    )
