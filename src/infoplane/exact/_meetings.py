"""Where the image of the input line stands still, and where it returns to the same place.

Polylines are as in `_polyline`. Two places are the same if no unit differs by more than a share `resolution` of its
range, or by more than rounding explains. The code uses plain loops, since numba compiles them several times faster than
array expressions.
"""

from typing import Any

import numpy as np

from ..compiling import compiled
from ..laws import Array, Labels

SLACK = 8.0  # differences up to this multiple of the rounding bound count as rounding
SLANT = 0.01  # of a shared stretch: one piece may leave the other's line by no more
TOUCH = 1e-9  # of the shorter piece: pieces that share less only touch


def overlaps(x: Array, t: Array, error: Array, atom: Labels, resolution: float) -> tuple[Labels, Labels, Array]:
    """Stretches of x that two moving pieces map to the same stretch of t, because they lie on one line.

    Returns `owner (n,)`, `partner (n,)` and `span (n, 4)`: x from span[:, 0] to span[:, 1] on piece `owner`
    meets x from span[:, 2] to span[:, 3] on piece `partner`, linearly. Each meeting is listed from both sides.
    """
    p, rounding, lower, units = _scaled(t, error, resolution)
    p = np.ascontiguousarray(p[:, :units])
    moving = (atom < 0).nonzero()[0]
    # Sweep along the unit that turns back least, so that only pieces that are close in this unit are compared.
    moving = moving[lower[moving].argsort(kind="stable")]
    room = 64
    while True:
        owner, partner, span = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, 4))
        size = _pairs(x, p, rounding, moving, owner, partner, span)
        if size <= room:
            return owner[:size], partner[:size], span[:size]
        room = size


@compiled
def atoms(t: Any, error: Any, resolution: float) -> Any:
    """The atom that each piece stands on, `(pieces,)`: -1 where t moves, else a number, equal for equal values.

    A piece moves if any unit changes by more than rounding explains, however small the change.
    """
    pieces, units = len(t) - 1, t.shape[1]
    atom, founder = np.empty(pieces, np.int64), np.empty(pieces, np.int64)
    reach = np.zeros(units)
    known = 0
    for i in range(pieces):
        atom[i], still = -1, True
        for u in range(units):
            still = still and abs(t[i + 1, u] - t[i, u]) <= SLACK * error[u]
        if not still:
            continue
        if known == 0:
            for u in range(units):
                reach[u] = max(SLACK * error[u], resolution * _width(t, u))
        for a in range(known):
            same = True
            for u in range(units):
                same = same and abs(t[founder[a], u] - t[i, u]) <= reach[u]
            if same:
                atom[i] = a
                break
        if atom[i] < 0:
            founder[known], atom[i] = i, known
            known += 1
    return atom


@compiled
def join(atom: Any, before: Any, numbers: int) -> None:
    """Gives pieces that shared a value in `before` one common number in `atom`, their lowest, in place.

    Both come from `atoms`; `numbers` is how many numbers `before` has.
    """
    for number in range(numbers):
        lowest = len(atom)
        for i in range(len(atom)):
            if before[i] == number and atom[i] >= 0:
                lowest = min(lowest, atom[i])
        if lowest == len(atom):
            continue
        for i in range(len(atom)):
            old = atom[i]
            if before[i] == number and old != lowest:
                atom[i] = lowest
                for k in range(len(atom)):
                    if old >= 0 and atom[k] == old:
                        atom[k] = lowest


@compiled
def _width(t: Any, u: int) -> Any:
    low, high = t[0, u], t[0, u]
    for i in range(1, len(t)):
        low, high = min(low, t[i, u]), max(high, t[i, u])
    return high - low


@compiled
def _scaled(t: Any, error: Any, resolution: float) -> Any:
    """Returns t `(vertices, moving units)` in multiples of the difference up to which two values count as equal; its
    rounding; each piece's lower end `(pieces,)` in the first unit, which travels least for its width; and how many
    units move."""
    vertices = len(t)
    p, rounding = np.empty(t.shape), np.empty(t.shape[1])
    lower = np.zeros(vertices - 1)
    moving, least = 0, np.inf
    for u in range(t.shape[1]):
        width = _width(t, u)
        if width <= SLACK * error[u]:
            continue
        reach = max(SLACK * error[u], resolution * width)
        rounding[moving] = SLACK * error[u] / reach
        travel = 0.0
        for i in range(vertices):
            p[i, moving] = t[i, u] / reach
            if i > 0:
                travel += abs(t[i, u] - t[i - 1, u])
        if travel / width < least:
            least = travel / width
            for i in range(vertices - 1):
                lower[i] = min(p[i, moving], p[i + 1, moving])
            for i in range(vertices):  # make this unit the first
                p[i, 0], p[i, moving] = p[i, moving], p[i, 0]
            rounding[0], rounding[moving] = rounding[moving], rounding[0]
        moving += 1
    return p, rounding, lower, moving


@compiled
def _pairs(x: Any, p: Any, rounding: Any, moving: Any, owner: Any, partner: Any, span: Any) -> int:
    """Fills `owner`, `partner` and `span` of `overlaps` as far as they have room; returns the room needed.

    `moving` are the pieces that move, ascending along the first unit.
    """
    size = 0
    for n in range(len(moving)):
        for m in range(n + 1, len(moving)):
            i, j = min(moving[n], moving[m]), max(moving[n], moving[m])
            apart = -1
            for u in range(p.shape[1]):
                i_above = min(p[i, u], p[i + 1, u]) > max(p[j, u], p[j + 1, u]) + 1
                j_above = min(p[j, u], p[j + 1, u]) > max(p[i, u], p[i + 1, u]) + 1
                if i_above or j_above:
                    apart = u
                    break
            if apart == 0:  # and all later ones are apart too
                break
            if apart > 0:
                continue
            a, b, begin, end, s0, s1 = _shared(p, rounding, i, j)
            if not begin < end:
                continue
            if size + 2 <= len(owner):
                a0, a1 = x[a] + begin * (x[a + 1] - x[a]), x[a] + end * (x[a + 1] - x[a])
                rate = (x[b + 1] - x[b]) / (s1 - s0)
                b0, b1 = x[b] + (begin - s0) * rate, x[b] + (end - s0) * rate
                owner[size], partner[size] = a, b
                span[size, 0], span[size, 1], span[size, 2], span[size, 3] = a0, a1, b0, b1
                if b0 > b1:
                    a0, a1, b0, b1 = a1, a0, b1, b0
                owner[size + 1], partner[size + 1] = b, a
                span[size + 1, 0], span[size + 1, 1] = b0, b1
                span[size + 1, 2], span[size + 1, 3] = a0, a1
            size += 2
    return size


@compiled
def _shared(p: Any, rounding: Any, i: int, j: int) -> Any:
    """What pieces i and j of the polyline p share: a, b, begin, end, s0, s1.

    a is the longer piece and runs from 0 to 1. Along it, b runs from s0 to s1. They share what lies between begin and
    end, which is nothing if these are equal.
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
