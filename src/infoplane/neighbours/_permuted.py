"""`information` under permutations of y: one walk from each point serves hundreds of draws, one per lane."""

import numpy as np

from ..compiling import compiled, inlined
from ._kernels import FAR, JUST_INSIDE, JUST_OUTSIDE, TO_EDGE, count_within, distances, is_tied, one_point
from ._lanes import count_sorted, stretch
from ._tiles import partition
from ._vectors import WIDTH

SIDE_BY_SIDE = 256  # draws at once, so that their k smallest distances stay in the first cache


@compiled
def permuted_information(x, y, y_tiled, y_sorted, permutations, k, variant, psi, atom):  # type: ignore[no-untyped-def]
    """`information` in nats of `Tiled` x and y[p] for each row p of `permutations` `(draws, n)`; `(draws,)`.

    One walk outward from each point, over the others sorted by their distance in x, serves all draws together. It ends
    where no draw's k-th neighbour can be farther.
    """
    order, x_points, x_tiles, _ = x
    n, columns, draws = len(y), y.shape[1], len(permutations)
    in_x = np.empty((len(x_tiles), WIDTH))
    in_x_row = in_x.reshape(in_x.size)
    others, far = np.empty(n, np.int64), np.empty(n)
    zeros, beyond = np.zeros((1, WIDTH)), np.full((1, WIDTH), FAR)
    corner, rows = np.empty((1, 2 * columns)), np.empty((3, 1, WIDTH))
    total = np.zeros(draws)
    for first in range(0, draws, SIDE_BY_SIDE):
        ours = min(SIDE_BY_SIDE, draws - first)
        lanes = (ours + WIDTH - 1) // WIDTH * WIDTH  # padded with the last draw
        ys = np.empty((n, columns, lanes))
        for lane in range(lanes):
            draw = first + min(lane, ours - 1)
            for i in range(n):
                for u in range(columns):
                    ys[i, u, lane] = y[permutations[draw, order[i]], u]
        smallest, joint = np.empty((k + 1, lanes)), np.empty(lanes)
        x_radius, y_radius = np.empty(lanes), np.empty(lanes)
        neighbours, count_x, count_y = (
            np.empty(lanes, np.int64),
            np.empty(lanes, np.int64),
            np.empty(lanes, np.int64),
        )
        edge, edge_y, edge_x = np.empty((1, WIDTH)), np.empty((1, WIDTH), np.int64), np.empty(lanes, np.int64)
        rows_of_radius, rows_of_count, walked = y_radius.reshape(-1, WIDTH), count_y.reshape(-1, WIDTH), 0
        for i in range(n):
            for t in range(len(x_tiles)):
                distances(x_tiles, t, x_points, i, zeros, in_x, t, beyond)
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
            if variant == 2 or count_tied(smallest, k):
                fit(kth, ys, i, others[:steps], far, joint, neighbours, x_radius, y_radius)
            for lane in range(lanes):
                if variant == 1 and kth[lane] > 0:
                    if not is_tied(smallest, lane, k, True):
                        neighbours[lane] = k
                    x_radius[lane] = y_radius[lane] = kth[lane] * JUST_INSIDE
                count_x[lane] = 1
            for a in range(steps):
                for lane in range(lanes):
                    count_x[lane] += far[a] <= x_radius[lane]
            if variant == 1:
                edge_x[:] = 0
                for a in range(steps):
                    for lane in range(lanes):
                        edge_x[lane] += far[a] <= x_radius[lane] * TO_EDGE
                for lane in range(lanes):
                    count_x[lane] = max(count_x[lane], edge_x[lane])
            if columns == 1:
                here = ys[i].reshape(-1, WIDTH)
                for r in range(len(here)):
                    count_sorted(y_sorted, here, r, rows_of_radius, r, rows_of_count, r)
                    if variant == 1:
                        stretch(rows_of_radius, r, TO_EDGE, edge, 0)
                        count_sorted(y_sorted, here, r, edge, 0, edge_y, 0)
                        for lane in range(WIDTH):
                            rows_of_count[r, lane] = max(rows_of_count[r, lane], edge_y[0, lane] - 1)
            for lane in range(ours):
                if columns > 1:
                    j = permutations[first + lane, order[i]]
                    count_y[lane] = count_within(y_tiled, y, j, y_radius[lane], corner, rows)
                    if variant == 1:
                        within = count_within(y_tiled, y, j, y_radius[lane] * TO_EDGE, corner, rows)
                        count_y[lane] = max(count_y[lane], within - 1)
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
    """Sorts the nearest of `index[start:end]` into `index[start:stop]`, and their keys, with a comb sort."""
    if stop < end:
        partition(key, index, start, end, stop)
    for a in range(start, stop):
        keys[a] = key[index[a]]
    gap, swapped = stop - start, True
    while gap > 1 or swapped:
        gap, swapped = max(1, gap * 10 // 13), False
        for a in range(start, stop - gap):
            if keys[a] > keys[a + gap]:
                keys[a], keys[a + gap] = keys[a + gap], keys[a]
                index[a], index[a + gap] = index[a + gap], index[a]
                swapped = True


@inlined
def reached(kth, far):  # type: ignore[no-untyped-def]
    """In how many lanes the k-th neighbour may be as far as `far`."""
    count = 0
    for lane in range(len(kth)):
        count += kth[lane] * JUST_OUTSIDE >= far
    return count


@inlined
def count_tied(smallest, k):  # type: ignore[no-untyped-def]
    """In how many lanes others are as near as the k-th neighbour, or it is at 0."""
    count = 0
    for lane in range(smallest.shape[1]):
        count += smallest[k - 1, lane] == 0 or smallest[k, lane] <= smallest[k - 1, lane] * JUST_OUTSIDE
    return count


@inlined
def apart(here, there, least, out):  # type: ignore[no-untyped-def]
    """In each lane, the distance between the points `here` and `there` `(columns, lanes)`, but at least `least`."""
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
    """In each lane, inserts `joint` into the sorted k smallest; the number that drops out is left in `joint`."""
    k, lanes = smallest.shape
    a = 0
    while a + 3 <= k:  # three at a time, since loads and stores limit this loop
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
    """In each lane, counts the `others` within `kth` of i, and finds the half sides of their rectangle."""
    lanes = len(kth)
    neighbours[:], x_radius[:], y_radius[:] = 0, 0.0, 0.0
    for a in range(len(others)):
        x_away = far[a]
        apart(ys[i], ys[others[a]], 0.0, away)
        # One array per loop: with more, LLVM cannot prove that they do not overlap and does not vectorise.
        for lane in range(lanes):
            reach = kth[lane] * JUST_OUTSIDE
            neighbours[lane] += (away[lane] <= reach) & (x_away <= reach)
        for lane in range(lanes):
            reach = kth[lane] * JUST_OUTSIDE
            x_radius[lane] = x_away if (away[lane] <= reach) & (x_away <= reach) else x_radius[lane]
        for lane in range(lanes):
            reach = kth[lane] * JUST_OUTSIDE
            near = (y_radius[lane] < away[lane]) & (away[lane] <= reach) & (x_away <= reach)
            y_radius[lane] = away[lane] if near else y_radius[lane]
    for lane in range(lanes):
        x_radius[lane] = min(x_radius[lane], kth[lane]) * JUST_OUTSIDE
        y_radius[lane] = min(y_radius[lane], kth[lane]) * JUST_OUTSIDE
