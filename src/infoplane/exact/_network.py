"""A network as weights, and the image of the input line in one of its layers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..compiling import compiled
from ..core.errors import InfoplaneError
from ..laws import Array

HUGE = 1e150  # the square of any value is finite

Layers = Sequence[tuple[ArrayLike, ArrayLike]]
Weights = list[tuple[Array, Array]]


@dataclass(frozen=True)
class Image:
    """The image of the input line in a layer: straight pieces between vertices.

    x `(vertices,)` ascending; t `(vertices, units)`; error `(units,)`, a bound on the rounding in t.
    """

    x: Array
    t: Array
    error: Array
    curve: "Curve | None" = None


@dataclass(frozen=True)
class Curve:
    """The curve behind the chords of a smooth network's image: `at` maps x `(n,)` to `(n, units)`.

    `preimage` is the image before the activation: there, anything of rank one is straight. `moves` says whether any
    unit depends on x at all; if so, t can stand still only in float64.
    """

    at: Callable[[Array], Array]
    preimage: Image | None
    moves: bool


def checked(layers: Layers) -> Weights:
    """The layers as float64 arrays. Raises `InfoplaneError` unless they form a network of one input, all finite."""
    weights = []
    width = 1
    for number, (weight, bias) in enumerate(layers):
        w, b = np.ascontiguousarray(weight, np.float64), np.ascontiguousarray(bias, np.float64)
        if w.ndim != 2 or b.shape != w.shape[:1] or w.shape[0] == 0:
            raise InfoplaneError(
                f"layers[{number}]: weight {w.shape} and bias {b.shape} are not (out, in) and (out,); reshape them"
            )
        if w.shape[1] != width:
            takes = f"layers[{number}]: takes {w.shape[1]} inputs, yet"
            if number == 0:
                raise InfoplaneError(f"no exact answer: {takes} it needs a network of one input")
            raise InfoplaneError(f"{takes} the layer before has {width} units; put the layers in order")
        if not (_below(w.ravel(), np.inf) and _below(b, np.inf)):
            raise InfoplaneError(f"layers[{number}]: weights are not finite; look at the training that made them")
        weights.append((w, b))
        width = w.shape[0]
    if not weights:
        raise InfoplaneError("layers: empty; give one (weight, bias) per layer")
    return weights


def check_finite(t: Array, error: Array, number: int) -> None:
    if not (_below(t.ravel(), HUGE) and _below(error, HUGE)):
        raise InfoplaneError(f"layers[{number}]: its values overflow; look at the training that made the weights")


@compiled
def _below(values: Any, most: float) -> bool:
    """Whether the magnitude of each is below `most`; that of NaN is not. (numpy takes longer to start.)"""
    below = True
    for value in values:
        below = below and abs(value) < most
    return below
