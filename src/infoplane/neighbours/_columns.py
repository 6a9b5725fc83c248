"""The compiled part of `scaling`."""

import numpy as np

from ..compiling import compiled


@compiled
def standardised(columns, rounding):  # type: ignore[no-untyped-def]
    """Columns of `(samples, units)` at mean 0 and standard deviation 1; 0 where the range is but rounding."""
    samples, units = columns.shape
    out = np.zeros((samples, units))
    for u in range(units):
        low = high = columns[0, u]
        for i in range(samples):
            value = columns[i, u]
            low = value if value < low else low
            high = value if value > high else high
        largest = max(abs(low), abs(high))
        # Over the largest, so that neither differences nor squares overflow.
        if high > low and high / largest - low / largest > rounding:
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


@compiled
def ranked(columns, order, rounding, scores):  # type: ignore[no-untyped-def]
    """Columns of `(samples, units)` by rank: `scores` at the number of values below plus that of those at most it.

    `order (units, samples)` sorts each column. 0 where the range is but rounding.
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
