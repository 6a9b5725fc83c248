"""What a layer does to the polyline that is the image of the input line.

A network with one input and piecewise-linear activations maps x to a polyline. It is held as its vertices: x
`(vertices,)` ascending and t `(vertices, units)`, with a bound `(units,)` on the rounding in t. Piece i lies between
vertices i and i + 1.
"""

from typing import Any

import numpy as np

from ..compiling import compiled
from ..laws import Array


@compiled
def affine(t: Any, error: Any, weight: Any, bias: Any) -> Any:
    """Maps t `(vertices, inputs)` through `weight (units, inputs)` and `bias (units,)`; returns it and the new bound.

    Plain loops map equal rows to equal rows to the last bit, which no blocked matrix product guarantees.
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
    """Applies a piecewise-linear activation to z, which `affine` returned and which is overwritten. Returns the new x
    `(vertices',)` and t `(vertices', units)`.

    The activation has `values` at ascending `knots` and `slopes` around them, one more than knots. Where a unit meets
    a knot within a piece, a vertex is added at the solved place. A value that rounding cannot tell from a knot is put
    on the knot.
    """
    _snap(z, error, knots)
    vertices = len(x)
    x, z = _met(x, z, knots)
    if len(x) > vertices:
        order = x.argsort(kind="stable")
        x, z = x[order], z[order]
        apart = x[1:] > x[:-1]
        if not apart.all():  # units that meet their knots at one x share a vertex
            apart = np.append(True, apart)
            x, z = x[apart], z[apart]
            _snap(z, error, knots)
    _apply(z, knots, values, slopes)
    return x, z


@compiled
def _snap(z: Any, error: Any, knots: Any) -> None:
    for i in range(len(z)):
        for u in range(z.shape[1]):
            for knot in knots:
                if abs(z[i, u] - knot) <= error[u]:
                    z[i, u] = knot


@compiled
def _met(x: Any, z: Any, knots: Any) -> Any:
    """The vertices x and z, followed by those where a unit meets a knot within a piece, piece by piece."""
    vertices, units = z.shape
    size = vertices
    for i in range(vertices - 1):
        for u in range(units):
            for knot in knots:
                size += _between(z[i, u], knot, z[i + 1, u])
    all_x, all_z = np.empty(size), np.empty((size, units))
    n = vertices
    for i in range(vertices):
        all_x[i] = x[i]
        for u in range(units):
            all_z[i, u] = z[i, u]
            for knot in knots:
                if i < vertices - 1 and _between(z[i, u], knot, z[i + 1, u]):
                    part = (knot - z[i, u]) / (z[i + 1, u] - z[i, u])
                    all_x[n] = x[i] + part * (x[i + 1] - x[i])
                    for other in range(units):
                        all_z[n, other] = z[i, other] + part * (z[i + 1, other] - z[i, other])
                    all_z[n, u] = knot
                    n += 1
    return all_x, all_z


@compiled
def _between(one: float, knot: float, other: float) -> bool:
    return one < knot < other or other < knot < one


@compiled
def _apply(z: Any, knots: Any, values: Any, slopes: Any) -> None:
    for i in range(len(z)):
        for u in range(z.shape[1]):
            above = 0
            for knot in knots:
                above += z[i, u] >= knot
            nearest = max(above - 1, 0)
            z[i, u] = values[nearest] + slopes[above] * (z[i, u] - knots[nearest])
