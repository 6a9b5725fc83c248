"""Two inputs, which have no exact values: y = x1² - x2 - 1 + noise, both x uniform on (-3, 3)."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from ..laws import Array


@dataclass(frozen=True)
class TwoInputs:
    noise_std: float

    def sample(self, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """x `(samples, 2)` and y `(samples, 1)`; all of x is drawn before the noise."""
        x = rng.uniform(-3, 3, size=(samples, 2))
        y = x[:, 0] ** 2 - x[:, 1] - 1 + self.noise_std * rng.standard_normal(samples)
        return x, y[:, None]


def make(*, noise_std: Annotated[float, Field(gt=0)] = 0.2) -> TwoInputs:
    """`noise_std` is the standard deviation of the normal noise."""
    return TwoInputs(noise_std)
