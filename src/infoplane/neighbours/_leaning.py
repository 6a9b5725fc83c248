"""Neighbours in boxes that are level, or lean along a line fitted to other points than the one that is looked at.

A line fitted to a few points follows them, and then more of them lie in the box around it than in one of its size
elsewhere: with the line fitted to the points themselves, KSG reads too much even of independent columns. Here each
point is held against the line that is fitted without it (`_fits`).
"""

import numpy as np

from ..compiling import compiled, inlined
from ._fits import regress, spread
from ._kernels import FAR, JUST_INSIDE
from ._search import distances, keep, nearest_places, nudge, smallest, widen, within

STEP = 32  # points to look at before asking whether others may be near


@compiled
def level_nats(t, y, log_density, queries, ranges, enough, psi):  # type: ignore[no-untyped-def]
    """What each of the points `queries` tells, in nats, in cubes that hold its neighbours: `(ranges, len(queries))`.

    Each row is the mean over one of `ranges` `(ranges, 2)` of neighbours, the first and the last of them.

    t `(units, n)` and y `(targets, n)`, its first row ascending. Where fewer than `enough` points of y are as near as
    the neighbour, the density of y is `exp(log_density)` `(n,)`.
    """
    n, targets, most = t.shape[1], len(y), ranges[-1, 1]
    apart, farthest, nearest, heights = np.empty(n), np.empty(n), np.empty(most), np.ones(targets)
    found = np.empty((len(ranges), len(queries)))
    for place in range(len(queries)):
        i = queries[place]
        distances(t, i, apart)
        nearest[:] = FAR
        low = high = i
        while True:
            before = low > 0 and y[0, i] - y[0, low - 1] < nearest[most - 1]
            after = high < n and y[0, high] - y[0, i] < nearest[most - 1]
            first, last = low - STEP if before else low, high + STEP if after else high
            first, last = max(first, 0), min(last, n)
            if first < low:
                part(apart, y, i, first, low, farthest)
                smallest(farthest, i, first, low, nearest)
            if last > high:
                part(apart, y, i, high, last, farthest)
                smallest(farthest, i, high, last, nearest)
            if first == low and last == high:
                break
            low, high = first, last
        told(apart, y, i, nearest, ranges, heights, log_density, enough, psi, farthest, found[:, place])
    return found


@inlined
def part(apart, y, i, first, last, farthest):  # type: ignore[no-untyped-def]
    """Fills in how far points from `first` to before `last` are in all columns."""
    out = farthest[first:last]
    out[:] = apart[first:last]
    for v in range(len(y)):
        widen(out, y[v, first:last], y[v, i], 1.0)


@compiled
def leaning_nats(t, y, ranks, log_density, queries, around, slopes, high, ranges, enough, psi):  # type: ignore[no-untyped-def]
    """As `level_nats`, in boxes that lean along lines of y on the first `slopes` rows of t.

    A line is fitted to the `around` points that are nearest in `ranks` `(columns, n)`, the first row ascending; its box
    is as wide as these and `high` residual deviations high, in proportion.
    """
    n, targets, most = t.shape[1], len(y), ranges[-1, 1]
    apart, farthest, nearest, left = np.empty(n), np.empty(n), np.empty(most), np.empty(n)
    near, reach = np.empty(around, np.int64), np.empty(around)
    t_near, y_near = np.empty((around, slopes)), np.empty((around, targets))
    pull, residual = np.empty((around, slopes)), np.empty((around, targets))
    slope, heights, moments = np.empty((slopes, targets)), np.empty(targets), np.empty((slopes, slopes))
    per_height = np.empty(targets)
    t_mean, y_mean = np.empty(slopes), np.empty(targets)
    found = np.empty((len(ranges), len(queries)))
    for place in range(len(queries)):
        i = queries[place]
        surroundings(ranks, i, near, reach, farthest)
        for a in range(around):
            for u in range(slopes):
                t_near[a, u] = t[u, near[a]] - t[u, i]
            for v in range(targets):
                y_near[a, v] = y[v, near[a]] - y[v, i]
        regress(t_near, y_near, t_mean, y_mean, moments, slope, pull, residual)
        spread(residual, high, heights)
        distances(t, i, apart)
        widest = 0.0
        for a in range(around):
            widest = max(widest, apart[near[a]])
        widest = widest if widest > 0 else 1.0
        per_width = 1 / widest
        for j in range(n):
            apart[j] *= per_width
        for v in range(targets):
            per_height[v] = 1 / heights[v]
        nearest[:] = FAR
        for a in range(around):
            value = apart[near[a]]
            for v in range(targets):
                pulled = y_near[a, v]
                for u in range(slopes):
                    pulled += (pull[a, u] * residual[a, v] - slope[u, v]) * t_near[a, u]
                value = max(value, abs(pulled) * per_height[v])
            keep(nearest, value)
        steep = heights[0]
        for u in range(slopes):
            steep += abs(slope[u, 0]) * widest
        first, last = within(y[0], i, nearest[most - 1] * steep)
        farthest[first:last] = apart[first:last]
        for v in range(targets):
            out, column, here = left[first:last], y[v, first:last], y[v, i]
            for j in range(len(out)):
                out[j] = column[j] - here
            for u in range(slopes):
                column, here, lean = t[u, first:last], t[u, i], slope[u, v]
                for j in range(len(out)):
                    out[j] -= lean * (column[j] - here)
            widen(farthest[first:last], out, 0.0, per_height[v])
        for a in range(around):
            farthest[near[a]] = FAR  # they are among the nearest already
        smallest(farthest, i, first, last, nearest)
        told(apart, y, i, nearest, ranges, heights, log_density, enough, psi, left, found[:, place])
    return found


