"""What a layer does to the polyline that is the image of the input line.

A network of one input and piecewise-linear activations maps x to a polyline, held as its vertices: x
`(vertices,)` ascending and t `(vertices, units)`, with a bound `(units,)` on what rounding has done to t.
Piece i lies between vertices i and i + 1.
"""

from typing import Any

import numpy as np

from ..compiling import compiled
from ..dataset import Array


@compiled
def affine(t: Any, error: Any, weight: Any, bias: Any) -> Any:
    """t `(vertices, inputs)` through `weight (units, inputs)` and `bias (units,)`, and the new bound.

    Plain loops: equal rows give equal rows to the last bit, which no blocked matrix product promises.
    """
    units, inputs = weight.shape
    out, bound = np.empty((len(t), units)), np.empty(units)
    largest = np.empty(inputs)
    for k in range(inputs):
        largest[k] = 0.0
        for i in range(len(t)):
            largest[k] = max(largest[k], abs(t[i, k]))
    for u in range(units):
        terms, carried = abs(bias[u]), 0.0
        for k in range(inputs):
            terms += abs(weight[u, k]) * largest[k]
            carried += abs(weight[u, k]) * error[k]
        bound[u] = carried + (inputs + 2) * np.finfo(np.float64).eps * terms
        for i in range(len(t)):
            total = bias[u]
            for k in range(inputs):
                total += weight[u, k] * t[i, k]
            out[i, u] = total
    return out, bound


def bend(x: Array, z: Array, error: Array, knots: Array, values: Array, slopes: Array) -> tuple[Array, Array]:
    """A piecewise-linear activation of z, which `affine` gave: the new x `(vertices',)` and t `(vertices',
    units)`.

    It takes `values` at `knots`, ascending, and has `slopes`, one more than knots, around them. Where a unit
    meets a knot within a piece a vertex is added, solved for; a value that rounding cannot tell from a knot
    is put on it.
    """
    z = _snapped(z, error, knots)
    before, after = z[:-1, :, None], z[1:, :, None]
    between = (np.minimum(before, after) < knots) & (knots < np.maximum(before, after))
    piece, unit, knot = np.nonzero(between)
    if len(piece):
        part = (knots[knot] - z[piece, unit]) / (z[piece + 1, unit] - z[piece, unit])
        met = z[piece] + part[:, None] * (z[piece + 1] - z[piece])
        met[np.arange(len(piece)), unit] = knots[knot]
        x = np.concatenate([x, x[piece] + part * (x[piece + 1] - x[piece])])
        order = np.argsort(x, kind="stable")
        x, z = x[order], np.concatenate([z, met])[order]
        apart = np.append(True, x[1:] > x[:-1])
        if not apart.all():  # units that meet their knots at one x share a vertex
            x, z = x[apart], _snapped(z[apart], error, knots)
    above = (z[:, :, None] >= knots).sum(axis=2)
    nearest = np.maximum(above - 1, 0)
    return x, values[nearest] + slopes[above] * (z - knots[nearest])


def _snapped(z: Array, error: Array, knots: Array) -> Array:
    for knot in knots:
        z = np.where(np.abs(z - knot) <= error, knot, z)
    return z
