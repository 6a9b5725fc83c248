"""The compiled part of `scaling`."""

import numpy as np

from ..compiling import compiled


@compiled
def standardised(columns, rounding):  # type: ignore[no-untyped-def]
    """Columns of `(samples, units)` with mean 0 and standard deviation 1; 0 where the range is only rounding."""
    samples, units = columns.shape
    out = np.zeros((samples, units))
    low, high, mean, scale = columns[0].copy(), columns[0].copy(), np.zeros(units), np.zeros(units)
    # Row by row, so that no sum has to wait for its own previous addition.
    for i in range(samples):
        for u in range(units):
            value = columns[i, u]
            low[u] = value if value < low[u] else low[u]
            high[u] = value if value > high[u] else high[u]
    # Scaled by a power of two, which rounds nothing, so that no square overflows; by 0 where a column is constant.
    shrink = np.zeros(units)
    for u in range(units):
        most = max(abs(low[u]), abs(high[u]))
        if high[u] > low[u] and high[u] / most - low[u] / most > rounding:
            shrink[u] = 2.0 ** -max(np.floor(np.log2(most)), -1000.0)
    for i in range(samples):
        for u in range(units):
            out[i, u] = columns[i, u] * shrink[u]
            mean[u] += out[i, u]
    mean /= samples
    for i in range(samples):
        for u in range(units):
            out[i, u] -= mean[u]
            scale[u] += out[i, u] ** 2
    for u in range(units):
        scale[u] = 1 / np.sqrt(scale[u] / samples) if shrink[u] > 0 else 0.0
    for i in range(samples):
        for u in range(units):
            out[i, u] *= scale[u]
    return out


@compiled
def ranked(columns, order, rounding, scores):  # type: ignore[no-untyped-def]
    """Columns of `(samples, units)` by rank: `scores` at the number of values below plus the number at most as large.

    `order` `(units, samples)` sorts each column. A column whose range is only rounding becomes 0.
    """
    samples, units = columns.shape
    out = np.zeros((samples, units))
    for u in range(units):
        low, high = columns[order[u, 0], u], columns[order[u, samples - 1], u]
        largest = max(abs(low), abs(high))
        if high > low and high / largest - low / largest > rounding:
            start = 0
            while start < samples:
                stop = start + 1
                while stop < samples and columns[order[u, stop], u] == columns[order[u, start], u]:
                    stop += 1
                for a in range(start, stop):
                    out[order[u, a], u] = scores[start + stop]
                start = stop
    return out
