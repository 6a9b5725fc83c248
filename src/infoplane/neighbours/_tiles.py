"""Points in tiles of `WIDTH` near points, each with its bounding box: the leaves of a tree without the tree."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from ._lanes import stretch
from ._vectors import WIDTH


class Tiled(NamedTuple):
    """n points, ordered so that near points are close together.

    The last tile is padded with the last point. Boxes are `(low, -high)` and come in tiles themselves; those that pad
    a tile are infinitely far away.
    """

    order: NDArray[np.int64]  # (n,): where each point was before
    points: NDArray[np.float64]  # (n, columns)
    tiles: NDArray[np.float64]  # (tiles, columns, WIDTH)
    boxes: NDArray[np.float64]  # (groups of tiles, 2 columns, WIDTH)


@compiled
def tiled(points, order):  # type: ignore[no-untyped-def]
    """`points` `(n, columns)` as a `Tiled`, in an order `(n,)` such as `near_order`."""
    n, columns = points.shape
    count = (n + WIDTH - 1) // WIDTH
    ordered, tiles = np.empty((n, columns)), np.empty((count, columns, WIDTH))
    boxes = np.full(((count + WIDTH - 1) // WIDTH, 2 * columns, WIDTH), np.inf)
    spare = np.empty((1, WIDTH))
    for a in range(count * WIDTH):
        i = order[min(a, n - 1)]
        for u in range(columns):
            tiles[a // WIDTH, u, a % WIDTH] = points[i, u]
            if a < n:
                ordered[a, u] = points[i, u]
    for t in range(count):
        for u in range(columns):
            boxes[t // WIDTH, u, t % WIDTH] = -stretch(tiles, t * columns + u, -1.0, spare, 0)
            boxes[t // WIDTH, columns + u, t % WIDTH] = -stretch(tiles, t * columns + u, 1.0, spare, 0)
    return Tiled(order, ordered, tiles, boxes)


@compiled
def near_order(points):  # type: ignore[no-untyped-def]
    """An order of `points` `(n, columns)`: they are halved along the widest column repeatedly, down to one tile."""
    n = len(points)
    order, key = np.arange(n), np.empty(n)
    starts, stops, left = np.zeros(64, np.int64), np.full(64, n), 1  # what is left to halve
    while left:
        left -= 1
        start, stop = starts[left], stops[left]
        if stop - start <= WIDTH:
            continue
        column = widest(points, order, start, stop)
        for a in range(start, stop):
            key[order[a]] = points[order[a], column]
        tiles = (stop - start + WIDTH - 1) // WIDTH
        middle = start + (tiles + 1) // 2 * WIDTH
        partition(key, order, start, stop, middle)
        starts[left], stops[left] = start, middle
        starts[left + 1], stops[left + 1] = middle, stop
        left += 2
    return order


@compiled
def widest(points, order, start, stop):  # type: ignore[no-untyped-def]
    """The column with the largest range in a subset of `points[order[start:stop]]`, which is enough to choose by."""
    column, width = 0, -1.0
    for u in range(points.shape[1]):
        low = high = points[order[start], u]
        for a in range(start, stop, 1 + (stop - start) // 16):
            value = points[order[a], u]
            low = value if value < low else low
            high = value if value > high else high
        if high - low > width:
            column, width = u, high - low
    return column


@compiled
def partition(key, index, start, stop, middle):  # type: ignore[no-untyped-def]
    """Moves those of `index[start:stop]` with the smallest keys before `middle` (Hoare's selection)."""
    last = stop - 1
    while last > start:
        pivot = key[index[(start + last) // 2]]
        i, j = start, last
        while i <= j:
            while key[index[i]] < pivot:
                i += 1
            while key[index[j]] > pivot:
                j -= 1
            if i <= j:
                swapped = index[i]
                index[i] = index[j]
                index[j] = swapped
                i += 1
                j -= 1
        if middle <= j:
            last = j
        elif middle >= i:
            start = i
        else:
            return
