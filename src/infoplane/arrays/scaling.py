"""Scales columns before distances between rows are computed: a max norm compares columns, so their units matter.

- `none`: columns stay as they are. The largest column decides.
- `standard`: each column gets mean 0 and standard deviation 1.
- `rank`: each value is replaced by its rank, as a quantile of a normal distribution (van der Waerden's scores). Equal
  values share their mean rank, so a unit that is zero on half of the samples stays tied there; ranks that broke ties
  would turn it into noise. Plain ranks lie on a lattice, on which distances tie: they moved KSG by 0.09 bits at
  independence and by 0.23 at a correlation of 0.99 (n = 350).

Under `standard` and `rank`, a constant column becomes 0. So does a column that is constant up to rounding: its range is
at most 4 units in the last place of its largest value. Noise left by a cancellation is larger than that, and is scaled
up like any other column.
"""

from functools import cache, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.doubles import LARGEST
from ..core.errors import InfoplaneError

Scale = Literal["none", "standard", "rank"]
Array = NDArray[np.float64]


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
    from ..neighbours._columns import standardised  # compiled; checking a configuration needs no compiler

    return np.asarray(standardised(columns, rounding(values.dtype)))


def as_rows(values: ArrayLike) -> Array:
    """`values` `(samples, units)` as contiguous float64.

    Raises `InfoplaneError` where there are none, or where one is NaN or infinite: such values have no order, and
    neighbours and bins need one.
    """
    rows = np.ascontiguousarray(values, dtype=np.float64)
    if rows.size == 0 or not np.isfinite(rows).all():
        raise InfoplaneError(
            f"values of shape {rows.shape} are {'none' if rows.size == 0 else 'not all finite'}; "
            "leave out rows without a finite number"
        )
    return rows


def deviations(t: NDArray[np.floating]) -> Array:
    """`(..., 2)`: the least and greatest standard deviation of those columns of t `(..., samples, columns)` that vary.

    Where none varies, these are infinity and 0, so that no ratio of scales is too large.
    """
    moving = (t != t[..., :1, :]).any(axis=-2)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = t.std(axis=-2, dtype=np.float64)
    deviation[np.isnan(deviation)] = np.inf  # sums or squares overflow: it differs from all others
    least = np.where(moving, deviation, np.inf).min(axis=-1)
    return np.stack([least, np.where(moving, deviation, 0.0).max(axis=-1)], axis=-1)


@cache
def rounding(dtype: np.dtype[np.floating]) -> float:
    """The largest range, as a share of the largest value, of a column that is constant up to rounding."""
    return 4 * float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


def _ranked(columns: Array, rounding_share: float) -> Array:
    from ..neighbours._columns import ranked

    order = np.argsort(np.ascontiguousarray(columns.T), axis=1)
    return np.asarray(ranked(columns, order, rounding_share, _scores(len(columns))))


@lru_cache(maxsize=8)
def _scores(samples: int) -> Array:
    """Scores `(2 samples,)`, indexed by how many values are below one plus how many are at most as large."""
    from scipy.special import ndtri

    centred = (np.arange(2 * samples) - samples) / 2
    # Computed from the lower half only, so that opposite ranks have exactly opposite scores.
    return np.asarray(-np.sign(centred) * ndtri(0.5 - np.abs(centred) / (samples + 1)))
