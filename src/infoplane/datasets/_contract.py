"""What a dataset must offer, and the check of what it draws."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InfoplaneError

Array = NDArray[np.float64]


class Dataset(Protocol):
    """Anything that samples can be drawn from: x `(samples, inputs)` and y `(samples, targets)`.

    y of integers holds labels 0, 1, ..., `(samples, 1)`.
    """

    def sample(self, samples: int, rng: np.random.Generator) -> tuple[Array, Array]: ...


def draw(dataset: object, samples: int, rng: np.random.Generator, name: str) -> tuple[Array, NDArray[Any]]:
    """`dataset.sample`, as float64; labels as int64.

    Raises `InfoplaneError`, which names the dataset, for what is not a `Dataset`.
    """
    if not callable(getattr(dataset, "sample", None)):
        raise InfoplaneError(f"{name}: make() gives a {type(dataset).__name__} without sample(); return a KnownLaw")
    found = dataset.sample(samples, rng)  # type: ignore[attr-defined]
    try:
        x, y = (np.asarray(part) for part in found)
        x = x.astype(np.float64)
        y = y.astype(np.int64 if y.dtype.kind in "biu" else np.float64)
    except (TypeError, ValueError):
        raise InfoplaneError(f"{name}: sample({samples}) does not give two arrays; return x, y") from None
    for letter, part, columns in (("x", x, "inputs"), ("y", y, "targets")):
        if part.ndim != 2 or len(part) != samples or part.shape[1] == 0:
            raise InfoplaneError(
                f"{name}: sample({samples}) gives {letter} of shape {part.shape}; make it ({samples}, {columns})"
            )
        if not np.isfinite(part).all():
            raise InfoplaneError(f"{name}: drew NaN or infinity in {letter}; fix its law")
    if samples and y.dtype.kind == "i" and (y.shape[1] > 1 or y.min() < 0):
        raise InfoplaneError(f"{name}: labels are one column of 0, 1, ...; make a y of numbers float")
    return x, y
