"""A law with finitely many x: a table of patterns, their probabilities, and the probabilities of y given each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .core.errors import InfoplaneError
from .laws import Array

SUMS_TO_ONE = 1e-6  # the allowed deviation, for float32 tables; probabilities are then divided by their sum


@dataclass(frozen=True, eq=False)
class FiniteLaw:
    """x is one of finitely many patterns, and y one of finitely many classes.

    `x (patterns, inputs)`; `p_x (patterns,)`, their probabilities; `p_y (patterns, classes)`, the probability of each
    class given the pattern. If `p_y` has shape `(patterns,)`, it holds each pattern's class, a whole number from 0 on;
    y then has no noise. The object keeps float64 copies whose probabilities sum to 1. Raises `InfoplaneError` for
    shapes that do not match and for invalid probabilities.
    """

    x: Array
    p_x: Array
    p_y: Array

    def __post_init__(self) -> None:
        x, p_x, p_y = _numbers("x", self.x), _numbers("p_x", self.p_x), _numbers("p_y", self.p_y)
        if x.ndim != 2 or p_x.shape != x.shape[:1] or p_y.shape[:1] != p_x.shape or 0 in (*x.shape, *p_y.shape):
            raise InfoplaneError(
                f"x {x.shape}, p_x {p_x.shape} and p_y {p_y.shape} are not (patterns, inputs), (patterns,) and "
                "(patterns, classes); reshape them"
            )
        if p_y.ndim == 1:
            p_y = _certain(p_y)
        if p_y.ndim != 2:
            raise InfoplaneError(f"p_y {p_y.shape} is not (patterns, classes); reshape it")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "p_x", _probabilities("p_x", p_x))
        object.__setattr__(self, "p_y", _probabilities("p_y", p_y))

    def sample(self, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """x `(samples, inputs)` and y `(samples, 1)`, the class number; all of x is drawn before y."""
        pattern = rng.choice(len(self.x), size=samples, p=self.p_x)
        below = np.cumsum(self.p_y[pattern], axis=1)
        y = (rng.random(samples)[:, None] * below[:, -1:] >= below).sum(axis=1)
        return self.x[pattern], y[:, None].astype(np.float64)


def _numbers(name: str, values: ArrayLike) -> Array:
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InfoplaneError(f"{name}: is not an array of numbers; give one") from None
    if not np.isfinite(found).all():
        raise InfoplaneError(f"{name}: holds NaN or infinity; fix it")
    return found


def _certain(classes: Array) -> Array:
    """The table of probabilities, 0 or 1, for classes `(patterns,)`."""
    if (classes < 0).any() or (classes != np.round(classes)).any():
        raise InfoplaneError("p_y: with one dimension, it holds classes, whole numbers from 0 on; renumber them")
    if classes.max() >= len(classes):
        raise InfoplaneError(f"p_y: class {classes.max():.0f} of {len(classes)} patterns; number the classes from 0 on")
    return np.asarray(np.eye(int(classes.max()) + 1)[classes.astype(np.int64)])


def _probabilities(name: str, values: Array) -> Array:
    total = values.sum(axis=-1, keepdims=True)
    if (values < 0).any() or (np.abs(total - 1) > SUMS_TO_ONE).any():
        worst = total.ravel()[np.abs(total - 1).argmax()]
        what = "goes below 0" if (values < 0).any() else f"sums to {worst:.6g}, not 1"
        raise InfoplaneError(f"{name}: {what}; divide it by its sum or fix it")
    return np.asarray(values / total)