@inlined
def surroundings(ranks, i, near, reach, spare):  # type: ignore[no-untyped-def]
    """Fills `near` with the points nearest to i, and `reach` with how far they are."""
    n, last = ranks.shape[1], len(near) - 1
    reach[:] = FAR
    near[:] = i
    low = high = i
    while True:
        before = low > 0 and ranks[0, i] - ranks[0, low - 1] < reach[last]
        after = high < n and ranks[0, high] - ranks[0, i] < reach[last]
        if not (before or after):
            break
        if before:
            start = max(low - STEP, 0)
            out = spare[start:low]
            out[:] = 0.0
            for u in range(len(ranks)):
                widen(out, ranks[u, start:low], ranks[u, i], 1.0)
            nudge(out, ranks[0, start:low], ranks[0, i])
            nearest_places(out, i, start, near, reach)
            low = start
        if after:
            stop = min(high + STEP, n)
            out = spare[high:stop]
            out[:] = 0.0
            for u in range(len(ranks)):
                widen(out, ranks[u, high:stop], ranks[u, i], 1.0)
            nudge(out, ranks[0, high:stop], ranks[0, i])
            nearest_places(out, i, high, near, reach)
            high = stop


@inlined
def told(apart, y, i, nearest, ranges, heights, log_density, enough, psi, spare, found):  # type: ignore[no-untyped-def]
    """Fills `found` `(ranges,)` with Kraskov et al. 2004, eq. 8, for point i, whose `nearest` are so far off."""
    n, targets = len(apart), len(y)
    log_volume, first, last = 0.0, -1, -1
    found[:] = 0.0
    for v in range(targets):
        log_volume += np.log(2 * heights[v])
    for r in range(len(ranges)):
        share = 1 / (ranges[r, 1] - ranges[r, 0] + 1)
        for k in range(ranges[r, 0], ranges[r, 1] + 1):
            edge = nearest[k - 1] * JUST_INSIDE
            count_t = 0
            for j in range(n):
                count_t += apart[j] < edge
            reach = edge * heights[0]
            if first < 0:
                first, last = within(y[0], i, reach)
            while first > 0 and y[0, i] - y[0, first - 1] < reach:
                first -= 1
            while last < n and y[0, last] - y[0, i] < reach:
                last += 1
            count_y = last - first
            if targets > 1:
                out = spare[first:last]
                out[:] = 0.0
                for v in range(1, targets):
                    widen(out, y[v, first:last], y[v, i], 1 / heights[v])
                count_y = 0
                for j in range(len(out)):
                    count_y += out[j] < edge
            found[r] += share * (psi[k] - psi[count_t])
            if count_y >= enough:
                found[r] += share * (psi[n] - psi[count_y])
            else:
                found[r] -= share * (log_volume + targets * np.log(nearest[k - 1]) + log_density[i])
