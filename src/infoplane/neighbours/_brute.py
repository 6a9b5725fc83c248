"""Computes what the kernels compute, by brute force on a GPU: every distance, in float64, in batches with torch.

Kraskov, Stögbauer & Grassberger 2004 (eq. 8 and 9) with the ties and atoms of `neighbours`. Distances are
`max(abs(a - b))` and are compared with the same bounds as in the kernels, so every count is the same. The n terms of a
value are summed in another order, which changes its last digits; batches and chunks change nothing.

Points are tensors `(batch, columns, n)`. If one side's batch is 1, it serves all of the other side, and its distances
are computed once: one y for many x, or one x for many permutations of y.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..arrays.scaling import Scale, scaled
from ._kernels import JUST_INSIDE, JUST_OUTSIDE, TO_EDGE, is_constant

Array = NDArray[np.float64]
Values = NDArray[np.floating]

BUDGET_BYTES = 2**28  # for the distances of a chunk, and half as much for points: several processes may share a GPU
# Memory per pair at the peak: its distances in x, in y and in both; if k is nearly n, as much again for the k smallest
# of these and their places; and 8 spare. Fitting and counting neighbours later takes less.
PAIR_BYTES = 48


def many(
    xs: Sequence[Values],
    y: Array,
    *,
    scale: Scale,
    on: torch.device,
    k: int,
    variant: int,
    tables: tuple[Array, Array],
    budget_bytes: int = BUDGET_BYTES,
) -> Array:
    """The information `(len(xs),)` in nats of each of `xs` `(n, units)`, unscaled, with y `(n, targets)`, scaled.

    Those with the same number of units are stacked. `tables` are psi and what replaces it at atoms.
    """
    places: dict[int, list[int]] = defaultdict(list)
    for place, x in enumerate(xs):
        places[x.shape[1]].append(place)
    one_y, nats = _points([y], on), np.zeros(len(xs))
    for units, alike in places.items():
        size = batch_size(len(y), units, budget_bytes)
        for first in range(0, len(alike), size):
            rows = {place: scaled(xs[place], scale) for place in alike[first : first + size]}
            varied = [place for place in rows if not is_constant(rows[place])]
            if varied:
                points = _points([rows[place] for place in varied], on)
                nats[varied] = information(points, one_y, k, variant, tables, budget_bytes)
    return nats


def permuted(
    x: Array,
    y: Array,
    permutations: NDArray[np.int64],
    *,
    on: torch.device,
    k: int,
    variant: int,
    tables: tuple[Array, Array],
    budget_bytes: int = BUDGET_BYTES,
) -> Array:
    """The same `(draws,)` for x and y[p], scaled `(n, columns)`, for each row p of `permutations` `(draws, n)`."""
    one_x, one_y, nats = _points([x], on), _points([y], on)[0], np.zeros(len(permutations))
    size = batch_size(len(y), y.shape[1], budget_bytes)
    for first in range(0, len(permutations), size):
        some = slice(first, first + size)
        ys = one_y[:, torch.tensor(permutations[some], device=on)].movedim(0, 1)
        nats[some] = information(one_x, ys, k, variant, tables, budget_bytes)
    return nats


def batch_size(n: int, columns: int, budget_bytes: int) -> int:
    """How many at once, so that a row of distances of each fits the budget, and the points fit half of it."""
    return max(1, budget_bytes // (n * (PAIR_BYTES + 2 * 8 * columns)))


def chunk_rows(batch: int, n: int, budget_bytes: int) -> int:
    """How many rows of n distances at once, for each of a batch."""
    return min(n, max(1, budget_bytes // (PAIR_BYTES * batch * n)))


def information(
    x: Tensor, y: Tensor, k: int, variant: int, tables: tuple[Array, Array], budget_bytes: int = BUDGET_BYTES
) -> Array:
    """The information `(batch,)` in nats of x `(batch or 1, columns, n)` and y of the same form, on one device."""
    n, size = x.shape[-1], chunk_rows(max(len(x), len(y)), x.shape[-1], budget_bytes)
    psi, atom = (torch.tensor(table, device=x.device) for table in tables)
    chunks = [slice(first, min(first + size, n)) for first in range(0, n, size)]
    told = torch.cat([_told(x, y, rows, k, variant, psi, atom) for rows in chunks], dim=1)
    return np.asarray(told.cpu().numpy().mean(axis=1))


def _told(x: Tensor, y: Tensor, rows: slice, k: int, variant: int, psi: Tensor, atom: Tensor) -> Tensor:
    """The terms of the points of `rows`, `(batch, rows)` nats: `_kernels.nearest` and `_kernels.one_point` in one."""
    n = x.shape[-1]
    in_x, in_y = _apart(x, rows), _apart(y, rows)
    joint = torch.maximum(in_x, in_y)
    joint[:, range(joint.shape[1]), range(rows.start, rows.stop)] = torch.inf  # no point is its own neighbour
    kth = joint.topk(k, largest=False, sorted=False).values.amax(-1)
    x_radius, y_radius = kth * JUST_INSIDE, kth * JUST_INSIDE
    near = joint <= (kth * JUST_OUTSIDE)[..., None]
    del joint
    boxed, neighbours = (kth == 0) | (variant == 2), near.sum(-1)  # k, where nothing ties
    if boxed.any():
        x_radius = torch.where(boxed, _side(in_x, near, kth), x_radius)
        y_radius = torch.where(boxed, _side(in_y, near, kth), y_radius)
    count_x, count_y = (in_x <= x_radius[..., None]).sum(-1), (in_y <= y_radius[..., None]).sum(-1)
    if variant == 1:
        count_x = torch.maximum(count_x, (in_x <= (x_radius * TO_EDGE)[..., None]).sum(-1) - 1)
        count_y = torch.maximum(count_y, (in_y <= (y_radius * TO_EDGE)[..., None]).sum(-1) - 1)
        nats = psi[neighbours] + psi[n] - psi[count_x] - psi[count_y]
    else:
        x_fitted, y_fitted = x_radius > 0, y_radius > 0
        nats = psi[neighbours] + psi[n] - psi[count_x - x_fitted.long()] - psi[count_y - y_fitted.long()]
        nats = torch.where(x_fitted & y_fitted, nats - 1 / neighbours.double(), nats)
    return torch.where(kth == 0, atom[neighbours + 1] + atom[n] - atom[count_x] - atom[count_y], nats)


def _apart(points: Tensor, rows: slice) -> Tensor:
    """Distances in max norm of the points of `rows` from all points, `(batch, rows, n)`."""
    here, there = points[:, :, rows, None], points[:, :, None, :]
    apart = (here[:, 0] - there[:, 0]).abs_()
    for u in range(1, points.shape[1]):
        torch.maximum(apart, (here[:, u] - there[:, u]).abs_(), out=apart)
    return apart


def _side(apart: Tensor, near: Tensor, kth: Tensor) -> Tensor:
    """Half the side of the rectangle around the near points, widened by a tie."""
    return torch.minimum(torch.where(near, apart, 0.0).amax(-1), kth) * JUST_OUTSIDE


def _points(arrays: Sequence[Array], on: torch.device) -> Tensor:
    """Arrays `(n, columns)` as one tensor `(batch, columns, n)`, each column contiguous."""
    return torch.tensor(np.stack(arrays), device=on).transpose(1, 2).contiguous()
