"""What estimators make of columns: float64 rows, one scale, layers of one shape stacked, classes as indicators."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...arrays.scaling import as_rows
from ...arrays.variables import Variable
from ...core.doubles import moving

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Values = NDArray[np.floating]

# Layers computed at once: enough that the calls cost little, few enough that what they work on stays in the cache.
CHUNK = 8


def rows(values: ArrayLike) -> Floats:
    """`as_rows` of `values`, -0.0 as 0.0, so that equal rows have equal bytes."""
    return as_rows(values) + 0.0


def alike(xs: Sequence[Values]) -> Iterator[tuple[list[int], Floats]]:
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
    # Halves, as the range of a column may be more than the largest double; one whose half is none does not move.
    reach = high / 2 - low / 2
    moves = reach > 0
    # In place: memory costs more than sums.
    centred = values / 2
    centred -= low / 2
    centred /= np.where(moves, reach, 1.0)
    centred -= centred.mean(axis=-2, keepdims=True)
    centred /= np.where(moves, np.sqrt(np.mean(centred**2, axis=-2, keepdims=True)), 1.0)
    return centred


def is_constant(values: Floats) -> bool:
    """Whether all rows are one and the same, or differ by less than a double can halve: 0 bits exactly."""
    return not bool(moving(values).any())


def one_hot(y: Variable) -> Floats:
    """Labels as a column of zeros and ones for each class, `(samples, classes)`; numbers as they are."""
    return rows(y.values) if y.classes is None else np.eye(int(y.classes.max()) + 1)[y.classes]


def entropy_bits(counts: Labels) -> float:
    """The plug-in entropy of `counts` in bits; the order of the counts does not change the sum."""
    shares = np.sort(counts[counts > 0]) / counts.sum()
    return float(-np.sum(shares * np.log2(shares)) + 0.0)
