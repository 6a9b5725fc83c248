"""The compiled part of `sheared_ksg`: neighbours in boxes that lean along a line fitted to y.

Points come sorted by their first target. What is near in all columns is near in that one, so points are looked
at from each one outward, and those beyond need not be.
"""

import numpy as np

from ..compiling import compiled, inlined

RIDGE = 1e-3  # of the variance of t in the surroundings: directions in which t hardly moves have no slope
HALF_HEIGHT = 2.0  # residual deviations of y to the half width of the surroundings in t
ENOUGH = 4  # times k points of y in the box, to count by them
LEAST_RESIDUAL = 1e-6  # of the deviation of y: where y is a function of t, the box still has a height
STRIDE = 16  # points to look at before asking whether those beyond can be near
LANES = 32  # points whose lines are fitted side by side
ROUNDING = 1 + 1e-9  # a little farther than need be, so that rounding leaves none out


@compiled
def information_nats(t, y, ranks, log_density, least, most, around, psi):  # type: ignore[no-untyped-def]
    """The mean over `least`...`most` neighbours of n points; t `(units, n)`, y `(targets, n)`.

    y[0] is ascending, and ranks `(columns, n)` are of all columns, ranks[0] those of y[0]. `log_density` `(n,)` is
    that of y, for boxes too low to count in. A line is fitted to `around` points.
    """
    units, n, targets = len(t), t.shape[1], len(y)
    apart, in_ranks, nearest = np.empty(n), np.empty(n), np.empty(max(most, around))
    near, counts = np.empty((LANES, n + 1), np.int64), np.empty(LANES, np.int64)
    t_near, y_near = np.empty((n, units, LANES)), np.empty((n, targets, LANES))
    slopes, heights = np.empty((units, targets, LANES)), np.empty((targets, LANES))
    slope, height = np.empty((units, targets)), np.empty(targets)
    total = 0.0
    for point in range(n):
        lane = point % LANES
        if lane == 0:
            for a in range(LANES):  # the last ones again where no more are left
                i = min(point + a, n - 1)
                counts[a] = surroundings(ranks, i, around, nearest, in_ranks, near[a])
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
        bound = nearest[most - 1] * ROUNDING
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
                count_t += apart[j] < edge
            nats = psi[k] - psi[count_t]
            count_y = count_in(y, i, edge, height)
            if count_y >= ENOUGH * most:
                nats += psi[n] - psi[count_y]
            else:
                nats -= log_volume + targets * np.log(edge) + log_density[i]
            total += nats / (most - least + 1)
    return total / n


@inlined
def surroundings(ranks, i, around, nearest, in_ranks, near):  # type: ignore[no-untyped-def]
    """Fills `near` with the `around` points nearest to i in ranks, and those tied with the farthest: no order of
    rows matters. Returns how many they are. `nearest` and `in_ranks` are overwritten."""
    n = ranks.shape[1]
    nearest[:around] = np.inf
    low, high = i, i
    while True:
        edge = nearest[around - 1]
        start = max(low - STRIDE, 0) if low > 0 and ranks[0, i] - ranks[0, low - 1] <= edge else low
        stop = min(high + STRIDE, n) if high < n and ranks[0, high] - ranks[0, i] <= edge else high
        if start == low and stop == high:
            break
        distances(ranks, i, start, low, in_ranks)
        distances(ranks, i, high, stop, in_ranks)
        in_ranks[i] = np.inf
        for j in range(start, low):
            keep(nearest, around, in_ranks[j])
        for j in range(high, stop):
            keep(nearest, around, in_ranks[j])
        low, high = start, stop
    count = 0
    for j in range(low, high):
        near[count] = j
        count += in_ranks[j] <= edge
    return count


@inlined
def gather(columns, i, near, out, lane):  # type: ignore[no-untyped-def]
    """How the points `near` differ from i in each column, as a lane of `out (n, columns, LANES)`."""
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
    first, last, count = within(y[0], i, edge * height[0] * ROUNDING)
    for j in range(first, last):
        inside = True
        for v in range(len(y)):
            inside &= abs(y[v, j] - y[v, i]) / height[v] < edge
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


@compiled
def regress(t, y, counts, slope, height):  # type: ignore[no-untyped-def]
    """Fills the shrunk `slope` of y on t over their first `counts` rows, and the `height` of the box.

    All have `LANES` regressions side by side as their last axis. Centres t and y.
    """
    units, targets, longest = t.shape[1], y.shape[1], counts.max()
    held = np.empty((longest, LANES))
    for a in range(longest):
        for lane in range(LANES):
            held[a, lane] = a < counts[lane]
    centre(t, held, counts)
    centre(y, held, counts)
    moments, spread = np.zeros((units, units, LANES)), np.zeros(LANES)
    slope[:] = 0.0
    for u in range(units):
        for a in range(longest):
            for v in range(u + 1):
                for lane in range(LANES):
                    moments[u, v, lane] += t[a, u, lane] * t[a, v, lane]
            for v in range(targets):
                for lane in range(LANES):
                    slope[u, v, lane] += t[a, u, lane] * y[a, v, lane]
        for lane in range(LANES):
            spread[lane] += moments[u, u, lane]
    for u in range(units):
        for lane in range(LANES):
            moments[u, u, lane] += RIDGE * spread[lane] if spread[lane] > 0 else 1.0
    solve(moments, slope)
    left, whole, rest = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for v in range(targets):
        whole[:] = rest[:] = 0.0
        for a in range(longest):
            for lane in range(LANES):
                left[lane] = y[a, v, lane]
                whole[lane] += left[lane] ** 2
            for u in range(units):
                for lane in range(LANES):
                    left[lane] -= slope[u, v, lane] * t[a, u, lane]
            for lane in range(LANES):
                rest[lane] += left[lane] ** 2
        for lane in range(LANES):
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
def centre(values, held, counts):  # type: ignore[no-untyped-def]
    """Columns `(rows, columns, LANES)` at mean 0 over the rows that are `held`; the others become 0."""
    mean = np.empty(LANES)
    for u in range(values.shape[1]):
        mean[:] = 0.0
        for a in range(len(held)):
            for lane in range(LANES):
                values[a, u, lane] = values[a, u, lane] if held[a, lane] else 0.0
                mean[lane] += values[a, u, lane]
        for lane in range(LANES):
            mean[lane] /= counts[lane]
        for a in range(len(held)):
            for lane in range(LANES):
                values[a, u, lane] = (values[a, u, lane] - mean[lane]) * held[a, lane]


@inlined
def solve(a, b):  # type: ignore[no-untyped-def]
    """b into a^-1 b, of a positive definite a in its lower triangle, which becomes its Cholesky factor."""
    n = len(a)
    for i in range(n):
        for j in range(i + 1):
            for u in range(j):
                for lane in range(LANES):
                    a[i, j, lane] -= a[i, u, lane] * a[j, u, lane]
            for lane in range(LANES):
                a[i, j, lane] = np.sqrt(a[i, j, lane]) if i == j else a[i, j, lane] / a[j, j, lane]
    for v in range(b.shape[1]):
        for i in range(n):
            for u in range(i):
                for lane in range(LANES):
                    b[i, v, lane] -= a[i, u, lane] * b[u, v, lane]
            for lane in range(LANES):
                b[i, v, lane] /= a[i, i, lane]
        for i in range(n - 1, -1, -1):
            for u in range(i + 1, n):
                for lane in range(LANES):
                    b[i, v, lane] -= a[u, i, lane] * b[u, v, lane]
            for lane in range(LANES):
                b[i, v, lane] /= a[i, i, lane]
