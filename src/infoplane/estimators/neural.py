"""Neural lower bounds on mutual information, from critics trained together for many layers and epochs.

A critic s(x, y) learns to tell the pairs of a batch from its shuffled pairs. With P the joint and Q the
product of the marginals, in nats:

- `mine`     E_P s - log E_Q e^s            (Belghazi et al. 2018; a moving average of E_Q e^s
                                            mends the bias of the gradient, as in their section 3.2)
- `nwj`      1 + E_P s - E_Q e^s            (Nguyen, Wainwright & Jordan 2010)
- `infonce`  E log(e^s_ii / mean_j e^s_ij)  (van den Oord et al. 2018; never above log2(batch) bits)
- `smile`    E_P s - log E_Q e^clip(s)      (Song & Ermon 2020: s clipped to -tau..tau in Q, trained on the
                                            Jensen-Shannon bound; no strict bound)

Rows are cut into `folds` parts. One is judged by a critic that learnt from the others but one, and that one
says at which step the critic was best; the next of `judged` parts by a critic of its own, and the value is
their mean. Held out, it is a lower bound on average, and around zero, negative as often as not, where a
critic finds nothing. It takes independent rows: a row that repeats another would be judged by a critic that
saw it. Columns are standardised; a discrete y of up to 64 values is one-hot.

What to expect: on Gaussian pairs at n = 1000 all four are within 0.03 bits of the truth. On hidden layers
that hold 3.47 bits of the quadratic data, n = 350, 500 steps find 3.04 (infonce), 2.60 (smile) and 2.42 bits
(mine, nwj), 2000 steps 3.05, 2.85 and 2.79: what a critic can learn from 175 samples, not what is there.

Flag `not_converged`: the held-out objective was still rising at the last step, and more `steps` find more; or
a part came out below -1 bit, where a few pairs decide its value: take infonce.

float32. `estimate` and `estimate_many` give the same numbers, bit for bit on one machine's CPU. A GPU
rounds in another order, which training amplifies; `device` other than cpu has been tested on CPU tensors
only.
"""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from ..core import devices, plugins
from ..core.devices import Device
from ..core.errors import InfoplaneError
from ._parts.bounds import Bound, Loss
from ._parts.critics import Critics, padded
from ._parts.variables import Floats, is_constant, is_discrete, labels, rows, standardised

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000, default settings.
TOLERANCE_BITS = 0.1
# The order of rows deals them to other parts, that of units to other first weights: 0.16 bits at n = 350.
ORDER_TOLERANCE_BITS = 0.5

Indices = NDArray[np.int64]

# Critics trained together: fewer spend their time on overhead, more leave the cache.
STACK = 32
# Rows that are evaluated against each other, where the bound does not set their number itself.
EVALUATED_TOGETHER = 256
# How often the held-out objective is looked at, and the least rows a part needs for that.
CHECKS, ROWS_A_PART = 20, 8
# Of the whole rise of the held-out objective, the share that may fall in the last quarter of the steps.
LATE_RISE = 0.05
# A part this far below zero was decided by a few pairs: a critic worth nothing gives 0.
UNSTABLE_BITS = -1.0
# Tables of a stack may take this many float32 (256 MiB).
MEMORY_FLOATS = 2**26
# Values of y beyond which its labels are taken as numbers.
ONE_HOT = 64


def estimate(
    x: Floats,
    y: Floats,
    *,
    rng: np.random.Generator,
    bound: Bound = "infonce",
    steps: Annotated[int, Field(ge=1)] = 500,
    batch: Annotated[int, Field(ge=2)] = 64,
    hidden: Annotated[int, Field(ge=16, multiple_of=16)] = 32,
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3,
    folds: Annotated[int, Field(ge=3)] = 4,
    judged: Annotated[int, Field(ge=1)] = 1,
    ema_rate: Annotated[float, Field(gt=0, lt=1)] = 0.01,
    tau: Annotated[float, Field(gt=0)] = 5.0,
    device: Device = "cpu",
) -> float:
    """The bound in bits; x `(samples, units)`, y `(samples, targets)`.

    `ema_rate` is of MINE, `tau` of SMILE (nats). Raises `InfoplaneError` for fewer than 8 rows a part, for a
    critic that diverged, and for a device that is not there.
    """
    return float(
        estimate_many(
            [x],
            y,
            rngs=[rng],
            bound=bound,
            steps=steps,
            batch=batch,
            hidden=hidden,
            learning_rate=learning_rate,
            folds=folds,
            judged=judged,
            ema_rate=ema_rate,
            tau=tau,
            device=device,
        )[0]
    )


