"""`information` under permutations of y: one walk from each point serves hundreds of draws, one to a lane."""

import numpy as np

from ._compile import compiled, inlined
from ._kernels import FAR, count_within, distances, one_point, stand_at
from ._lanes import WIDTH
from ._tiles import partition

SIDE_BY_SIDE = 256  # draws: their k smallest distances stay in the first cache


@compiled
def permuted_information(x, y, y_sorted, permutations, k, variant, psi, atom):  # type: ignore[no-untyped-def]
    """`information` of (x, y[p]) in nats for each row p of `permutations` `(draws, n)`; `(draws,)`.

    One walk outward from each point, over the others sorted by their distance in x, serves all draws side by
    side: it ends where no draw's k-th neighbour can be any farther.
    """
    x_points, order, x_tiles, _ = x
    y_points, _, y_tiles, y_boxes = y
    n, columns, draws = len(x_points), y_points.shape[1], len(permutations)
    in_x = np.empty((len(x_tiles), WIDTH))
    in_x_row = in_x.reshape(in_x.size)
    others, far = np.empty(n, np.int64), np.empty(n)
    zeros, spare = np.zeros((1, WIDTH)), np.empty((1, WIDTH))
    x_here, x_corner = np.empty(x_points.shape[1]), np.empty(2 * x_points.shape[1])
    y_here, y_corner = np.empty(columns), np.empty(2 * columns)
    total = np.zeros(draws)
    size = 1
    while size <= len(y_sorted):
        size *= 2
    padded = np.full(size, np.inf)
    padded[: len(y_sorted)] = y_sorted
    for first in range(0, draws, SIDE_BY_SIDE):
        lanes = min(SIDE_BY_SIDE, draws - first)
        ys = np.empty((n, columns, lanes))
        for lane in range(lanes):
            for i in range(n):
                for u in range(columns):
                    ys[i, u, lane] = y_points[permutations[first + lane, order[i]], u]
        smallest, joint = np.empty((k, lanes)), np.empty(lanes)
        x_radius, y_radius = np.empty(lanes), np.empty(lanes)
        neighbours, count_x, count_y = (
            np.empty(lanes, np.int64),
            np.empty(lanes, np.int64),
            np.empty(lanes, np.int64),
        )
        low, walked = np.empty(lanes, np.int64), 0
        for i in range(n):
            stand_at(x_points, order[i], x_here, x_corner)
            for t in range(len(x_tiles)):
                distances(x_tiles, t, x_here, zeros, 0, in_x, t, FAR)
            for a in range(n):
                others[a] = a
            others[i] = n - 1
            smallest[:] = FAR
            steps, known = 0, 0
            while steps < n - 1:
                if steps == known:
                    known = min(n - 1, max(walked, steps + 32))
                    sort_nearest(in_x_row, others, far, steps, known, n - 1)
                if steps % 4 == 0 and not reached(smallest[k - 1], far[steps]):
                    break
                apart(ys[i], ys[others[steps]], far[steps], joint)
                keep_smallest(smallest, joint)
                steps += 1
            walked = steps + 8
            kth = smallest[k - 1]
            if variant == 2 or kth.min() == 0:
                fit(kth, ys, i, others[:steps], far, joint, neighbours, x_radius, y_radius)
            for lane in range(lanes):
                if variant == 1 and kth[lane] > 0:
                    neighbours[lane] = k
                    x_radius[lane] = y_radius[lane] = np.nextafter(kth[lane], 0.0)
                count_x[lane] = 1
            for a in range(steps):
                for lane in range(lanes):
                    count_x[lane] += far[a] <= x_radius[lane]
            if columns == 1:
                count_sorted_many(padded, ys[i, 0], y_radius, low, count_y)
            for lane in range(lanes):
                if columns > 1:
                    stand_at(y_points, permutations[first + lane, order[i]], y_here, y_corner)
                    count_y[lane] = count_within(
                        y_tiles, y_boxes, y_sorted, y_here, y_corner, y_radius[lane], zeros, spare
                    )
                total[first + lane] += one_point(
                    n,
                    kth[lane],
                    neighbours[lane],
                    x_radius[lane],
                    y_radius[lane],
                    count_x[lane],
                    count_y[lane],
                    variant,
                    psi,
                    atom,
                )
    return total / n


