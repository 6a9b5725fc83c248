"""Compiled geometry: what a layer does to the polyline that is the image of the input line.

A network of one input and piecewise-linear activations maps x to a polyline, held as its vertices: x
`(vertices,)` ascending and t `(vertices, units)`, with a bound `(units,)` on what rounding has done to t.
Piece i lies between vertices i and i + 1.
"""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def affine(t: Any, error: Any, weight: Any, bias: Any) -> Any:
    """t `(vertices, inputs)` through `weight (units, inputs)` and `bias (units,)`, and the new bound.

    Plain loops: equal rows give equal rows to the last bit, which no blocked matrix product promises.
    """
    units, inputs = weight.shape
    out, bound = np.empty((len(t), units)), np.empty(units)
    largest = np.empty(inputs)
    for k in range(inputs):
        largest[k] = np.abs(t[:, k]).max()
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


@njit(cache=True, nogil=True)
def bend(x: Any, z: Any, error: Any, knots: Any, values: Any, slopes: Any) -> Any:
    """A piecewise-linear activation of z, which `affine` gave: the new x `(vertices',)` and t `(vertices', units)`.

    It takes `values` at `knots`, ascending, and has `slopes`, one more than knots, around them. Where a unit meets
    a knot within a piece a vertex is added, solved for; a value that rounding cannot tell from a knot is put on it.
    """
    vertices, units = z.shape
    z = z.copy()
    crossings = 0
    for i in range(vertices):
        for u in range(units):
            for knot in knots:
                if abs(z[i, u] - knot) <= error[u]:
                    z[i, u] = knot
                if i > 0:
                    crossings += (z[i - 1, u] - knot) * (z[i, u] - knot) < 0

    xs, zs = np.empty(vertices + crossings), np.empty((vertices + crossings, units))
    part = np.empty(units * len(knots))  # of the way along a piece at which a unit meets a knot
    which = np.empty(units * len(knots), np.int64)
    size = 0
    for i in range(vertices):
        if i > 0:
            found = 0
            for u in range(units):
                for k in range(len(knots)):
                    before, after = z[i - 1, u] - knots[k], z[i, u] - knots[k]
                    if before * after < 0:
                        part[found], which[found] = before / (before - after), u * len(knots) + k
                        found += 1
            for n in np.argsort(part[:found]):
                place = x[i - 1] + part[n] * (x[i] - x[i - 1])
                if place > xs[size - 1]:  # else two units meet their knots at one x: one vertex for both
                    xs[size] = place
                    zs[size] = z[i - 1] + part[n] * (z[i] - z[i - 1])
                    size += 1
                zs[size - 1, which[n] // len(knots)] = knots[which[n] % len(knots)]
        xs[size], zs[size] = x[i], z[i]
        size += 1

    for i in range(size):
        for u in range(units):
            above = 0
            while above < len(knots) and zs[i, u] >= knots[above]:
                above += 1
            k = max(above - 1, 0)
            zs[i, u] = values[k] + slopes[above] * (zs[i, u] - knots[k])
    return xs[:size].copy(), zs[:size].copy()
