"""The compiled part of `sheared_ksg`: neighbours in boxes that lean along a line fitted to y.

Points come sorted by their first target. A point that is near in all columns is near in this one, so the search goes
outward from each point and stops early.
"""

import numpy as np

from ..compiling import compiled, inlined
from ._kernels import FAR, JUST_INSIDE, JUST_OUTSIDE
from ._lanes import at_most, from_point, lean, less_products, lowest_bit, sink
from ._lines import regress
from ._tiles import tiled
from ._vectors import WIDTH

MARGIN = 1e-6  # of a bound that was rounded differently, so that it excludes no neighbour
ENOUGH = 4  # count the points of y in the box if there are this many times k
STRIDE = 16  # places to skip at once in sorted values


@compiled
def information_nats(t, y, ranks, log_density, least, most, around, psi):  # type: ignore[no-untyped-def]
    """The mean over `least`...`most` neighbours of n points; t `(n, units)`, y `(n, targets)`.

    The first column of y is ascending; `ranks` `(n, columns)` are of all columns, beginning with that one.
    `log_density` `(n,)` is that of y, for boxes too low to count in. Each line is fitted to `around` points.
    """
    (n, units), targets = t.shape, y.shape[1]
    nearest, slope, height = np.empty(most), np.empty((targets, units)), np.empty(targets)
    near, counts = np.empty((WIDTH, n + 1), np.int64), np.empty(WIDTH, np.int64)
    t_near, y_near = np.empty((n, units, WIDTH)), np.empty((n, targets, WIDTH))
    slopes, heights = np.empty((units, targets, WIDTH)), np.empty((targets, WIDTH))
    widths, bounds = np.empty(WIDTH), np.empty((most, WIDTH))
    _, _, t_tiles, _ = tiled(t, np.arange(n))
    _, _, y_tiles, _ = tiled(y, np.arange(n))
    _, _, rank_tiles, _ = tiled(ranks, np.arange(n))
    tiles, y_columns = len(t_tiles), y.T.copy()
    apart_tiled, left_tiled = np.empty((tiles, WIDTH)), np.empty((targets, tiles, WIDTH))
    apart, left = apart_tiled.reshape(tiles * WIDTH), left_tiled.reshape(targets, tiles * WIDTH)
    in_ranks, smallest = np.empty((n, WIDTH)), np.empty((around, WIDTH))
    total = 0.0
    for i in range(n):
        lane = i % WIDTH
        if lane == 0:
            surroundings(ranks, rank_tiles, i // WIDTH, smallest, in_ranks, near, counts)
            longest = counts.max()
            for a in range(WIDTH):
                gather(t, min(i + a, n - 1), near[a, : counts[a]], t_near, a, longest)
                gather(y, min(i + a, n - 1), near[a, : counts[a]], y_near, a, longest)
            regress(t_near[:longest].copy(), y_near[:longest].copy(), counts, slopes, heights)
            boxes(t_near[:longest], y_near[:longest], counts, slopes, heights, widths, bounds)
        for v in range(targets):
            height[v] = heights[v, lane]
            for u in range(units):
                slope[v, u] = slopes[u, v, lane]
            for tile in range(tiles):
                lean(t_tiles, t, y_tiles, y, slope, v, tile, i, apart_tiled, left_tiled, v * tiles + tile)
        apart[n:] = FAR  # the padding of the last tile
        apart[i] = FAR  # no point is its own neighbour
        per_width, bound = 1 / widths[lane], bounds[most - 1, lane] * (1 + MARGIN) + MARGIN
        nearest[:] = FAR
        for tile in range(tiles):
            inside = at_most(apart_tiled, tile, bound * widths[lane])
            for v in range(targets):
                inside &= at_most(left_tiled, v * tiles + tile, bound * height[v])
            while inside:
                j = tile * WIDTH + lowest_bit(inside)
                inside &= inside - 1
                farthest = apart[j] * per_width
                for v in range(targets):
                    high = left[v, j] / height[v]
                    farthest = high if high > farthest else farthest
                keep(nearest, farthest)

        log_volume = 0.0
        for v in range(targets):
            log_volume += np.log(2 * height[v])
        for k in range(least, most + 1):
            edge = nearest[k - 1]
            count_t = 1
            for j in range(n):
                count_t += apart[j] * per_width < edge * JUST_INSIDE
            nats = psi[k] - psi[count_t]
            count_y = count_in(y_columns, i, edge, height)
            if count_y >= ENOUGH * most:
                nats += psi[n] - psi[count_y]
            else:
                nats -= log_volume + targets * np.log(edge) + log_density[i]
            total += nats / (most - least + 1)
    return total / n


@compiled
def boxes(t, y, counts, slope, height, width, nearest):  # type: ignore[no-untyped-def]
    """Fills half the `width` of `WIDTH` boxes, and the distances, in box sizes, of the `nearest` `(k, WIDTH)` of the
    surroundings: no neighbour is farther. The surroundings differ from the points by t `(rows, units, WIDTH)` and y.

    Replaces y by its residuals.
    """
    longest, units, targets = len(t), t.shape[1], y.shape[1]
    origin, zeros, beyond = np.zeros((1, units)), np.zeros((1, WIDTH)), np.full((1, WIDTH), FAR)
    far = np.empty((longest, WIDTH))
    width[:] = 0.0
    for a in range(longest):
        from_point(t, a, 0, units, origin, 0, zeros, 0, far, a, beyond, 0)
        for lane in range(WIDTH):
            width[lane] = max(width[lane], far[a, lane])
    for lane in range(WIDTH):
        width[lane] = width[lane] if width[lane] > 0 else 1.0
    nearest[:] = FAR
    for a in range(longest):
        for lane in range(WIDTH):
            far[a, lane] = far[a, lane] / width[lane] if a < counts[lane] else FAR
        for v in range(targets):
            less_products(y, a * targets + v, slope, v, targets, t, a * units, 1, units)
            for lane in range(WIDTH):
                far[a, lane] = max(far[a, lane], abs(y[a, v, lane]) / height[v, lane])
        sink(nearest, far, a, zeros, 0)


@compiled
def surroundings(points, tiles, tile, smallest, in_ranks, near, counts):  # type: ignore[no-untyped-def]
    """Fills `near` `(WIDTH, n + 1)` with the points nearest to each point of a tile, and `counts` `(WIDTH,)` with their
    numbers: as many as `smallest` has rows, plus those tied with the farthest (so the order of rows does not matter).

    `points` `(n, columns)` and their `tiles` are ascending in the first column. The other arrays are overwritten.
    """
    n, columns, last = len(points), points.shape[1], len(smallest) - 1
    zeros, spare = np.zeros((1, WIDTH)), np.empty((1, WIDTH))
    smallest[:] = FAR
    low, high = tile * WIDTH, tile * WIDTH
    while True:
        before = low > 0 and from_point(tiles, tile, 0, 1, points, low - 1, zeros, 0, spare, 0, smallest, last) > 0
        after = high < n and from_point(tiles, tile, 0, 1, points, high, zeros, 0, spare, 0, smallest, last) > 0
        if before:
            low -= 1
            if from_point(tiles, tile, 0, columns, points, low, zeros, 0, in_ranks, low, smallest, last):
                sink(smallest, in_ranks, low, zeros, 0)
        if after:
            if from_point(tiles, tile, 0, columns, points, high, zeros, 0, in_ranks, high, smallest, last):
                if high < (tile + 1) * WIDTH:
                    in_ranks[high, high % WIDTH] = FAR  # no point is near itself
                sink(smallest, in_ranks, high, zeros, 0)
            high += 1
        if not (before or after):
            break
    for lane in range(WIDTH):
        edge, count = smallest[last, lane] * JUST_OUTSIDE, 0
        for j in range(low, high):
            near[lane, count] = j
            count += in_ranks[j, lane] <= edge
        counts[lane] = count


@inlined
def gather(points, i, near, out, lane, longest):  # type: ignore[no-untyped-def]
    """Puts the differences of the points `near` from i into a lane of `out (n, columns, WIDTH)`, and 0 after them."""
    for a in range(len(near)):
        for u in range(points.shape[1]):
            out[a, u, lane] = points[near[a], u] - points[i, u]
    for a in range(len(near), longest):
        for u in range(points.shape[1]):
            out[a, u, lane] = 0.0


@inlined
def within(values, i, reach):  # type: ignore[no-untyped-def]
    """The first place, and the last plus one, of ascending `values` within `reach` of `values[i]`; and 0."""
    first, last = i, i + 1
    while first >= STRIDE and values[i] - values[first - STRIDE] <= reach:
        first -= STRIDE
    while first > 0 and values[i] - values[first - 1] <= reach:
        first -= 1
    while last + STRIDE <= len(values) and values[last + STRIDE - 1] - values[i] <= reach:
        last += STRIDE
    while last < len(values) and values[last] - values[i] <= reach:
        last += 1
    return first, last, 0


@inlined
def count_in(y, i, edge, height):  # type: ignore[no-untyped-def]
    """How many points, including i, are nearer than `edge` half boxes in y."""
    first, last, count = within(y[0], i, edge * height[0] * JUST_INSIDE)
    for j in range(first, last):
        inside = True
        for v in range(1, len(y)):
            inside &= abs(y[v, j] - y[v, i]) / height[v] < edge * JUST_INSIDE
        count += inside
    return count


@inlined
def keep(smallest, value):  # type: ignore[no-untyped-def]
    """Inserts `value` into the sorted `smallest` if it is one of them."""
    if value < smallest[-1]:
        a = len(smallest) - 1
        while a > 0 and smallest[a - 1] > value:
            smallest[a] = smallest[a - 1]
            a -= 1
        smallest[a] = value
