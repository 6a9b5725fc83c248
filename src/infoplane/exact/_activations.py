"""Activations by name, as torch defines them: piecewise-linear ones by their knots, smooth ones as functions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.errors import InfoplaneError
from ..laws import Array


@dataclass(frozen=True)
class Piecewise:
    """A continuous piecewise-linear function: `values` at ascending `knots`, with one more slope than knots."""

    knots: tuple[float, ...]
    values: tuple[float, ...]
    slopes: tuple[float, ...]

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        return np.array(self.knots, float), np.array(self.values, float), np.array(self.slopes, float)


@dataclass(frozen=True)
class Smooth:
    """A smooth function whose slope is at most `steepest`."""

    function: Callable[[Array], Array]
    steepest: float = 1.0


def _sigmoid(z: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(z))


def _gelu(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(z * ndtr(z))


PIECEWISE = {
    "relu": Piecewise((0,), (0,), (0, 1)),
    "identity": Piecewise((0,), (0,), (1, 1)),
    "abs": Piecewise((0,), (0,), (-1, 1)),
    "relu6": Piecewise((0, 6), (0, 6), (0, 1, 0)),
    "hardtanh": Piecewise((-1, 1), (-1, 1), (0, 1, 0)),
    "hardsigmoid": Piecewise((-3, 3), (0, 1), (0, 1 / 6, 0)),
}
SMOOTH = {
    "tanh": Smooth(np.tanh),
    "sigmoid": Smooth(_sigmoid),
    "gelu": Smooth(_gelu, 1.13),
    "silu": Smooth(lambda z: z * _sigmoid(z), 1.1),
    "softplus": Smooth(lambda z: np.logaddexp(0, z)),
}


def named(activation: str, negative_slope: float) -> Piecewise | Smooth:
    """The activation of that name; only leaky_relu uses `negative_slope`."""
    if activation == "leaky_relu":
        return Piecewise((0,), (0,), (negative_slope, 1))
    known = PIECEWISE | SMOOTH
    if activation not in known:
        names = ", ".join(["leaky_relu", *known])
        raise InfoplaneError(f"no exact answer: unknown activation {activation!r}; choose one of {names}")
    return known[activation]
