"""What a dataset must offer, and the check of what it draws."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InfoplaneError

Array = NDArray[np.float64]


class Dataset(Protocol):
    """Anything that samples can be drawn from: x `(samples, inputs)` and y `(samples, targets)`."""

    def sample(self, samples: int, rng: np.random.Generator) -> tuple[Array, Array]: ...


def draw(dataset: object, samples: int, rng: np.random.Generator, name: str) -> tuple[Array, Array]:
    """`dataset.sample`, as float64. Raises `InfoplaneError`, which names the dataset, for what is not a `Dataset`."""
    if not callable(getattr(dataset, "sample", None)):
        raise InfoplaneError(f"{name}: make() gives a {type(dataset).__name__} without sample(); return a KnownLaw")
    found = dataset.sample(samples, rng)  # type: ignore[attr-defined]
    try:
        x, y = (np.asarray(part, dtype=np.float64) for part in found)
    except (TypeError, ValueError):
        raise InfoplaneError(f"{name}: sample({samples}) does not give two arrays; return x, y") from None
    for letter, part, columns in (("x", x, "inputs"), ("y", y, "targets")):
        if part.ndim != 2 or len(part) != samples or part.shape[1] == 0:
            raise InfoplaneError(
                f"{name}: sample({samples}) gives {letter} of shape {part.shape}; make it ({samples}, {columns})"
            )
        if not np.isfinite(part).all():
            raise InfoplaneError(f"{name}: drew NaN or infinity in {letter}; fix its law")
    return x, y
