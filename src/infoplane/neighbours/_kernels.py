"""The k nearest neighbours of every point in max norm, and the information that they tell of.

For one point, the distances of the tiles' boxes (see `_tiles`) say which tiles can hold a neighbour, and only
those are looked at. In few dimensions that is a tree's work without a tree; in many, where no box is far, it
is brute force and a sixteenth more. No memory is needed beyond a few rows of n numbers.

Every comparison is of `abs(a - b)` in float64, so ties are exact.
"""

import numpy as np

from ._compile import compiled, inlined
from ._lanes import WIDTH, count_bits, farthest_column, farthest_side, lowest_bit

FAR = np.finfo(np.float64).max
CHUNK = 16  # columns to look at before asking whether all of a tile is too far already


@compiled
def information(x, y, y_tiles, y_sorted, k, variant, psi, atom):  # type: ignore[no-untyped-def]
    """I(X;Y) in nats; x and y `Tiled`, y also in x's tiles and, if it has one column, sorted (empty if not).

    `variant`, `psi` and `atom`: see `one_point`.
    """
    # Out of the tuples once: numba counts references at every access.
    x_points, order, x_tiles, boxes = x
    y_points, _, y_alone_tiles, y_alone_boxes = y
    n, x_columns, y_columns = len(x_points), x_points.shape[1], y_points.shape[1]
    # Of every tile looked at: which it is, its points' distances in x, and in x and y together.
    seen = np.empty(len(x_tiles), np.int64)
    in_x, joint = np.empty((len(x_tiles), WIDTH)), np.empty((len(x_tiles), WIDTH))
    in_x_row = in_x.reshape(in_x.size)
    hits = np.empty(n, np.int64)  # places in `joint` that were among the k nearest when they were met
    smallest = np.empty(k)
    zeros, spare = np.zeros((1, WIDTH)), np.empty((1, WIDTH))
    x_here, x_corner = np.empty(x_columns), np.empty(2 * x_columns)
    y_here, y_corner = np.empty(y_columns), np.empty(2 * y_columns)
    total = 0.0
    for i in range(n):
        home, own = i // WIDTH, i % WIDTH
        stand_at(x_points, order[i], x_here, x_corner)
        stand_at(y_points, order[i], y_here, y_corner)
        smallest[:] = FAR
        kth, rows, found = FAR, 0, 0
        t, group, boxes_near = home, -1, 0
        while True:
            if distances(x_tiles, t, x_here, zeros, 0, in_x, rows, kth):
                near = distances(y_tiles, t, y_here, in_x, rows, joint, rows, kth)
                if t == home:
                    near &= ~(1 << own)
                while near:
                    lane = lowest_bit(near)
                    near &= near - 1
                    distance = joint[rows, lane]
                    if distance <= kth:
                        hits[found] = rows * WIDTH + lane
                        found += 1
                        a = k - 1
                        while a > 0 and smallest[a - 1] > distance:
                            smallest[a] = smallest[a - 1]
                            a -= 1
                        smallest[a] = distance
                        kth = smallest[k - 1]
                seen[rows] = t
                rows += 1
            while boxes_near == 0 and group + 1 < len(boxes):
                group += 1
                boxes_near = farthest_side(boxes, group, 0, 2 * x_columns, x_corner, zeros, 0, spare, 0, kth)
                if group == home // WIDTH:
                    boxes_near &= ~(1 << home % WIDTH)
            if boxes_near == 0:
                break
            t = group * WIDTH + lowest_bit(boxes_near)
            boxes_near &= boxes_near - 1
        neighbours, x_radius, y_radius = k, 0.0, 0.0
        if variant == 1 and kth > 0:
            x_radius = y_radius = np.nextafter(kth, 0.0)
        else:
            neighbours = 0
            for a in range(found):
                row, lane = hits[a] // WIDTH, hits[a] % WIDTH
                if joint[row, lane] <= kth:
                    neighbours += 1
                    x_radius = max(x_radius, in_x[row, lane])
                    for u in range(y_columns):
                        y_radius = max(y_radius, abs(y_tiles[seen[row], u, lane] - y_here[u]))
        count_x = 0
        for a in range(rows * WIDTH):
            count_x += in_x_row[a] <= x_radius
        count_y = count_within(
            y_alone_tiles, y_alone_boxes, y_sorted, y_here, y_corner, y_radius, zeros, spare
        )
        total += one_point(n, kth, neighbours, x_radius, y_radius, count_x, count_y, variant, psi, atom)
    return total / n