@compiled
def sort_nearest(key, index, keys, start, stop, end):  # type: ignore[no-untyped-def]
    """Sorts the nearest of `index[start:end]` into `index[start:stop]`, their keys into `keys`."""
    if stop < end:
        partition(key, index, start, end, stop)
    nearest = index[start:stop].copy()
    order = np.argsort(key[nearest])
    for a in range(stop - start):
        index[start + a] = nearest[order[a]]
        keys[start + a] = key[nearest[order[a]]]


@inlined
def reached(kth, far):  # type: ignore[no-untyped-def]
    """In how many lanes the k-th neighbour may be as far as `far`."""
    count = 0
    for lane in range(len(kth)):
        count += kth[lane] >= far
    return count


@inlined
def apart(here, there, least, out):  # type: ignore[no-untyped-def]
    """In each lane, the distance of points `here` and `there` `(columns, lanes)`, but at least `least`."""
    mine, other = here[0], there[0]
    for lane in range(len(out)):
        away = abs(mine[lane] - other[lane])
        out[lane] = away if away > least else least
    for u in range(1, len(here)):
        mine, other = here[u], there[u]
        for lane in range(len(out)):
            away = abs(mine[lane] - other[lane])
            out[lane] = away if away > out[lane] else out[lane]


@inlined
def keep_smallest(smallest, joint):  # type: ignore[no-untyped-def]
    """In each lane, `joint` into the k smallest in order; what falls out of them is left in `joint`."""
    k, lanes = smallest.shape
    a = 0
    while a + 3 <= k:  # three at a time: what limits this loop is loads and stores
        first, second, third = smallest[a], smallest[a + 1], smallest[a + 2]
        for lane in range(lanes):
            new, old = joint[lane], first[lane]
            first[lane] = new if new < old else old
            new, old = old if new < old else new, second[lane]
            second[lane] = new if new < old else old
            new, old = old if new < old else new, third[lane]
            third[lane] = new if new < old else old
            joint[lane] = old if new < old else new
        a += 3
    while a < k:
        row = smallest[a]
        for lane in range(lanes):
            new, old = joint[lane], row[lane]
            row[lane] = new if new < old else old
            joint[lane] = old if new < old else new
        a += 1


@inlined
def fit(kth, ys, i, others, far, away, neighbours, x_radius, y_radius):  # type: ignore[no-untyped-def]
    """In each lane, how many of `others` are within `kth` of i, and the half sides of their rectangle."""
    neighbours[:], x_radius[:], y_radius[:] = 0, 0.0, 0.0
    for a in range(len(others)):
        x_away, lanes = far[a], len(kth)
        apart(ys[i], ys[others[a]], 0.0, away)
        # One array a loop: with more, LLVM gives up on proving them apart and does not vectorise.
        for lane in range(lanes):
            neighbours[lane] += (away[lane] <= kth[lane]) & (x_away <= kth[lane])
        for lane in range(lanes):
            near = (away[lane] <= kth[lane]) & (x_away <= kth[lane])
            x_radius[lane] = x_away if near else x_radius[lane]
        for lane in range(lanes):
            near = (y_radius[lane] < away[lane]) & (away[lane] <= kth[lane]) & (x_away <= kth[lane])
            y_radius[lane] = away[lane] if near else y_radius[lane]


@inlined
def count_sorted_many(padded, here, radius, low, count):  # type: ignore[no-untyped-def]
    """`count_sorted` in each lane; `padded` with infinity to a power of two.

    Halving goes step by step in all lanes at once, so that no step waits for the one before it.
    """
    low[:], count[:] = 0, 0
    step = len(padded) // 2
    while step:
        for lane in range(len(here)):
            low[lane] += step if here[lane] - padded[low[lane] + step - 1] > radius[lane] else 0
        for lane in range(len(here)):
            count[lane] += step if padded[count[lane] + step - 1] - here[lane] <= radius[lane] else 0
        step //= 2
    for lane in range(len(here)):
        count[lane] -= low[lane]