@dataclass(frozen=True)
class _Settings:
    """The parameters of `estimate`, whose signature holds their defaults and their ranges."""

    bound: Bound
    steps: int
    batch: int
    hidden: int
    learning_rate: float
    folds: int
    judged: int
    ema_rate: float
    tau: float
    device: Device


def estimate_many(xs: Sequence[Floats], y: Floats, *, rngs: Sequence[np.random.Generator], **params: Any) -> Floats:
    """`estimate` of each of `xs` against one y, `(len(xs),)` bits; `params` are those of `estimate`."""
    return estimate_flagged_many(xs, y, rngs=rngs, **params)[0]


def estimate_flagged_many(
    xs: Sequence[Floats], y: Floats, *, rngs: Sequence[np.random.Generator], **params: Any
) -> tuple[Floats, list[set[str]]]:
    """`estimate_many`, and the flags of each value."""
    return _estimates(xs, [_coded(y)] * len(xs), rngs, **params)


def estimate_permuted(
    x: Floats, y: Floats, *, permutations: Indices, rng: np.random.Generator, **params: Any
) -> Floats:
    """`estimate(x, y[p])`, each with a copy of `rng`, for each row p of `permutations`; `(draws,)` bits."""
    draws = len(permutations)
    coded = _coded(y)
    ys = [coded[p] for p in permutations]
    return _estimates([x] * draws, ys, [copy.deepcopy(rng) for _ in range(draws)], **params)[0]


def maximum_bits(samples: int, **params: Any) -> float:
    """InfoNCE's ceiling, the log of as many rows as are judged together; the other bounds have none."""
    settings = _settings(params)
    together = min(settings.batch, samples // settings.folds)
    return math.log2(together) if settings.bound == "infonce" else math.inf


def scale_invariant(**_: object) -> bool:
    """Columns are standardised."""
    return True


def _settings(params: dict[str, Any]) -> _Settings:
    settings = _Settings(**plugins.parameters(estimate, params, "neural"))
    if settings.judged > settings.folds:
        raise InfoplaneError(f"judged: {settings.judged} is above folds: {settings.folds}; lower it")
    return settings


def _estimates(
    xs: Sequence[Floats], ys: Sequence[Floats], rngs: Sequence[np.random.Generator], **params: Any
) -> tuple[Floats, list[set[str]]]:
    settings = _settings(params)
    bits, flags = np.zeros(len(xs)), [set[str]() for _ in xs]
    if not len(xs) or is_constant(ys[0]):
        return bits, flags
    samples, needed = len(ys[0]), ROWS_A_PART * settings.folds
    if samples < needed:
        raise InfoplaneError(
            f"folds: {settings.folds} parts of {ROWS_A_PART} rows are {needed}, and there are {samples}; "
            "extract more rows or lower folds (to 3 at least)"
        )
    for stack in _stacks(xs, ys[0].shape[1], settings):
        pairs = [(standardised(rows(xs[i])), standardised(ys[i])) for i in stack]
        with _one_thread(), torch.no_grad():
            bits[stack], found = _train(pairs, [rngs[i] for i in stack], settings)
        for i, words in zip(stack, found, strict=True):
            flags[i] = words
    return bits, flags


def _coded(y: Floats) -> Floats:
    """A discrete y one-hot, `(samples, classes)`; any other, or one of very many values, as it is."""
    y = rows(y)
    classes = labels(y) if is_discrete(y) else None
    return y if classes is None or classes.max() >= ONE_HOT else np.eye(classes.max() + 1)[classes]


def _stacks(xs: Sequence[Floats], y_width: int, settings: _Settings) -> Iterator[list[int]]:
    """The indices of the `xs` that are not constant, in lists of one width, `STACK` critics each."""
    widths: dict[int, list[int]] = {}
    for i, x in enumerate(xs):
        if not is_constant(rows(x)):
            widths.setdefault(padded(max(np.shape(x)[1], y_width)), []).append(i)
    for width, alike in widths.items():
        fitting = MEMORY_FLOATS // (2 * len(xs[0]) * width)
        size = max(1, min(STACK // settings.judged, fitting))
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _train(
    pairs: Sequence[tuple[Floats, Floats]], rngs: Sequence[np.random.Generator], settings: _Settings
) -> tuple[Floats, list[set[str]]]:
    """Bits and flags of each pair of standardised tables, their critics trained side by side."""
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
