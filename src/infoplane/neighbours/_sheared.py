"""The compiled part of `sheared_ksg`: neighbours in boxes that lean along a line fitted to y.

Points come sorted by their first target. What is near in all columns is near in that one, so points are looked
at from each one outward, and those beyond need not be.
"""

import numpy as np

from ..compiling import compiled, inlined
from ._kernels import FAR, JUST_INSIDE, JUST_OUTSIDE
from ._lanes import WIDTH, from_point, sink
from ._lines import regress
from ._tiles import tiled

ENOUGH = 4  # times k points of y in the box, to count by them
STRIDE = 16  # places to step over at once in what is sorted


@compiled
def information_nats(t, y, ranks, log_density, least, most, around, psi):  # type: ignore[no-untyped-def]
    """The mean over `least`...`most` neighbours of n points; t `(units, n)`, y `(targets, n)`.

    y[0] is ascending, and ranks `(columns, n)` are of all columns, ranks[0] those of y[0]. `log_density` `(n,)` is
    that of y, for boxes too low to count in. A line is fitted to `around` points.
    """
    units, n, targets = len(t), t.shape[1], len(y)
    apart, nearest = np.empty(n), np.empty(most)
    near, counts = np.empty((WIDTH, n + 1), np.int64), np.empty(WIDTH, np.int64)
    t_near, y_near = np.empty((n, units, WIDTH)), np.empty((n, targets, WIDTH))
    slopes, heights = np.empty((units, targets, WIDTH)), np.empty((targets, WIDTH))
    slope, height = np.empty((units, targets)), np.empty(targets)
    _, rank_points, rank_tiles, _ = tiled(ranks.T.copy(), np.arange(n))
    in_ranks, smallest = np.empty((n, WIDTH)), np.empty((around, WIDTH))
    total = 0.0
    for point in range(n):
        lane = point % WIDTH
        if lane == 0:
            surroundings(rank_points, rank_tiles, point // WIDTH, smallest, in_ranks, near, counts)
            for a in range(WIDTH):
                i = min(point + a, n - 1)
                gather(t, i, near[a, : counts[a]], t_near, a)
                gather(y, i, near[a, : counts[a]], y_near, a)
            regress(t_near, y_near, counts, slopes, heights)
        i, count = point, counts[lane]
        slope[:], height[:] = slopes[:, :, lane], heights[:, lane]
        distances(t, i, 0, n, apart)
        width = 0.0
        for a in range(count):
            width = max(width, apart[near[lane, a]])
        per_width = 1 / width if width > 0 else 1.0
        for j in range(n):
            apart[j] *= per_width

        # The surroundings bound how far neighbours can be; then all points within that bound are looked at.
        nearest[:most] = np.inf
        for a in range(count):
            keep(nearest, most, away(t, y, i, near[lane, a], apart[near[lane, a]], slope, height))
        bound = nearest[most - 1] * JUST_OUTSIDE
        reach = height[0]
        for u in range(units):
            reach += abs(slope[u, 0]) / per_width
        first, last, count = within(y[0], i, bound * reach)
        for j in range(first, last):
            near[lane, count] = j
            count += (apart[j] <= bound) & (j != i)
        nearest[:most] = np.inf
        for a in range(count):
            keep(nearest, most, away(t, y, i, near[lane, a], apart[near[lane, a]], slope, height))

        log_volume = 0.0
        for v in range(targets):
            log_volume += np.log(2 * height[v])
        for k in range(least, most + 1):
            edge = nearest[k - 1]
            count_t = 0
            for j in range(n):
                count_t += apart[j] < edge * JUST_INSIDE
            nats = psi[k] - psi[count_t]
            count_y = count_in(y, i, edge, height)
            if count_y >= ENOUGH * most:
                nats += psi[n] - psi[count_y]
            else:
                nats -= log_volume + targets * np.log(edge) + log_density[i]
            total += nats / (most - least + 1)
    return total / n


@compiled
def surroundings(points, tiles, tile, smallest, in_ranks, near, counts):  # type: ignore[no-untyped-def]
    """Fills `near` `(WIDTH, n + 1)` with the points nearest to each of a tile, as many as `smallest` has rows and
    those tied with the farthest of them (no order of rows matters), and `counts` `(WIDTH,)` with how many they are.

    `points` `(n, columns)` and their `tiles` are ascending in the first column. The rest is overwritten.
    """
    n, columns, last = len(points), points.shape[1], len(smallest) - 1
    zeros, spare, beyond = np.zeros((1, WIDTH)), np.empty((1, WIDTH)), np.full((1, WIDTH), FAR)
    smallest[:] = FAR
    low, high = tile * WIDTH, tile * WIDTH
    while True:
        before = low > 0 and from_point(tiles, tile, 0, 1, points, low - 1, zeros, 0, spare, 0, smallest, last) > 0
        after = high < n and from_point(tiles, tile, 0, 1, points, high, zeros, 0, spare, 0, smallest, last) > 0
        if before:
            low -= 1
            from_point(tiles, tile, 0, columns, points, low, zeros, 0, in_ranks, low, beyond, 0)
            sink(smallest, in_ranks, low, zeros, 0)
        if after:
            from_point(tiles, tile, 0, columns, points, high, zeros, 0, in_ranks, high, beyond, 0)
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
def gather(columns, i, near, out, lane):  # type: ignore[no-untyped-def]
    """How the points `near` differ from i in each column, as a lane of `out (n, columns, WIDTH)`."""
    for a in range(len(near)):
        for u in range(len(columns)):
            out[a, u, lane] = columns[u, near[a]] - columns[u, i]


@inlined
def within(values, i, reach):  # type: ignore[no-untyped-def]
    """The places, first and one past the last, of ascending `values` at most `reach` from `values[i]`; and 0."""
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
    """How many points, i among them, are nearer than `edge` half boxes in y."""
    first, last, count = within(y[0], i, edge * height[0] * JUST_INSIDE)
    for j in range(first, last):
        inside = True
        for v in range(1, len(y)):
            inside &= abs(y[v, j] - y[v, i]) / height[v] < edge * JUST_INSIDE
        count += inside
    return count


@inlined
def distances(columns, i, start, stop, out):  # type: ignore[no-untyped-def]
    """Of point i from those from `start` to before `stop`, in max norm."""
    first, here = columns[0], columns[0, i]
    for j in range(start, stop):
        out[j] = abs(first[j] - here)
    for u in range(1, len(columns)):
        column, here = columns[u], columns[u, i]
        for j in range(start, stop):
            far = abs(column[j] - here)
            out[j] = far if far > out[j] else out[j]


@inlined
def keep(smallest, count, value):  # type: ignore[no-untyped-def]
    """`value` among the `count` smallest in order, if it is one."""
    if value < smallest[count - 1]:
        a = count - 1
        while a > 0 and smallest[a - 1] > value:
            smallest[a] = smallest[a - 1]
            a -= 1
        smallest[a] = value


@inlined
def away(t, y, i, j, apart, slope, height):  # type: ignore[no-untyped-def]
    """How far j is from i in the sheared box: `apart` in t, or farther in what the slope leaves of y."""
    farthest = apart
    for v in range(len(y)):
        left = y[v, j] - y[v, i]
        for u in range(len(t)):
            left -= slope[u, v] * (t[u, j] - t[u, i])
        left = abs(left) / height[v]
        farthest = left if left > farthest else farthest
    return farthest
