"""Points in tiles of near ones, each with its bounding box: the leaves of a tree without the tree."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._compile import compiled
from ._lanes import WIDTH


class Tiled(NamedTuple):
    """n points, once as they came and once in an order in which near ones are close together.

    `tiles` are `points[order]`; places left over are infinitely far. `boxes` are one `(low, -high)` for each
    tile, and lie in tiles themselves.
    """

    points: NDArray[np.float64]  # (n, columns)
    order: NDArray[np.int64]  # (n,)
    tiles: NDArray[np.float64]  # (tiles, columns, WIDTH)
    boxes: NDArray[np.float64]  # (groups of tiles, 2 columns, WIDTH)


@compiled
def tiled(points):  # type: ignore[no-untyped-def]
    """`points` `(n, columns)` as `Tiled`."""
    order = near_order(points)
    tiles = tile(points, order)
    return Tiled(points, order, tiles, boxed(tiles, len(points)))


@compiled
def near_order(points):  # type: ignore[no-untyped-def]
    """An order of `points` by halving along the widest column, over and over, down to a tile."""
    n, columns = points.shape
    order, key = np.arange(n), np.empty(n)
    low, high = np.empty(columns), np.empty(columns)
    todo, left = np.empty((64, 2), np.int64), 1
    todo[0] = (0, n)
    while left:
        left -= 1
        start, stop = todo[left]
        if stop - start <= WIDTH:
            continue
        for u in range(columns):
            low[u] = high[u] = points[order[start], u]
        for a in range(
            start, stop, 1 + (stop - start) // 64
        ):  # some are enough to tell which column is widest
            for u in range(columns):
                value = points[order[a], u]
                low[u] = value if value < low[u] else low[u]
                high[u] = value if value > high[u] else high[u]
        widest = 0
        for u in range(columns):
            if high[u] - low[u] > high[widest] - low[widest]:
                widest = u
        for a in range(start, stop):
            key[order[a]] = points[order[a], widest]
        tiles = (stop - start + WIDTH - 1) // WIDTH
        middle = start + (tiles + 1) // 2 * WIDTH
        partition(key, order, start, stop, middle)
        todo[left] = (start, middle)
        todo[left + 1] = (middle, stop)
        left += 2
    return order


@compiled
def partition(key, index, start, stop, middle):  # type: ignore[no-untyped-def]
    """Hoare's selection: puts those of `index[start:stop]` with the smallest keys before `middle`."""
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


@compiled
def tile(points, order):  # type: ignore[no-untyped-def]
    """`points[order]` in tiles."""
    n, columns = points.shape
    tiles = np.full(((n + WIDTH - 1) // WIDTH, columns, WIDTH), np.inf)
    for t in range(len(tiles)):
        for lane in range(min(WIDTH, n - t * WIDTH)):
            i = order[t * WIDTH + lane]
            for u in range(columns):
                tiles[t, u, lane] = points[i, u]
    return tiles


@compiled
def boxed(tiles, n):  # type: ignore[no-untyped-def]
    """The boxes of the tiles of n points. A point p is at distance max(0, low - p, p - high) from one."""
    count, columns, _ = tiles.shape
    boxes = np.full(((count + WIDTH - 1) // WIDTH, 2 * columns, WIDTH), np.inf)
    for t in range(count):
        for u in range(columns):
            low = high = tiles[t, u, 0]
            for lane in range(1, min(WIDTH, n - t * WIDTH)):
                value = tiles[t, u, lane]
                low = value if value < low else low
                high = value if value > high else high
            boxes[t // WIDTH, u, t % WIDTH] = low
            boxes[t // WIDTH, columns + u, t % WIDTH] = -high
    return boxes
