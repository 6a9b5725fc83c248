"""What a double can hold: values so large that their differences overflow are refused, squares are taken of shares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 4e307  # differences of larger numbers may overflow


def too_large(values: NDArray[Any]) -> bool:
    """Whether any of the finite `values` is beyond `LARGEST`, on either side."""
    return bool(values.size and values.dtype.itemsize > 4 and (values.max() > LARGEST or values.min() < -LARGEST))


def bounded(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each column `(..., samples, columns)` over a power of two, so that it lies in [-1, 1]: no digit changes."""
    largest = np.abs(values).max(axis=-2, keepdims=True)
    return np.asarray(np.ldexp(values.astype(np.float64), -np.frexp(largest)[1]))


def moving(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which columns of `(..., samples, columns)` vary by no less than a double can halve, `(..., columns)`."""
    return np.asarray(values.max(axis=-2) / 2 - values.min(axis=-2) / 2 > 0)
