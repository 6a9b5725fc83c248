"""Distances from one point, and the smallest of them: loops over slices, which become vector instructions."""

from ..compiling import inlined

NUDGE = 1e-6
BLOCK = 1024  # points whose distances stay in the fastest cache


@inlined
def distances(columns, i, out):  # type: ignore[no-untyped-def]
    """Fills `out` `(n,)` with the distances from point i in max norm, block by block."""
    n = len(out)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        block = out[start:stop]
        block[:] = 0.0
        for u in range(len(columns)):
            widen(block, columns[u, start:stop], columns[u, i], 1.0)


@inlined
def widen(out, column, here, per):  # type: ignore[no-untyped-def]
    """Makes the distances `out` those in one more column."""
    for j in range(len(out)):
        value = abs(column[j] - here) * per
        out[j] = value if value > out[j] else out[j]


@inlined
def nudge(out, column, here):  # type: ignore[no-untyped-def]
    """Puts the nearer one in a column first where the distances `out` are tied, as those of dead units are."""
    for j in range(len(out)):
        out[j] += NUDGE * abs(column[j] - here)


@inlined
def within(ascending, i, reach):  # type: ignore[no-untyped-def]
    """The places, the first and one past the last, of values nearer than `reach` to the i-th, itself among them."""
    n, here = len(ascending), ascending[i]
    low, high = -1, i  # the last one too far, the first one near
    while high - low > 1:
        middle = (low + high) // 2
        if here - ascending[middle] < reach:
            high = middle
        else:
            low = middle
    first, low, high = high, i, n
    while high - low > 1:
        middle = (low + high) // 2
        if ascending[middle] - here < reach:
            low = middle
        else:
            high = middle
    return first, low + 1


@inlined
def smallest(values, i, start, stop, out):  # type: ignore[no-untyped-def]
    """Takes the `values` from `start` to before `stop`, but the i-th, into `out`, the smallest, ascending."""
    some = values[start:stop]
    for j in range(len(some)):
        if some[j] < out[-1] and j + start != i:
            keep(out, some[j])


@inlined
def keep(smallest, value):  # type: ignore[no-untyped-def]
    """`value` among the `smallest`, in order, if it is one."""
    if value < smallest[-1]:
        a = len(smallest) - 1
        while a > 0 and smallest[a - 1] > value:
            smallest[a] = smallest[a - 1]
            a -= 1
        smallest[a] = value


@inlined
def nearest_places(values, i, start, places, out):  # type: ignore[no-untyped-def]
    """As `smallest`, and where they are; the first of the `values` is of point `start`."""
    for j in range(len(values)):
        value = values[j]
        if value < out[-1] and j + start != i:
            a = len(out) - 1
            while a > 0 and out[a - 1] > value:
                out[a], places[a] = out[a - 1], places[a - 1]
                a -= 1
            out[a], places[a] = value, j + start
