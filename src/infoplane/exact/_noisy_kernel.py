"""What an observed T + sigma Z says about x: compiled sums over a Gaussian mixture.

t is in units of sigma, so that every component is a standard normal. Components come in blocks of `BLOCK`, each with a
ball around it, so that a block that is too far away is skipped as a whole. A component's distribution of y is a row on
a common grid of y, held without its zeros: row k begins at `first[k]` and is `row[start[k]:start[k + 1]]`.
"""

from typing import Any, NamedTuple

import numpy as np

from ..compiling import compiled
from ._quadrature import _density

BLOCK = 16
REACH = 50.0  # a skipped component weighs at most exp(-REACH / 2) = 1e-11 of the true one
LIGHT = 1e-9  # a posterior weight so small may be left out for y


class Rows(NamedTuple):
    """p(y | component) is row `of[component]`; each sums to 1 over `size` values of y, with entropy `bits (rows,)`."""

    of: Any
    first: Any
    start: Any
    row: Any
    bits: Any
    size: int


@compiled
def mixture_terms(u: Any, own: Any, t: Any, mass: Any, centre: Any, radius: Any, rows: Any) -> Any:
    """`(n, 3)`, for each u `(n, dims)`: p(u) as a multiple of the standard normal density at the distance whose square
    is `own (n,)`; the divergence of p(component | u) from p(component), in bits; and I(Y; component | U = u) in bits,
    the generalised Jensen-Shannon divergence of the rows.

    t is `(dims, components)`, `centre (blocks, dims)`, `radius (blocks,)`. All three are 0 where no component is near.
    """
    dims, components = t.shape
    found = np.zeros((len(u), 3))
    distance = np.empty(BLOCK)
    which, weight = np.empty(components, np.int64), np.empty(components)
    q = np.zeros(rows.size)
    for i in range(len(u)):
        kept, total, farther = 0, 0.0, 0.0
        for block in range(len(radius)):
            away = 0.0
            for j in range(dims):
                away += (u[i, j] - centre[block, j]) ** 2
            away = np.sqrt(away) - radius[block]
            if away > 0 and away * away > own[i] + REACH:
                continue
            begin = block * BLOCK
            size = min(BLOCK, components - begin)
            distance[:] = 0.0
            for j in range(dims):
                for k in range(size):
                    distance[k] += (u[i, j] - t[j, begin + k]) ** 2
            for k in range(size):
                beyond = distance[k] - own[i]
                if beyond < REACH:
                    w = mass[begin + k] * np.exp(-beyond / 2)
                    total += w
                    farther += w * beyond
                    which[kept], weight[kept] = begin + k, w
                    kept += 1
        if total > 0:
            found[i, 0] = total
            found[i, 1] = -farther / total / 2 * np.log2(np.e) - np.log2(total)
            found[i, 2] = _divergence(which, weight, kept, total, rows, q)
    return found


@compiled
def _divergence(which: Any, weight: Any, kept: int, total: float, rows: Any, q: Any) -> Any:
    """The entropy of the mixture of rows minus their mean entropy, in bits; q is scratch, all 0 before and after."""
    low, high, used, parts = rows.size, 0, 0.0, 0.0
    for k in range(kept):
        w = weight[k]
        if not w > LIGHT * total:
            continue
        c = rows.of[which[k]]
        begin, length, first = rows.start[c], rows.start[c + 1] - rows.start[c], rows.first[c]
        for j in range(length):
            q[first + j] += w * rows.row[begin + j]
        parts += w * rows.bits[c]
        used += w
        low, high = min(low, first), max(high, first + length)
    whole = 0.0
    for j in range(low, high):
        if q[j] > 0:
            whole -= q[j] * np.log2(q[j] / used)
        q[j] = 0.0
    return (whole - parts) / used if used > 0 else 0.0


@compiled
def noise_rows(mean: Any, std: Any, noise: Any, step: float) -> Any:
    """The noise around each mean, with deviation `std`, on a grid of y with this `step`, in the form of `Rows`."""
    far = noise.low + noise.step * (len(noise.density) - 1)
    bottom, top = np.inf, -np.inf
    for k in range(len(mean)):
        bottom, top = min(bottom, mean[k] + noise.low * std[k]), max(top, mean[k] + far * std[k])
    first, start = np.empty(len(mean), np.int64), np.zeros(len(mean) + 1, np.int64)
    for k in range(len(mean)):
        first[k] = int(np.ceil((mean[k] + noise.low * std[k] - bottom) / step))
        last = int((mean[k] + far * std[k] - bottom) / step)
        start[k + 1] = start[k] + last - first[k] + 1
    row, bits = np.empty(start[-1]), np.zeros(len(mean))
    for k in range(len(mean)):
        total = 0.0
        for j in range(start[k], start[k + 1]):
            y = bottom + (first[k] + j - start[k]) * step
            row[j] = _density(noise, (y - mean[k]) / std[k])
            total += row[j]
        for j in range(start[k], start[k + 1]):
            row[j] /= total
            if row[j] > 0:
                bits[k] -= row[j] * np.log2(row[j])
    return first, start, row, bits, int((top - bottom) / step) + 2
