"""Fits lines of y on t to the surroundings of `WIDTH` points at once; the last axis of all arrays holds the points.

Least squares by Cholesky factors. The slope is shrunk by as much as chance explains (James & Stein 1961).
"""

import numpy as np

from ..compiling import compiled, inlined
from ._lanes import add_products, centre, less_products
from ._vectors import WIDTH

RIDGE = 1e-3  # of the variance of t in the surroundings: directions in which t hardly moves get no slope
HALF_HEIGHT = 2.0  # half a box's height, in residual deviations of y, for the half width of the surroundings in t
LEAST_RESIDUAL = 1e-6  # of the deviation of y: even where y is a function of t, the box has a height


@compiled
def regress(t, y, counts, slope, height):  # type: ignore[no-untyped-def]
    """Fills the shrunk `slope` of y on t over their first `counts` rows, and the `height` of the box.

    The last axis of all arrays holds `WIDTH` regressions. Centres t, and replaces y by its residuals. Rows from
    `counts` on only have to be finite.
    """
    units, targets, longest = t.shape[1], y.shape[1], counts.max()
    held = np.empty((longest, WIDTH))
    for a in range(longest):
        for lane in range(WIDTH):
            held[a, lane] = a < counts[lane]
    about_mean(t, held, counts)
    about_mean(y, held, counts)
    moments, spread = np.zeros((units, units, WIDTH)), np.zeros(WIDTH)
    slope[:] = 0.0
    for u in range(units):
        for v in range(u + 1):
            add_products(moments, u * units + v, t, u, units, t, v, units, longest)
        for v in range(targets):
            add_products(slope, u * targets + v, t, u, units, y, v, targets, longest)
        for lane in range(WIDTH):
            spread[lane] += moments[u, u, lane]
    for u in range(units):
        for lane in range(WIDTH):
            moments[u, u, lane] += RIDGE * spread[lane] if spread[lane] > 0 else 1.0
    solve(moments, slope)
    whole, rest = np.empty(WIDTH), np.empty(WIDTH)
    for v in range(targets):
        whole[:] = rest[:] = 0.0
        add_products(whole, 0, y, v, targets, y, v, targets, longest)
        for a in range(longest):
            less_products(y, a * targets + v, slope, v, targets, t, a * units, 1, units)
        add_products(rest, 0, y, v, targets, y, v, targets, longest)
        for lane in range(WIDTH):
            fitted = min(units, max(counts[lane] - 2, 1))
            explained = whole[lane] - rest[lane]
            by_chance = fitted * rest[lane] / max(counts[lane] - 1 - fitted, 1)
            shrunk = 1 - by_chance / explained if explained > by_chance else 0.0
            for u in range(units):
                slope[u, v, lane] *= shrunk
            least = LEAST_RESIDUAL**2 * whole[lane]
            remaining = max(rest[lane] + (1 - shrunk) ** 2 * max(explained, 0.0), least)
            height[v, lane] = HALF_HEIGHT * np.sqrt(remaining / counts[lane]) if remaining > 0 else 1.0


@inlined
def about_mean(values, held, counts):  # type: ignore[no-untyped-def]
    """Centres columns `(rows, columns, WIDTH)` over the rows that are `held`; the other rows become 0."""
    columns, mean = values.shape[1], np.empty(WIDTH)
    for u in range(columns):
        mean[:] = 0.0
        add_products(mean, 0, values, u, columns, held, 0, 1, len(held))
        for lane in range(WIDTH):
            mean[lane] /= counts[lane]
        for a in range(len(held)):
            centre(values, a * columns + u, mean, 0, held, a)


@inlined
def solve(a, b):  # type: ignore[no-untyped-def]
    """Turns b into a^-1 b; a is positive definite, given by its lower triangle, which becomes its Cholesky factor."""
    n, targets = len(a), b.shape[1]
    for i in range(n):
        for j in range(i + 1):
            if j > 0:
                less_products(a, i * n + j, a, i * n, 1, a, j * n, 1, j)
            for lane in range(WIDTH):
                a[i, j, lane] = np.sqrt(a[i, j, lane]) if i == j else a[i, j, lane] / a[j, j, lane]
    for v in range(targets):
        for i in range(n):
            if i > 0:
                less_products(b, i * targets + v, a, i * n, 1, b, v, targets, i)
            for lane in range(WIDTH):
                b[i, v, lane] /= a[i, i, lane]
        for i in range(n - 1, -1, -1):
            if i < n - 1:
                last = n - 1 - i
                less_products(b, i * targets + v, a, (i + 1) * n + i, n, b, (i + 1) * targets + v, targets, last)
            for lane in range(WIDTH):
                b[i, v, lane] /= a[i, i, lane]
