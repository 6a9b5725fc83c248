"""Error bars of a curve of which only some epochs have one."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def between(epochs: NDArray[np.int64], stderr_bits: Floats) -> Floats:
    """The standard errors `(n,)` of a curve in bits, those that are NaN filled in.

    They are on a straight line between the epochs that have one, and as the nearest before the first and after the
    last. All stay NaN where no epoch has one.
    """
    known = np.flatnonzero(~np.isnan(stderr_bits))
    if not len(known):
        return stderr_bits
    known = known[np.argsort(epochs[known])]
    return np.interp(epochs, epochs[known], stderr_bits[known])
