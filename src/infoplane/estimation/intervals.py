"""Standard errors: of a curve of which only some epochs have one, and as the measure of what is too high."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL_QUANTILE = 1.959963984540054  # so many standard errors on either side hold 95 % of a normal law


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


def exceeds(excess_bits: Any, error_bits: Any) -> Any:
    """Whether a value is above its limit, by `excess_bits`, by more than 1.96 of the standard errors of both.

    This is the one rule of the ceiling and of the data processing inequality, for numbers and for arrays of them. The
    errors of several values add up in quadrature.
    """
    return excess_bits > NORMAL_QUANTILE * error_bits
