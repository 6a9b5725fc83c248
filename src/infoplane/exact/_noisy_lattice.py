"""Means over a unit cube by a randomly shifted lattice, with a standard error.

A lattice sequence fills the cube more evenly than random points do. Every shift of it gives an unbiased mean, and the
spread of the means of independent shifts gives the standard error (L'Ecuyer & Lemieux 2000). The baker's transformation
makes the integrand periodic (Hickernell 2002).
"""

from collections.abc import Callable

import numpy as np

from ..laws import Array

# First entries of the generating vector of the embedded lattice rules of Cools, Kuo & Nuyens (2006, SIAM J. Sci.
# Comput. 28(6), 2162-2188), for up to 2**20 points.
VECTOR = (
    *(1, 182667, 469891, 498753, 110745, 446247, 250185, 118627),
    *(245333, 283199, 408519, 391023, 246327, 126539, 399185, 461527),
)
SHIFTS = 16
FIRST, MOST = 2**5, 2**16  # points of one shift
AT_ONCE = 2**16  # coordinates of one shift's points at once, so that memory does not grow with the number of points
INSIDE = 1e-13  # points stay this far from the faces of the cube


def lattice(begin: int, end: int, dims: int) -> Array:
    """Points `begin` to `end` of the sequence, `(end - begin, dims)` in [0, 1)."""
    index, place = np.arange(begin, end), np.zeros(end - begin)
    for bit in range(max(1, (end - 1).bit_length())):  # the radical inverse of van der Corput
        place += (index >> bit & 1) / 2 ** (bit + 1)
    return np.asarray(place[:, None] * np.array(VECTOR[:dims]) % 1.0)


def means(
    values: Callable[[Array], tuple[Array, Array]], dims: int, known: Array, stderr: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The means of a function on the unit cube and their standard errors, `(columns,)` each.

    `values` maps points `(n, dims)` to the function, `(n, columns)`, and to its control variates, of the same shape,
    whose means are `known (columns,)`. The number of points doubles until every error is at most `stderr`, or until it
    is `MOST`. Dimensions beyond the generating vector are drawn at random, so put the most important ones first.
    """
    even = min(dims, len(VECTOR))
    shift = rng.random((SHIFTS, 1, even))
    sums, products = np.zeros((2, SHIFTS, len(known))), np.zeros((2, len(known)))
    begin, end, before = 0, FIRST, np.zeros(len(known))
    while True:
        for first in range(begin, end, max(1, AT_ONCE // dims)):
            points = (lattice(first, min(end, first + max(1, AT_ONCE // dims)), even) + shift) % 1.0
            points = np.clip(1 - np.abs(2 * points - 1), INSIDE, 1 - INSIDE).reshape(-1, even)
            if dims > even:
                points = np.hstack([points, rng.uniform(INSIDE, 1 - INSIDE, (len(points), dims - even))])
            found, control = values(points)
            control = control - known
            sums += [part.reshape(SHIFTS, -1, len(known)).sum(axis=1) for part in (found, control)]
            products += [(found * control).sum(axis=0), (control**2).sum(axis=0)]
        whole = sums.sum(axis=1)
        shared, own = products - whole * whole[1] / (SHIFTS * end)
        slope = np.divide(shared, own, out=np.zeros(len(known)), where=own > 1e-12 * products[1])
        mean = (sums[0] - slope * sums[1]) / end
        # Doubling the points hardly more than halves an error. A smaller one is luck, and stopping would select it.
        error = np.maximum(mean.std(axis=0, ddof=1) / np.sqrt(SHIFTS), before / 2)
        if (error <= stderr).all() or end >= MOST:
            return mean.mean(axis=0), error
        begin, end, before = end, 2 * end, error
