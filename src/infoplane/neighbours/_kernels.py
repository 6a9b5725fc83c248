"""The k nearest neighbours of every point in max norm, and the information that follows from them.

The points of a tile are processed together, one per lane: another point's distances from all of them are one row, which
sinks into the k smallest without a branch. Tiles whose boxes are farther apart than the k-th neighbours found so far
are skipped. In few dimensions this does what a tree does, without a tree; in many dimensions, where no box is far, it
is brute force. Memory: 2 rows per point.

Distances are `abs(a - b)` in float64. Equal values have distance exactly 0. Distances that differ by less than a share
`TIE` count as equal, so that the rounding of scaled columns does not separate labels.
"""

import numpy as np

from ..compiling import compiled, inlined
from ._columns import standardised
from ._lanes import count_bits, count_rows, count_sorted, fit, from_box, from_point, lowest_bit, of_boxes, sink, stretch
from ._tiles import near_order, tiled
from ._vectors import WIDTH

FAR = 1e308  # beyond all distances, and still finite when widened by a tie
TIE = 2.0**-30
JUST_INSIDE, JUST_OUTSIDE = 1 - TIE, 1 + TIE
TO_EDGE = JUST_OUTSIDE / JUST_INSIDE
CHUNK = 16  # columns to process before checking if a point is already too far from the whole tile


@compiled
def information(x, standard, rounding, y, y_tiled, y_sorted, k, variant, nearer, psi, atom):  # type: ignore[no-untyped-def]
    """I(X;Y) in nats of x `(n, columns)`, standardised here if `standard`, and y `(n, columns)`, also given `Tiled`.

    If y has one column, `y_sorted` holds its sorted values, padded with infinity to a power of two.
    `nearer`: see `nearest`. `variant`, `psi` and `atom`: see `one_point`.
    """
    points = standardised(x, rounding) if standard else x
    if is_constant(points):
        return 0.0
    n = len(points)
    order = near_order(points)
    y_near = tiled(y, order)
    kth, neighbours, x_radius, y_radius, count_x = nearest(tiled(points, order), y_near, k, variant, nearer)
    here = y_near.points
    count_y = np.empty(len(y_radius), np.int64)
    if y.shape[1] == 1:
        radius, counts = y_radius.reshape(-1, WIDTH), count_y.reshape(-1, WIDTH)
        edge, within_edge = np.empty((1, WIDTH)), np.empty((1, WIDTH), np.int64)
        for t in range(len(counts)):
            count_sorted(y_sorted, y_near.tiles, t, radius, t, counts, t)
            if with_edges(variant, nearer):
                stretch(radius, t, TO_EDGE, edge, 0)
                count_sorted(y_sorted, y_near.tiles, t, edge, 0, within_edge, 0)
                for lane in range(WIDTH):
                    counts[t, lane] = max(counts[t, lane], within_edge[0, lane] - 1)
    else:
        corner, rows = np.empty((1, 2 * y.shape[1])), np.empty((3, 1, WIDTH))
        for i in range(n):
            count_y[i] = count_within(y_tiled, here, i, y_radius[i], corner, rows)
            if with_edges(variant, nearer):
                within = count_within(y_tiled, here, i, y_radius[i] * TO_EDGE, corner, rows)
                count_y[i] = max(count_y[i], within - 1)
    total = 0.0
    for i in range(n):
        total += one_point(
            n, kth[i], neighbours[i], x_radius[i], y_radius[i], count_x[i], count_y[i], variant, psi, atom
        )
    return total / n