@inlined
def one_point(n, kth, neighbours, x_radius, y_radius, count_x, count_y, variant, psi, atom):  # type: ignore[no-untyped-def]
    """What one point and its neighbours tell, in nats. The counts are of points at most so far, itself among
    them.

    Variant 1 (Kraskov et al. 2004, eq. 8): k neighbours in a square, radii just below the distance of the
    k-th. Variant 2 (eq. 9): neighbours in a rectangle fitted to them, radii its half sides, on which lie
    neighbours: there the point itself is not counted. A side without width, where x or y alone is tied, was
    not fitted, and what eq. 9 takes off for fitting a second one stays on. Where both have none the point is
    an atom, its neighbours are those that equal it, and shares are counted with the table `atom` instead of
    `psi` (Gao et al. 2017).
    """
    if kth == 0:
        return atom[neighbours + 1] + atom[n] - atom[count_x] - atom[count_y]
    if variant == 1:
        return psi[neighbours] + psi[n] - psi[count_x] - psi[count_y]
    x_fitted, y_fitted = x_radius > 0, y_radius > 0
    nats = psi[neighbours] + psi[n] - psi[count_x - x_fitted] - psi[count_y - y_fitted]
    return nats - 1 / neighbours if x_fitted and y_fitted else nats


@inlined
def stand_at(points, i, here, corner):  # type: ignore[no-untyped-def]
    """Point i as what distances are measured from, and (point, -point) as what boxes are measured from."""
    columns = points.shape[1]
    for u in range(columns):
        here[u] = points[i, u]
        corner[u] = points[i, u]
        corner[columns + u] = -points[i, u]


@inlined
def distances(tiles, t, here, start, s, out, o, bound):  # type: ignore[no-untyped-def]
    """Distances of tile t into `out[o]`, none below `start[s]`; the bits of those that are at most `bound`.

    Stops early, with distances too small but beyond `bound`, once the whole tile is beyond it.
    """
    columns = tiles.shape[1]
    near = farthest_column(tiles, t, 0, min(CHUNK, columns), here, start, s, out, o, bound)
    u = CHUNK
    while u < columns and near:
        near = farthest_column(tiles, t, u, min(u + CHUNK, columns), here, out, o, out, o, bound)
        u += CHUNK
    return near


@inlined
def count_within(tiles, boxes, y_sorted, here, corner, radius, zeros, spare):  # type: ignore[no-untyped-def]
    """How many points of y are at most `radius` from `here`."""
    if len(y_sorted):
        return count_sorted(y_sorted, here[0], radius)
    count = 0
    for group in range(len(boxes)):
        boxes_near = farthest_side(boxes, group, 0, len(corner), corner, zeros, 0, spare, 0, radius)
        while boxes_near:
            t = group * WIDTH + lowest_bit(boxes_near)
            boxes_near &= boxes_near - 1
            count += count_bits(distances(tiles, t, here, zeros, 0, spare, 0, radius))
    return count


@inlined
def count_sorted(values, here, radius):  # type: ignore[no-untyped-def]
    """How many of the sorted `values` are at most `radius` from `here`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if here - values[middle] > radius:
            low = middle + 1
        else:
            high = middle
    first, high = low, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] - here > radius:
            high = middle
        else:
            low = middle + 1
    return low - first
