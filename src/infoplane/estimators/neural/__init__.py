"""Neural lower bounds on mutual information, from critics trained together for many layers and epochs."""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MultipleOf

from ...arrays.variables import Variable
from ...core.devices import Device
from ...core.errors import InfoplaneError
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.columns import Floats, is_constant, one_hot, rows, standardised

# Critics trained together: fewer spend their time on overhead, more leave the cache.
STACK = 32
# The least rows that a part needs.
ROWS_A_PART = 8
# Tables of a stack may take this many float32 (256 MiB).
MEMORY_FLOATS = 2**26
# The widths of a stack are multiples of this (see `critics`).
ALIGN = 8


@dataclass(frozen=True, kw_only=True)
class Neural(Estimator):
    """A neural lower bound on I(X;Y) in bits: a network learns to tell the pairs of a batch from its shuffled pairs.

    Use it for many rows and many columns. At n = 350 do not expect it to find what is there. A critic s(x, y) scores
    pairs; with P the joint and Q the product of the marginals, in nats:

    - `mine`     E_P s - log E_Q e^s            (Belghazi et al. 2018; a moving average of E_Q e^s takes the bias off
                                                the gradient, as in their section 3.2)
    - `nwj`      1 + E_P s - E_Q e^s            (Nguyen, Wainwright & Jordan 2010)
    - `infonce`  E log(e^s_ii / mean_j e^s_ij)  (van den Oord et al. 2018; never above log2(batch) bits)
    - `smile`    E_P s - log E_Q e^clip(s)      (Song & Ermon 2020: s clipped to -tau..tau in Q, trained on the
                                                Jensen-Shannon bound; no strict bound)

    bound: one of these. steps, batch, learning_rate: of Adam. hidden: the width of a critic. ema_rate: of MINE's moving
    average. tau: of SMILE, in nats. device: `cpu`, `cuda` or `auto`.
    folds, judged: rows are cut into `folds` parts. One is judged by a critic that learnt from the others but one, and
        that one says at which step the critic was best; the next of `judged` parts by a critic of its own, and the
        value is their mean.

    Held out, it is a lower bound on average, and around zero, negative as often as not, where a critic finds nothing.
    Rows have to be independent: a row that repeats another would be judged by a critic that saw it. Columns are
    standardised; labels are one-hot.

    What to expect: on Gaussian pairs at n = 1,000 all four are within 0.03 bits of the truth. On hidden layers that
    hold 3.47 bits of the quadratic data, n = 350, 500 steps find 3.04 (infonce), 2.60 (smile) and 2.42 bits (mine,
    nwj), 2,000 steps 3.05, 2.85 and 2.79: what a critic can learn from 175 rows, not what is there.

    Flag `not_converged`: the held-out objective was still rising at the last step, and more `steps` find more; or a
    part came out below -1 bit, where a few pairs decide its value: take infonce.

    Needs PyTorch. Works in float32, with the same numbers bit for bit on one machine's CPU. A GPU rounds in another
    order, which training amplifies; `device` other than cpu was tested on CPU tensors only. Refuses fewer than 8 rows a
    part, a critic that diverged, and a device that is not there.
    """

    tolerance_bits: ClassVar[float] = 0.1
    # The order of rows deals them to other parts, that of units to other first weights: 0.16 bits at n = 350.
    order_tolerance_bits: ClassVar[float] = 0.5

    bound: Literal["mine", "nwj", "infonce", "smile"] = "infonce"
    steps: Annotated[int, Ge(1)] = 500
    batch: Annotated[int, Ge(2)] = 64
    hidden: Annotated[int, Ge(16), MultipleOf(16)] = 32
    learning_rate: Annotated[float, Gt(0), Le(1)] = 1e-3
    folds: Annotated[int, Ge(3)] = 4
    judged: Annotated[int, Ge(1)] = 1
    ema_rate: Annotated[float, Gt(0), Lt(1)] = 0.01
    tau: Annotated[float, Gt(0)] = 5.0
    device: Device = "cpu"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.judged > self.folds:
            raise InfoplaneError(f"judged: {self.judged} is above folds: {self.folds}; lower it")

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        return self._estimate_flagged(xs, y, rngs)[0]

    def _estimate_flagged(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        return self._estimates(xs, [one_hot(y)] * len(xs), rngs)

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        """Each with a copy of the first generator."""
        coded = one_hot(y)
        copies = [copy.deepcopy(rngs[0]) for _ in permutations]
        return self._estimates([x] * len(permutations), [coded[p] for p in permutations], copies)[0]

    @property
    def scale_invariant(self) -> bool:
        return True

    def maximum_bits(self, samples: int) -> float:
        """InfoNCE's ceiling, the log of as many rows as are judged together; the other bounds have none."""
        together = min(self.batch, samples // self.folds)
        return math.log2(together) if self.bound == "infonce" and together > 0 else math.inf

    def _estimates(self, xs: Sequence[Values], ys: Sequence[Floats], rngs: Generators) -> tuple[Array, list[set[str]]]:
        bits, flags = np.zeros(len(xs)), [set[str]() for _ in xs]
        if not len(xs) or is_constant(ys[0]):
            return bits, flags
        samples, needed = len(ys[0]), ROWS_A_PART * self.folds
        if samples < needed:
            raise InfoplaneError(
                f"folds: {self.folds} parts of {ROWS_A_PART} rows are {needed}, and there are {samples}; "
                "take more rows or lower folds (to 3 at least)"
            )
        try:
            from .training import train
        except ImportError:
            raise InfoplaneError("neural: needs PyTorch; `pip install 'infoplane[torch]'`") from None

        for stack in self._stacks(xs, ys[0].shape[1]):
            pairs = [(standardised(rows(xs[i])), standardised(ys[i])) for i in stack]
            bits[stack], found = train(pairs, [rngs[i] for i in stack], self)
            for i, words in zip(stack, found, strict=True):
                flags[i] = words
        return bits, flags

    def _stacks(self, xs: Sequence[Values], y_width: int) -> Iterator[list[int]]:
        """The indices of the `xs` that are not constant, in lists of one width, `STACK` critics each."""
        widths: dict[int, list[int]] = {}
        for i, x in enumerate(xs):
            if not is_constant(rows(x)):
                widths.setdefault(-(-max(np.shape(x)[1], y_width) // ALIGN), []).append(i)
        for width, alike in widths.items():
            fitting = MEMORY_FLOATS // (2 * len(xs[0]) * width * ALIGN)
            size = max(1, min(STACK // self.judged, fitting))
            yield from (alike[start : start + size] for start in range(0, len(alike), size))
