"""Scales columns before distances between rows are taken: a max norm compares columns, so their units matter.

- `none`: as they are. The largest column decides.
- `standard`: each column at mean 0 and standard deviation 1.
- `rank`: each column by its ranks, as quantiles of a normal distribution (van der Waerden's scores). Equal
  values have equal ranks, their mean rank, so a unit that is zero on half of the samples stays tied there;
  ranks that broke ties would make noise of it. Ranks as such lie on a lattice, on which distances tie: that
  took KSG 0.09 bits off at independence and 0.23 at a correlation of 0.99 (n = 350).

A constant column becomes 0 under the latter two, and so does one that is constant but for rounding: its range
is at most 4 units in the last place of its largest value. Noise that a cancellation has left behind is larger
than that, and is scaled up like any other column.
"""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .core.errors import InfoplaneError

Scale = Literal["none", "standard", "rank"]
Array = NDArray[np.float64]

LARGEST = 4e307  # differences of larger numbers may overflow


def scaled(values: NDArray[np.floating], scale: Scale) -> Array:
    """`values` `(samples, units)`, float32 or float64, as float64 rows scaled by column.

    Raises `InfoplaneError` where `scale` is "none" and a difference of values may overflow.
    """
    columns = as_rows(values)
    if scale == "none":
        if np.abs(columns).max() > LARGEST:
            raise InfoplaneError(f"scale: values beyond {LARGEST:g} have no finite distances; use standard")
        return columns
    if scale == "rank":
        return _ranked(columns, rounding(values.dtype))
    from .neighbours._columns import standardised  # compiled; to check a configuration needs no compiler

    return np.asarray(standardised(columns, rounding(values.dtype)))


def as_rows(values: NDArray[np.floating]) -> Array:
    """`values` as contiguous float64."""
    return np.ascontiguousarray(values, dtype=np.float64)


@cache
def rounding(dtype: np.dtype[np.floating]) -> float:
    """The range, as a share of the largest value, up to which a column is constant but for rounding."""
    return 4 * float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


def _ranked(columns: Array, rounding_share: float) -> Array:
    from scipy.special import ndtri

    out = np.zeros_like(columns)
    for u, column in enumerate(columns.T):
        ordered = np.sort(column)
        low, high = ordered[[0, -1]]
        largest = max(abs(low), abs(high))
        if high > low and high / largest - low / largest > rounding_share:
            below, up_to = (np.searchsorted(ordered, column, side) for side in ("left", "right"))
            centred = (below + up_to - len(column)) / 2
            # From the lower half alone, so that opposite ranks have exactly opposite scores.
            out[:, u] = -np.sign(centred) * ndtri(0.5 - np.abs(centred) / (len(column) + 1))
    return out
