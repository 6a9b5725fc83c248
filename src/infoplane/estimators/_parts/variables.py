"""What estimators ask of a variable: float64 rows, comparable columns, is it constant, is it discrete."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...scaling import as_rows

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

# Layers computed at once: enough that the calls cost little, few enough that what they work on stays in the cache.
CHUNK = 8


def rows(values: ArrayLike) -> Floats:
    """`as_rows` of `values`, -0.0 as 0.0, so that equal rows have equal bytes."""
    return as_rows(values) + 0.0


def alike(xs: Sequence[Floats]) -> Iterator[tuple[list[int], Floats]]:
    """The places in `xs` of some of one shape, `CHUNK` at most, and these stacked `(places, samples, units)`."""
    places: dict[tuple[int, ...], list[int]] = {}
    for place, x in enumerate(xs):
        places.setdefault(x.shape, []).append(place)
    for same in places.values():
        for start in range(0, len(same), CHUNK):
            some = same[start : start + CHUNK]
            yield some, np.stack([xs[place] for place in some])


def standardised(values: Floats) -> Floats:
    """Columns of `(..., samples, units)` at mean 0 and standard deviation 1; constant columns become 0."""
    low, high = values.min(axis=-2, keepdims=True), values.max(axis=-2, keepdims=True)
    moving = high > low
    # Halves first: the range of a column may be more than the largest double. In place: memory costs more than sums.
    centred = values / 2
    centred -= low / 2
    centred /= np.where(moving, high / 2 - low / 2, 1.0)
    centred -= centred.mean(axis=-2, keepdims=True)
    centred /= np.where(moving, np.sqrt(np.mean(centred**2, axis=-2, keepdims=True)), 1.0)
    return centred


def labels(values: Floats) -> Labels:
    """The number of each row's value `(samples,)` among the distinct rows, in sorted order from 0."""
    if values.shape[1] == 1:
        return np.unique(values[:, 0], return_inverse=True)[1].astype(np.int64)
    return np.unique(values, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def is_constant(values: Floats) -> bool:
    """Whether all rows are one and the same: then it tells nothing, 0 bits exactly."""
    return bool((values == values[0]).all())


def is_discrete(values: Floats) -> bool:
    """Whether `values` are labels rather than measurements, told by exact ties.

    They are labels when there are fewer than half as many distinct rows as samples, and under a tenth of
    the samples are alone with their value. Every row doubled is still continuous, and so is a ReLU's heap
    of zeros beside values that never repeat.
    """
    counts = np.bincount(labels(values))
    samples = len(values)
    return bool(2 * len(counts) < samples and 10 * np.count_nonzero(counts == 1) < samples)


def entropy_bits(counts: Labels) -> float:
    """The plug-in entropy of `counts` in bits; the order of the counts does not change the sum."""
    shares = np.sort(counts[counts > 0]) / counts.sum()
    return float(-np.sum(shares * np.log2(shares)) + 0.0)
