"""Scales columns before distances between rows are taken: a max norm compares columns, so their units matter.

- `none`: as they are. The largest column decides.
- `standard`: each column at mean 0 and standard deviation 1.
- `rank`: each column by its ranks, from 0 to 1. Equal values have equal ranks (their mean rank), so a unit
  that is zero on half of the samples stays tied there; ranks that broke ties would make noise of it.

A constant column becomes 0 under the latter two, and so does one that is constant but for rounding: its range
is at most 4 units in the last place of its largest value. Noise that a cancellation has left behind is larger
than that, and is scaled up like any other column.
"""

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .errors import InfoplaneError

Scale = Literal["none", "standard", "rank"]
Array = NDArray[np.float64]

LARGEST = 8e307  # differences of larger numbers may overflow


def scaled(values: NDArray[np.floating], scale: Scale) -> Array:
    """`values` `(samples, units)`, float32 or float64, as float64 rows scaled by column.

    Raises `InfoplaneError` where `scale` is "none" and a difference of values may overflow.
    """
    columns = np.ascontiguousarray(values, dtype=np.float64)
    if scale == "none":
        if np.abs(columns).max() > LARGEST:
            raise InfoplaneError(
                f"scale: values beyond {LARGEST:g} have no finite distances; set it to standard"
            )
        return columns
    rounding = 4 * float(np.finfo(values.dtype).eps) if values.dtype.kind == "f" else 0.0
    return np.asarray(_standard(columns, rounding)) if scale == "standard" else _rank(columns, rounding)


@njit(cache=True, nogil=True, error_model="numpy")
def _standard(columns, rounding):  # type: ignore[no-untyped-def]
    samples, units = columns.shape
    out = np.zeros((samples, units))
    for u in range(units):
        low = high = columns[0, u]
        for i in range(samples):
            low = min(low, columns[i, u])
            high = max(high, columns[i, u])
        largest = max(abs(low), abs(high))
        # Over the largest, so that neither differences nor squares overflow.
        if high / largest - low / largest > rounding:
            mean = square = 0.0
            for i in range(samples):
                mean += columns[i, u] / largest
            mean /= samples
            for i in range(samples):
                out[i, u] = columns[i, u] / largest - mean
                square += out[i, u] ** 2
            deviation = np.sqrt(square / samples)
            for i in range(samples):
                out[i, u] /= deviation
    return out


def _rank(columns: Array, rounding: float) -> Array:
    out = np.zeros_like(columns)
    for u, column in enumerate(columns.T):
        ordered = np.sort(column)
        low, high = ordered[[0, -1]]
        largest = max(abs(low), abs(high))
        if high > low and high / largest - low / largest > rounding:
            below, up_to = (np.searchsorted(ordered, column, side) for side in ("left", "right"))
            out[:, u] = (below + up_to - 1) / 2 / (len(column) - 1)
    return out
