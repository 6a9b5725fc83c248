"""Trains the critics of one stack side by side, and judges each on rows that it has not seen."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core import devices
from ...core.errors import InfoplaneError
from .._shared.columns import Floats
from .bounds import Loss
from .critics import Critics

if TYPE_CHECKING:
    from . import Neural

Indices = NDArray[np.int64]

# Rows that are evaluated against each other, where the bound does not set their number itself.
EVALUATED_TOGETHER = 256
# How often the held-out objective is looked at.
CHECKS = 20
# Of the whole rise of the held-out objective, the share that may fall in the last quarter of the steps.
LATE_RISE = 0.05
# A part this far below zero was decided by a few pairs: a critic worth nothing gives 0.
UNSTABLE_BITS = -1.0


def train(
    pairs: Sequence[tuple[Floats, Floats]], rngs: Sequence[np.random.Generator], settings: "Neural"
) -> tuple[Floats, list[set[str]]]:
    """Bits and flags of each pair of standardised tables, their critics trained side by side."""
    with _one_thread(), torch.no_grad():
        return _train(pairs, rngs, settings)


def _train(
    pairs: Sequence[tuple[Floats, Floats]], rngs: Sequence[np.random.Generator], settings: "Neural"
) -> tuple[Floats, list[set[str]]]:
    judged, samples = settings.judged, len(pairs[0][0])
    parts = [_parts(rng, samples, settings.folds, judged) for rng in rngs]
    learn, select, judge = (np.concatenate(kind) for kind in zip(*parts, strict=True))
    batch = min(settings.batch, learn.shape[1])
    together = batch if settings.bound == "infonce" else EVALUATED_TOGETHER
    select, judge = _blocks(select, together), _blocks(judge, together)
    on = devices.found(settings.device)
    critics = Critics(pairs, rngs, judged, settings.hidden, settings.learning_rate, on)
    loss = Loss(settings.bound, settings.tau, settings.ema_rate)

    def held_out(blocks: Indices, measure: Callable[[Tensor], Tensor]) -> Tensor:
        """`measure` of the scores of each block `(blocks, critics, rows)`, averaged: `(critics,)` nats."""
        found = [measure(critics.scores(torch.from_numpy(block).to(on)).double()) for block in blocks]
        return torch.stack(found).mean(0)

    curve = [held_out(select, loss.objective)]
    best, weights = curve[0], [weight.clone() for weight in critics.weights]
    looks = np.linspace(0, settings.steps, min(CHECKS, settings.steps) + 1).round().astype(int)
    for steps in np.diff(looks):
        drawn = [_batches(rngs[c // judged], learn[c], batch, steps) for c in range(len(learn))]
        for chosen in torch.from_numpy(np.stack(drawn, axis=1)).to(on):
            critics.step(chosen, loss.slope)
        now = held_out(select, loss.objective)
        curve.append(torch.where(now.isfinite(), now, -math.inf))
        weights = critics.kept(curve[-1] > best, weights)
        best = torch.maximum(best, curve[-1])
    critics.weights = weights
    by_part = held_out(judge, loss.nats).view(-1, judged).cpu().numpy() / math.log(2)
    bits = by_part.mean(axis=1)
    if not np.isfinite(bits).all():
        raise InfoplaneError(
            f"learning_rate: a critic of {settings.bound} diverged at {settings.learning_rate}; "
            "lower it, or take bound: infonce"
        )
    objective = torch.stack(curve).view(len(curve), -1, judged).mean(2).cpu().numpy()
    doubtful = [
        _rising(of_value) or parts_bits.min() < UNSTABLE_BITS
        for of_value, parts_bits in zip(objective.T, by_part, strict=True)
    ]
    return bits, [{"not_converged"} if doubt else set() for doubt in doubtful]


def _rising(curve: Floats) -> bool:
    """Whether a held-out objective `(looks,)` was still rising in the last quarter of the steps."""
    early = max(1, 3 * len(curve) // 4)
    return bool(curve[early:].max() - curve[:early].max() > LATE_RISE * (curve.max() - curve[0]))


def _parts(rng: np.random.Generator, samples: int, folds: int, judged: int) -> tuple[Indices, Indices, Indices]:
    """Rows to learn from, to select by and to judge on, `(judged, rows)` each; spare ones are learnt from."""
    order, size = rng.permutation(samples), samples // folds
    turned = np.stack([np.roll(order[: folds * size], -part * size) for part in range(judged)])
    spare = np.broadcast_to(order[folds * size :], (judged, samples - folds * size))
    return np.hstack([turned[:, 2 * size :], spare]), turned[:, size : 2 * size], turned[:, :size]


def _batches(rng: np.random.Generator, rows: Indices, batch: int, steps: int) -> Indices:
    """`(steps, batch)` of `rows`, each at most once in a pass; a pass leaves out what fills no batch."""
    a_pass = len(rows) // batch
    passes = np.broadcast_to(rows, (-(-steps // a_pass), len(rows)))
    return rng.permuted(passes, axis=1)[:, : a_pass * batch].reshape(-1, batch)[:steps]


def _blocks(rows: Indices, size: int) -> Indices:
    """`rows` `(critics, rows)` in `(blocks, critics, size)` of one size, overlapping where they must."""
    size = min(size, rows.shape[1])
    starts = np.linspace(0, rows.shape[1] - size, -(-rows.shape[1] // size)).round().astype(int)
    return np.stack([rows[:, start : start + size] for start in starts])


@contextmanager
def _one_thread() -> Iterator[None]:
    """A second thread gains little on products this small, and stalls where other tasks keep cores busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
