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
ROUNDING = 1 + 1e-9  # a little farther than need be, so that rounding leaves none out


@compiled
def information_nats(t, y, ranks, log_density, least, most, around, psi):  # type: ignore[no-untyped-def]
    """The mean over `least`...`most` neighbours of n points; t `(units, n)`, y `(targets, n)`.

    y[0] is ascending, and ranks `(columns, n)` are of all columns, ranks[0] those of y[0]. `log_density` `(n,)` is
    that of y, for boxes too low to count in. A line is fitted to `around` points.
    """
    units, n, targets = len(t), t.shape[1], len(y)
    apart, in_ranks = np.empty(n), np.empty(n)
    nearest, near = np.empty(max(most, around)), np.empty(n + 1, np.int64)
    t_near, y_near = np.empty((n, units)), np.empty((n, targets))
    slope, height, moments = np.empty((units, targets)), np.empty(targets), np.empty((units, units))
    total = 0.0
    for i in range(n):
        low, high = surroundings(ranks, i, around, nearest, in_ranks)
        edge, count, width = nearest[around - 1], 0, 0.0
        in_ranks[i] = np.inf
        for j in range(low, high):  # with all that are tied at the edge: no order of rows matters
            near[count] = j
            count += in_ranks[j] <= edge
        distances(t, i, 0, n, apart)
        for a in range(count):
            j = near[a]
            width = max(width, apart[j])
            for u in range(units):
                t_near[a, u] = t[u, j] - t[u, i]
            for v in range(targets):
                y_near[a, v] = y[v, j] - y[v, i]
        regress(t_near, y_near, count, slope, height, moments)
        per_width = 1 / width if width > 0 else 1.0
        for j in range(n):
            apart[j] *= per_width

        # The surroundings bound how far neighbours can be; then all points within that bound are looked at.
        nearest[:most] = np.inf
        for a in range(count):
            keep(nearest, most, away(t, y, i, near[a], apart[near[a]], slope, height))
        bound = nearest[most - 1] * ROUNDING
        reach = height[0]
        for u in range(units):
            reach += abs(slope[u, 0]) / per_width
        first, last, count = within(y[0], i, bound * reach)
        for j in range(first, last):
            near[count] = j
            count += (apart[j] <= bound) & (j != i)
        nearest[:most] = np.inf
        for a in range(count):
            keep(nearest, most, away(t, y, i, near[a], apart[near[a]], slope, height))

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
def surroundings(ranks, i, around, nearest, in_ranks):  # type: ignore[no-untyped-def]
    """Fills `nearest` with the distances of the `around` points nearest to i, and `in_ranks` with those of all
    points looked at, from the first returned to before the second."""
    n = ranks.shape[1]
    nearest[:around] = np.inf
    low, high = i, i
    while True:
        edge = nearest[around - 1]
        start = max(low - STRIDE, 0) if low > 0 and ranks[0, i] - ranks[0, low - 1] <= edge else low
        stop = min(high + STRIDE, n) if high < n and ranks[0, high] - ranks[0, i] <= edge else high
        if start == low and stop == high:
            return low, high
        distances(ranks, i, start, low, in_ranks)
        distances(ranks, i, high, stop, in_ranks)
        for j in range(start, low):
            keep(nearest, around, in_ranks[j])
        for j in range(high, stop):
            if j != i:
                keep(nearest, around, in_ranks[j])
        low, high = start, stop


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
def regress(t, y, count, slope, height, moments):  # type: ignore[no-untyped-def]
    """Fills the shrunk `slope` of y on t over their first `count` rows, and the `height` of the box."""
    units, targets = t.shape[1], y.shape[1]
    for columns in (t, y):
        for u in range(columns.shape[1]):
            mean = 0.0
            for a in range(count):
                mean += columns[a, u]
            for a in range(count):
                columns[a, u] -= mean / count
    moments[:] = 0.0
    slope[:] = 0.0
    spread = 0.0
    for a in range(count):
        for u in range(units):
            for v in range(u + 1):
                moments[u, v] += t[a, u] * t[a, v]
            for v in range(targets):
                slope[u, v] += t[a, u] * y[a, v]
    for u in range(units):
        spread += moments[u, u]
    if spread > 0:
        for u in range(units):
            moments[u, u] += RIDGE * spread
        solve(moments, slope)
    fitted = min(units, max(count - 2, 1))
    for v in range(targets):
        whole = rest = 0.0
        for a in range(count):
            left = y[a, v]
            whole += left**2
            for u in range(units):
                left -= slope[u, v] * t[a, u]
            rest += left**2
        explained = whole - rest
        by_chance = fitted * rest / max(count - 1 - fitted, 1)
        shrunk = 1 - by_chance / explained if explained > by_chance else 0.0
        for u in range(units):
            slope[u, v] *= shrunk
        rest = max(rest + (1 - shrunk) ** 2 * max(explained, 0.0), LEAST_RESIDUAL**2 * whole)
        height[v] = HALF_HEIGHT * np.sqrt(rest / count) if rest > 0 else 1.0


@compiled
def solve(a, b):  # type: ignore[no-untyped-def]
    """b into a^-1 b, of a positive definite a in its lower triangle, which becomes its Cholesky factor."""
    n = len(a)
    for i in range(n):
        for j in range(i + 1):
            left = a[i, j]
            for u in range(j):
                left -= a[i, u] * a[j, u]
            a[i, j] = np.sqrt(left) if i == j else left / a[j, j]
    for v in range(b.shape[1]):
        for i in range(n):
            for u in range(i):
                b[i, v] -= a[i, u] * b[u, v]
            b[i, v] /= a[i, i]
        for i in range(n - 1, -1, -1):
            for u in range(i + 1, n):
                b[i, v] -= a[u, i] * b[u, v]
            b[i, v] /= a[i, i]
