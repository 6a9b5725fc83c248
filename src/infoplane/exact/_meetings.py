"""Compiled geometry: where the image of the input line stands still, and where it comes back to the same place.

Polylines are as in `_polyline`. Two places are one where no unit differs by more than a share `resolution` of its
own range, or than rounding explains.
"""

from typing import Any

import numpy as np
from numba import njit

SLACK = 8.0  # multiples of the bound on rounding that may be rounding
SLANT = 0.01  # of a stretch that two pieces share: all that one may leave the other's line by
TOUCH = 1e-9  # of the shorter piece: pieces that share less only touch


@njit(cache=True, nogil=True)
def atoms(t: Any, error: Any, resolution: float) -> Any:
    """The atom that each piece stands on, `(pieces,)`: -1 where t moves, else a number, the same for one value.

    A piece moves if any unit changes by more than rounding explains, however little that is.
    """
    pieces, units = len(t) - 1, t.shape[1]
    reach = np.empty(units)
    for u in range(units):
        reach[u] = max(SLACK * error[u], resolution * (t[:, u].max() - t[:, u].min()))
    atom = np.full(pieces, -1, np.int64)
    founder = np.empty(pieces, np.int64)
    known = 0
    for i in range(pieces):
        if (np.abs(t[i + 1] - t[i]) > SLACK * error).any():
            continue
        for a in range(known):
            if (np.abs(t[founder[a]] - t[i]) <= reach).all():
                atom[i] = a
                break
        if atom[i] < 0:
            founder[known], atom[i] = i, known
            known += 1
    return atom


@njit(cache=True, nogil=True)
def overlaps(x: Any, t: Any, error: Any, atom: Any, resolution: float) -> Any:
    """Stretches of x that two moving pieces send to the same stretch of t, because they lie on one line.

    Returns `start (pieces + 1,)`, `partner (n,)` and `span (n, 4)`. Entries start[i] to start[i + 1] say that x
    from span[:, 0] to span[:, 1] on piece i meets x from span[:, 2] to span[:, 3] on piece `partner`, linearly.
    """
    p, rounding = _scaled(t, error, resolution)
    pieces, units = len(p) - 1, p.shape[1]
    low, high = np.minimum(p[:-1], p[1:]), np.maximum(p[:-1], p[1:])
    travel = np.zeros(units)
    for u in range(units):
        travel[u] = (high[:, u] - low[:, u]).sum() / (p[:, u].max() - p[:, u].min())

    size = 0
    owner, partner = np.empty(64, np.int64), np.empty(64, np.int64)
    span = np.empty((64, 4))
    # Swept along the unit that turns back least, so that only pieces near each other in it are compared.
    along = np.argmin(travel) if units else 0
    moving = np.flatnonzero(atom < 0)
    if len(moving):
        moving = moving[np.argsort(low[moving, along])]
    for n in range(len(moving)):
        for m in range(n + 1, len(moving)):
            i, j = moving[n], moving[m]
            if low[j, along] > high[i, along] + 1:
                break
            near = True
            for u in range(units):
                if low[i, u] > high[j, u] + 1 or low[j, u] > high[i, u] + 1:
                    near = False
                    break
            if not near:
                continue
            a, b, begin, end, s0, s1 = _shared(p, rounding, min(i, j), max(i, j))
            if not begin < end:
                continue
            if size + 2 > len(owner):
                owner, partner = np.append(owner, owner), np.append(partner, partner)
                span = np.concatenate((span, span))
            rate = (x[b + 1] - x[b]) / (s1 - s0)
            a0, a1 = x[a] + begin * (x[a + 1] - x[a]), x[a] + end * (x[a + 1] - x[a])
            b0, b1 = x[b] + (begin - s0) * rate, x[b] + (end - s0) * rate
            owner[size], partner[size] = a, b
            span[size] = (a0, a1, b0, b1)
            owner[size + 1], partner[size + 1] = b, a
            span[size + 1] = (b0, b1, a0, a1) if b0 < b1 else (b1, b0, a1, a0)
            size += 2

    order = np.argsort(owner[:size], kind="mergesort")
    start = np.zeros(pieces + 1, np.int64)
    for i in owner[:size]:
        start[i + 1] += 1
    return np.cumsum(start), partner[:size][order], span[:size][order]


@njit(cache=True, nogil=True)
def _scaled(t: Any, error: Any, resolution: float) -> Any:
    """t `(vertices, moving units)` in multiples of what two values may differ by and be one; and rounding in it."""
    moving = 0
    p, rounding = np.empty(t.shape), np.empty(t.shape[1])
    for u in range(t.shape[1]):
        width = t[:, u].max() - t[:, u].min()
        if width > SLACK * error[u]:
            reach = max(SLACK * error[u], resolution * width)
            p[:, moving] = t[:, u] / reach
            rounding[moving] = SLACK * error[u] / reach
            moving += 1
    return p[:, :moving].copy(), rounding[:moving]


@njit(cache=True, nogil=True)
def _shared(p: Any, rounding: Any, i: int, j: int) -> Any:
    """What pieces i and j of the line p share: a, b, begin, end, s0, s1.

    a is the longer of the two, and runs from 0 to 1; along it, b runs from s0 to s1, and they share what lies between
    begin and end: nothing if those are equal.
    """
    i_length, j_length = 0.0, 0.0  # squared
    for u in range(p.shape[1]):
        i_length += (p[i + 1, u] - p[i, u]) ** 2
        j_length += (p[j + 1, u] - p[j, u]) ** 2
    a, b, length = (i, j, i_length) if i_length >= j_length else (j, i, j_length)
    s0, s1 = 0.0, 0.0
    for u in range(p.shape[1]):
        s0 += (p[b, u] - p[a, u]) * (p[a + 1, u] - p[a, u]) / length
        s1 += (p[b + 1, u] - p[a, u]) * (p[a + 1, u] - p[a, u]) / length
    begin, end = max(0.0, min(s0, s1)), min(1.0, max(s0, s1))
    if end - begin <= TOUCH * abs(s1 - s0):
        return a, b, 0.0, 0.0, s0, s1
    allowed = min(1.0, SLANT * (end - begin) * np.sqrt(length))
    for s in (begin, end):
        part = (s - s0) / (s1 - s0)
        for u in range(p.shape[1]):
            on_a = p[a, u] + s * (p[a + 1, u] - p[a, u])
            on_b = p[b, u] + part * (p[b + 1, u] - p[b, u])
            if abs(on_a - on_b) > max(rounding[u], allowed):
                return a, b, 0.0, 0.0, s0, s1
    return a, b, begin, end, s0, s1
