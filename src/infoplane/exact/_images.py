"""The image of the input line in each layer of a network: a polyline of solved or refined vertices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..dataset import Array
from ..errors import InfoplaneError
from ._activations import Piecewise, Smooth
from ._meetings import SLACK
from ._polyline import affine, bend

# Two separate stretches of the input whose images differ by less than this part of each unit's range are one
# image: about what float32, in which activations are saved, can tell apart.
RESOLUTION = 1e-6
# A smooth network's chords keep this close to its curve, relative to each unit's range: well below the
# resolution.
CHORD = 1e-7
HUGE = 1e150  # the square of any value is finite
FIRST, MOST = 257, 2**15  # vertices of a smooth network's image
STRIDE = 2.0  # the most that a pre-activation may change within a chord, so that no bend is stepped over

Layer = tuple[ArrayLike, ArrayLike]
Layers = Sequence[Layer]
Weights = list[tuple[Array, Array]]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Image:
    """What a layer makes of the line: straight pieces between its vertices.

    x `(vertices,)` ascending; t `(vertices, units)`; error `(units,)`, a bound on the rounding in t.
    """

    x: Array
    t: Array
    error: Array


def checked(layers: Layers) -> Weights:
    """The layers as float64 arrays; raises `InfoplaneError` if they are no network of one finite input."""
    weights = []
    width = 1
    for number, (weight, bias) in enumerate(layers):
        w, b = np.ascontiguousarray(weight, np.float64), np.ascontiguousarray(bias, np.float64)
        if w.ndim != 2 or b.shape != w.shape[:1] or w.shape[0] == 0:
            raise InfoplaneError(
                f"layers[{number}]: weight {w.shape} and bias {b.shape} are not (out, in) and (out,); "
                "reshape them"
            )
        if w.shape[1] != width:
            takes = f"layers[{number}]: takes {w.shape[1]} inputs, yet"
            if number == 0:
                raise InfoplaneError(f"no exact answer: {takes} it needs a network of one input")
            raise InfoplaneError(f"{takes} the layer before has {width} units; put the layers in order")
        if not (np.isfinite(w).all() and np.isfinite(b).all()):
            raise InfoplaneError(
                f"layers[{number}]: weights are not finite; look at the training that made them"
            )
        weights.append((w, b))
        width = w.shape[0]
    if not weights:
        raise InfoplaneError("layers: empty; give one (weight, bias) a layer")
    return weights


def images(weights: Weights, low: float, high: float, activation: Piecewise | Smooth) -> list[Image]:
    """The image of low..high in each layer: after the activation, and before it in the last layer."""
    if isinstance(activation, Smooth):
        return smooth_images(weights, _refined(weights, low, high, activation), activation)
    found = []
    x = np.array([low, high])
    t, error = x[:, None], np.spacing(np.abs(x).max(keepdims=True))
    for number, (weight, bias) in enumerate(weights):
        t, error = affine(t, error, weight, bias)
        _check_finite(t, error, number)
        if number < len(weights) - 1:
            x, t = bend(x, t, error, *activation.arrays)
            error = error * max(1.0, np.abs(activation.slopes).max())
        found.append(Image(x, t, error))
    return found


def smooth_images(weights: Weights, x: Array, activation: Smooth) -> list[Image]:
    """The image of the vertices x `(vertices,)` in each layer."""
    found = []
    t, error = x[:, None], np.spacing(np.abs(x).max(keepdims=True))
    for number, (weight, bias) in enumerate(weights):
        t, error = affine(t, error, weight, bias)
        _check_finite(t, error, number)
        if number < len(weights) - 1:
            t = activation.function(t)
            error = error * activation.steepest + 4 * np.finfo(np.float64).eps * np.abs(t).max(axis=0)
        found.append(Image(x, t, error))
    return found


def _refined(weights: Weights, low: float, high: float, activation: Smooth) -> Array:
    """Vertices between which no layer leaves its chords by more than `CHORD`, as far as `MOST` allows."""
    x = np.linspace(low, high, FIRST)
    while len(x) < MOST:
        width = np.diff(x)
        parts = np.where(width > 1e-12 * (high - low), _parts(weights, x, activation), 1)
        if (parts == 1).all():
            break
        first = np.cumsum(parts) - parts
        within = (np.arange(parts.sum()) - np.repeat(first, parts)) / np.repeat(parts, parts)
        x = np.append(np.repeat(x[:-1], parts) + within * np.repeat(width, parts), high)
    return x


def _parts(weights: Weights, x: Array, activation: Smooth) -> Labels:
    """Into how many parts each chord between the vertices x is to be cut, `(vertices - 1,)`: 1 where it is
    good.

    How far a curve bulges from its chord falls as the square of the parts.
    """
    both = np.empty(2 * len(x) - 1)
    both[::2], both[1::2] = x, (x[1:] + x[:-1]) / 2
    parts = np.ones(len(x) - 1)
    t, error = both[:, None], np.zeros(1)
    for number, (weight, bias) in enumerate(weights):
        z, error = affine(t, error, weight, bias)
        _check_finite(z, error, number)
        t = z if number == len(weights) - 1 else activation.function(z)
        allowed = np.maximum(CHORD * np.ptp(t, axis=0), SLACK * error) + np.finfo(np.float64).tiny
        bulge = np.abs(t[1::2] - (t[2::2] + t[:-1:2]) / 2) / allowed
        parts = np.maximum(parts, np.ceil(np.sqrt(bulge.max(axis=1))))
        stepped = (np.abs(z[2::2] - z[:-1:2]) > STRIDE) & (np.abs(t[2::2] - t[:-1:2]) > allowed)
        if number < len(weights) - 1:
            parts = np.where(stepped.any(axis=1), np.maximum(parts, 2), parts)
    return np.asarray(np.minimum(parts, 32), np.int64)


def _check_finite(t: Array, error: Array, number: int) -> None:
    if not (np.abs(t).max() < HUGE and error.max() < HUGE):
        raise InfoplaneError(
            f"layers[{number}]: its values overflow; look at the training that made the weights"
        )
