"""The compiled part of `kde`: the mean over all rows of the log of their mean kernel."""

from typing import Any

import numpy as np

from ...compiling import compiled


@compiled
def kernel_bits(t: Any, width: float) -> float:
    """-mean log2 of the mean kernel exp(-distance^2 / width) from each row of t `(samples, units)` to all.

    Kernels below exp(-45) are left out: beside the 1 of a sample with itself they are lost to rounding.
    """
    samples, units = t.shape
    columns = t.T.copy()
    sums, squares = np.ones(samples), np.empty(samples)
    for i in range(samples):
        squares[:i] = 0
        for unit in range(units):
            for j in range(i):
                squares[j] += (columns[unit, i] - columns[unit, j]) ** 2
        for j in range(i):
            if squares[j] < 45 * width:
                kernel = np.exp(-squares[j] / width)
                sums[i] += kernel
                sums[j] += kernel
    return float(np.mean(np.log2(samples / sums)))
