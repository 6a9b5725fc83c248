"""Mutual information from k nearest neighbours in max norm: what `ksg` and `mixed_ksg` have in common.

Kraskov, Stögbauer & Grassberger 2004: for each of n points, find the distance of its k nearest neighbours in (x, y),
and count the points that are that near in x alone, n_x, and in y alone, n_y. With psi the digamma function, the value
is the mean of

- variant 1 (eq. 8): psi(k) + psi(n) - psi(n_x + 1) - psi(n_y + 1), nearer than the k-th neighbour;
- variant 2 (eq. 9): psi(k) - 1/k + psi(n) - psi(n_x) - psi(n_y), inside the rectangle around the neighbours.

Exact ties are kept: nothing is jittered, and nothing depends on the order of rows. All points as near as the k-th
neighbour are neighbours. In variant 1, n_x and n_y also hold the points exactly as far away as the k-th neighbour
(minus one, which changes nothing without ties): beside a heap, such as a ReLU's zeros, and on a lattice there are many.

A point whose k-th neighbour equals it is an atom: all points that equal it are its neighbours, and n_x and n_y count
the points that equal it in x and in y, including itself (Gao, Kannan, Oh & Viswanath 2017). In variant 2 this also
holds if only x or only y is tied; then only the other side of the rectangle was fitted to the points, so 1/k, the cost
of fitting a second side, is not subtracted. At atoms, counts go through `atoms`: "psi", or "log", which gives the
plug-in estimate for discrete data.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from ..arrays.scaling import Scale, as_rows, rounding, scaled
from ..core.devices import Device, found
from ..core.errors import InfoplaneError
from ._kernels import JUST_INSIDE, information, is_constant, nearest
from ._permuted import permuted_information
from ._tiles import near_order, tiled

if TYPE_CHECKING:
    import torch

Array = NDArray[np.float64]
Values = NDArray[np.floating]
Atoms = Literal["psi", "log", "nan"]
Result = TypeVar("Result")


def information_bits(
    xs: Sequence[Values],
    y: Values,
    *,
    k: int,
    variant: int,
    scale: Scale,
    atoms: Atoms,
    device: Device = "cpu",
    nearer: tuple[float, float] = (JUST_INSIDE, 0.0),
) -> Array:
    """I(X;Y) in bits of each of `xs` `(samples, units)`, which may differ in units, with y `(samples, targets)`.

    y is prepared once. The xs are distributed over numba's threads (NUMBA_NUM_THREADS); each is computed alone, so its
    value does not depend on their number. A constant x or y gives exactly 0. With `device` "cuda", or "auto" where
    there is a GPU, the GPU computes everything, see `_brute`. On the CPU, "nearer than the k-th neighbour" means at
    most its distance times `nearer[0]`, minus `nearer[1]`. Raises `InfoplaneError` where k is not below the number of
    samples, and for "cuda" without a GPU.
    """
    _check(k, len(y))
    on = _gpu(device)
    y = scaled(y, scale)
    if is_constant(y):
        return np.zeros(len(xs))
    tables = _tables(len(y), atoms)
    if on is not None:
        from . import _brute

        nats = _brute.many(xs, y, scale=scale, on=on, k=k, variant=variant, tables=tables)
        return np.asarray(nats / np.log(2))
    y_tiled, y_sorted = tiled(y, near_order(y)), _sorted(y)

    def one(x: Values) -> float:
        standard = scale == "standard"  # the kernel does this one itself
        points = as_rows(x) if standard else scaled(x, scale)
        nats = information(points, standard, rounding(x.dtype), y, y_tiled, y_sorted, k, variant, nearer, *tables)
        return float(nats / np.log(2))

    return np.array(_threaded(one, xs), dtype=np.float64)


def permuted_information_bits(
    x: Values,
    y: Values,
    permutations: NDArray[np.int64],
    *,
    k: int,
    variant: int,
    scale: Scale,
    atoms: Atoms,
    device: Device = "cpu",
) -> Array:
    """`information_bits` of x and y[p] for each row p of `permutations` `(draws, samples)`; `(draws,)`."""
    _check(k, len(y))
    on = _gpu(device)
    x, y = scaled(x, scale), scaled(y, scale)
    if is_constant(x) or is_constant(y):
        return np.zeros(len(permutations))
    if on is not None:
        from . import _brute

        tables = _tables(len(y), atoms)
        nats = _brute.permuted(x, y, permutations, on=on, k=k, variant=variant, tables=tables)
        return np.asarray(nats / np.log(2))
    x_tiled, y_tiled = tiled(x, near_order(x)), tiled(y, near_order(y))
    permutations = np.ascontiguousarray(permutations, dtype=np.int64)
    nats = permuted_information(x_tiled, y, y_tiled, _sorted(y), permutations, k, variant, *_tables(len(y), atoms))
    return np.asarray(nats / np.log(2))


def kth_distances(points: Array, k: int) -> Array:
    """The distance `(n,)` of each of `points` `(n, columns)` from its k-th nearest neighbour; k < n."""
    order = near_order(points)
    tiles = tiled(points, order)
    far = np.empty(len(points))
    far[order] = nearest(tiles, tiles, k, 1, (JUST_INSIDE, 0.0))[0][: len(points)]
    return far


def psi(samples: int) -> Array:
    """The digamma function at the integers from 0, where it is NaN, to `samples`."""
    return _tables(samples, "psi")[0]


def _check(k: int, samples: int) -> None:
    if k >= samples:
        raise InfoplaneError(f"k: {k} is not below the {samples} samples; lower it")


def _gpu(device: Device) -> "torch.device | None":
    """The GPU to use; None for the CPU, where the kernels are faster than torch."""
    if device == "cpu":
        return None
    on = found(device)
    return None if on.type == "cpu" else on


def _sorted(points: Array) -> Array:
    """The sorted values of a single column, padded with infinity to a power of two; empty for several columns."""
    samples, columns = points.shape
    if columns > 1:
        return np.empty(0)
    return np.concatenate([np.sort(points[:, 0]), np.full(2 ** samples.bit_length() - samples, np.inf)])


@lru_cache(maxsize=8)
def _tables(samples: int, atoms: Atoms) -> tuple[Array, Array]:
    """psi(0...samples), and what replaces it at atoms; NaN at 0, since no count is 0."""
    whole = np.arange(1, samples + 1)
    psi = np.concatenate([[np.nan, 0.0], np.cumsum(1 / whole[:-1])]) - np.euler_gamma
    if atoms == "psi":
        return psi, psi
    return psi, np.concatenate([[np.nan], np.log(whole)]) if atoms == "log" else np.full_like(psi, np.nan)


def _threaded(function: Callable[[Values], Result], values: Sequence[Values]) -> list[Result]:
    threads = min(numba.config.NUMBA_NUM_THREADS, len(values))  # type: ignore[attr-defined]
    if threads < 2:
        return [function(value) for value in values]
    # A few parts per thread, since some values take longer than others.
    bounds = np.linspace(0, len(values), 4 * threads + 1).astype(int)
    parts = [values[start:stop] for start, stop in pairwise(bounds)]
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda part: [function(value) for value in part], parts)
        return [result for part in found for result in part]