@compiled
def nearest(x, y, k, variant, nearer):  # type: ignore[no-untyped-def]
    """The k-th neighbours of `Tiled` x and y, in one order: arrays `(tiles * WIDTH,)`, of which n entries are points.

    Returns their distances; how many points are at most as far; half the sides of the rectangle around those, in x and
    in y; and how many points are that near in x alone, including the point itself. In variant 1, the half sides are the
    distance times `nearer[0]`, minus `nearer[1]`, and the last is the count that `one_point` describes.
    """
    _, x_points, x_tiles, x_boxes = x
    _, y_points, y_tiles, _ = y
    n, columns, groups, count = len(x_points), x_points.shape[1], len(x_boxes), len(x_tiles)
    in_x, in_y = np.empty((n, WIDTH)), np.empty((n, WIDTH))  # one row of distances per point processed
    # One more than k: it shows whether other points are as far as the k-th.
    smallest, reach, bound = np.empty((k + 1, WIDTH)), np.empty((1, WIDTH)), np.empty((1, WIDTH))
    within_edge, edges = np.empty((1, WIDTH), np.int64), with_edges(variant, nearer)
    zeros, spare, corner = np.zeros((1, WIDTH)), np.empty((1, WIDTH)), np.empty((1, 2 * columns))
    kth, x_radius, y_radius = np.empty((count, WIDTH)), np.empty((count, WIDTH)), np.empty((count, WIDTH))
    neighbours, count_x = np.full((count, WIDTH), k), np.empty((count, WIDTH), np.int64)
    for home in range(count):
        for u in range(columns):
            corner[0, u] = -x_boxes[home // WIDTH, columns + u, home % WIDTH]
            corner[0, columns + u] = -x_boxes[home // WIDTH, u, home % WIDTH]
        smallest[:] = FAR
        reach[:] = FAR
        bound[:] = FAR
        t, rows, step, group, boxes_near = home, 0, 0, 0, 0
        while True:
            inside = from_box(x_tiles, t, 0, min(CHUNK, columns), corner, 0, zeros, 0, spare, 0, bound, 0)
            if t == count - 1:
                inside &= (1 << n - t * WIDTH) - 1
            while inside:
                j = t * WIDTH + lowest_bit(inside)
                inside &= inside - 1
                if distances(x_tiles, home, x_points, j, zeros, in_x, rows, reach):
                    if distances(y_tiles, home, y_points, j, zeros, in_y, rows, reach):
                        if t == home:
                            in_y[rows, j - t * WIDTH] = FAR  # no point is its own neighbour
                        sink(smallest, in_x, rows, in_y, rows)
                    rows += 1
            bound[:] = stretch(smallest, k - 1, JUST_OUTSIDE, reach, 0)
            while boxes_near == 0 and step < groups:  # the home tile's own group first
                group = (home // WIDTH + step) % groups
                boxes_near = of_boxes(x_boxes, group, 0, 2 * columns, corner, 0, zeros, 0, spare, 0, bound, 0)
                if step == 0:
                    boxes_near &= ~(1 << home % WIDTH)
                step += 1
            if boxes_near == 0:
                break
            t = group * WIDTH + lowest_bit(boxes_near)
            boxes_near &= boxes_near - 1
        stretch(smallest, k - 1, 1.0, kth, home)
        ties = 0
        for lane in range(WIDTH):
            ties += kth[home, lane] == 0 or is_tied(smallest, lane, k, edges)
        if variant == 2 or ties:
            fit(in_x, in_y, rows, reach, 0, neighbours, x_radius, y_radius, home)
        for lane in range(WIDTH):
            if variant == 1 and kth[home, lane] > 0:
                if not is_tied(smallest, lane, k, edges):
                    neighbours[home, lane] = k
                x_radius[home, lane] = y_radius[home, lane] = kth[home, lane] * nearer[0] - nearer[1]
            else:
                x_radius[home, lane] = min(x_radius[home, lane], kth[home, lane]) * JUST_OUTSIDE
                y_radius[home, lane] = min(y_radius[home, lane], kth[home, lane]) * JUST_OUTSIDE
        count_rows(in_x, rows, x_radius, home, count_x, home)
        if edges:
            stretch(x_radius, home, TO_EDGE, spare, 0)
            count_rows(in_x, rows, spare, 0, within_edge, 0)
            for lane in range(WIDTH):
                count_x[home, lane] = max(count_x[home, lane], within_edge[0, lane] - 1)
    return kth.ravel(), neighbours.ravel(), x_radius.ravel(), y_radius.ravel(), count_x.ravel()


@inlined
def one_point(n, kth, neighbours, x_radius, y_radius, count_x, count_y, variant, psi, atom):  # type: ignore[no-untyped-def]
    """The term of one point, in nats. Counts are of points within the radius, including the point itself.

    Variant 1 (Kraskov et al. 2004, eq. 8): k neighbours in a square; the radii are just below the distance of the k-th.
    A side's count is the larger of two: within the radius, including the point itself, and within the distance of the
    k-th, without it. Without ties that is the first. With ties, all points as near as the k-th are neighbours, and the
    second counts all points on the edge: seen from beside a ReLU's heap, the whole heap is equally far. Leaving it out
    read 0.06 to 0.18 bits at independence, at any n.
    Variant 2 (eq. 9): neighbours in a rectangle fitted to them. The radii are its half sides, on which neighbours lie,
    so the point itself is not counted. If only x or only y is tied, that side has no width and was not fitted, so the
    1/k that eq. 9 subtracts for fitting a second side is kept. If neither side has width, the point is an atom: its
    neighbours are the points that equal it, and counts go through the table `atom` instead of `psi` (Gao et al. 2017).
    """
    if kth == 0:
        return atom[neighbours + 1] + atom[n] - atom[count_x] - atom[count_y]
    if variant == 1:
        return psi[neighbours] + psi[n] - psi[count_x] - psi[count_y]
    x_fitted, y_fitted = x_radius > 0, y_radius > 0
    nats = psi[neighbours] + psi[n] - psi[count_x - x_fitted] - psi[count_y - y_fitted]
    return nats - 1 / neighbours if x_fitted and y_fitted else nats


@inlined
def with_edges(variant, nearer):  # type: ignore[no-untyped-def]
    """Whether ties are counted: not by variant 2, which has its own way, nor where `nearer` is another's rule."""
    return variant == 1 and nearer[1] == 0.0


@inlined
def is_tied(smallest, lane, k, edges):  # type: ignore[no-untyped-def]
    """Whether more than k points are as near as the k-th, where that is asked."""
    return edges and smallest[k, lane] <= smallest[k - 1, lane] * JUST_OUTSIDE


@inlined
def distances(tiles, t, points, j, start, out, o, bound):  # type: ignore[no-untyped-def]
    """Puts the distances of tile t from point j, at least `start[0]`, into `out[o]`; gives the bits of those within
    `bound[0]`.

    Stops early once the whole tile is beyond the bound; the distances are then too small, but beyond the bound.
    """
    columns = tiles.shape[1]
    near = from_point(tiles, t, 0, min(CHUNK, columns), points, j, start, 0, out, o, bound, 0)
    u = CHUNK
    while u < columns and near:
        near = from_point(tiles, t, u, min(u + CHUNK, columns), points, j, out, o, out, o, bound, 0)
        u += CHUNK
    return near


@compiled
def is_constant(points):  # type: ignore[no-untyped-def]
    for i in range(1, len(points)):
        for u in range(points.shape[1]):
            if points[i, u] != points[0, u]:
                return False
    return True


@compiled
def count_within(side, points, j, radius, corner, rows):  # type: ignore[no-untyped-def]
    """How many points of a `Tiled` are within `radius` of `points[j]`."""
    _, ordered, tiles, boxes = side
    columns, zeros, spare, bound = points.shape[1], rows[0], rows[1], rows[2]
    for u in range(columns):
        corner[0, u] = points[j, u]
        corner[0, columns + u] = -points[j, u]
    zeros[:] = 0.0
    bound[:] = radius
    count = 0
    for group in range(len(boxes)):
        boxes_near = of_boxes(boxes, group, 0, 2 * columns, corner, 0, zeros, 0, spare, 0, bound, 0)
        while boxes_near:
            t = group * WIDTH + lowest_bit(boxes_near)
            boxes_near &= boxes_near - 1
            near = distances(tiles, t, points, j, zeros, spare, 0, bound)
            if t == len(tiles) - 1:
                near &= (1 << len(ordered) - t * WIDTH) - 1
            count += count_bits(near)
    return count
