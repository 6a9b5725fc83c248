"""A layer's point in the information plane."""

from dataclasses import dataclass

import numpy as np

from ..core.errors import InfoplaneError


@dataclass(frozen=True)
class PlanePoint:
    """A point in the information plane, in bits, and the standard error of each coordinate."""

    target_bits: float
    input_bits: float
    target_stderr_bits: float = 0.0
    input_stderr_bits: float = 0.0


def check_noise(sigma: float, stderr_bits: float) -> None:
    """Raises `InfoplaneError` for noise that is not above 0, and for a standard error that cannot be reached."""
    if not 0 < sigma < np.inf:
        raise InfoplaneError(f"sigma: {sigma} is not a standard deviation of noise; give one above 0")
    if not 0 < stderr_bits < np.inf:
        raise InfoplaneError(f"stderr_bits: {stderr_bits} cannot be reached; give a standard error above 0")
