"""Many small critics trained at once: stacked weights, batched products, one optimiser over the stacked
leaves.

A critic scores the pair (x_i, y_j) by g(x_i) · h(y_j), g and h networks of two hidden ReLU layers: the
separable critic of Poole et al. 2019, which gets all pairs of a batch out of one product. The towers g and
h of all critics are one stack, so narrow variables are padded with columns of zeros.

What a critic learns does not depend on how many others learn beside it: each product of a stack is
computed by itself, and each critic starts from its own generator. Gradients are written out: autograd
takes half as long again for networks this small.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._shared.columns import Floats
from . import ALIGN

# Outputs of g and h, the rank of a matrix of scores: 8 lose 0.02 bits, 32 gain none (quadratic data).
EMBEDDING = 16
# Adam's epsilon, 100 times its default, so that gradients that are zero but for rounding do not become steps;
# InfoNCE has such, as it does not see a constant added to h.
EPSILON = 1e-6


def padded(units: int) -> int:
    """The width of the stack that takes `units` columns: each matrix of weights starts on a cache line."""
    return -(-units // ALIGN) * ALIGN


class Critics:
    """`folds` critics for each (x, y) of `pairs`, `(samples, units)` both; critic c is of pair c // folds.

    The first half of each stack is the critics' g, the second half their h.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[Floats, Floats]],
        rngs: Sequence[np.random.Generator],
        folds: int,
        hidden: int,
        learning_rate: float,
        device: torch.device,
    ) -> None:
        samples = len(pairs[0][0])
        width = max(padded(table.shape[1]) for pair in pairs for table in pair)
        tables = np.zeros((2, len(pairs), samples, width), np.float32)
        for i, pair in enumerate(pairs):
            for side, table in enumerate(pair):
                tables[side, i, :, : table.shape[1]] = table
        self.rows = torch.from_numpy(tables.reshape(-1, width)).to(device)
        starts = samples * np.arange(2 * len(pairs)).repeat(folds).reshape(2, -1, 1)
        self.starts = torch.from_numpy(starts).to(device)
        layers = [
            _first_weights(rng, (x.shape[1], y.shape[1]), folds, width, hidden)
            for (x, y), rng in zip(pairs, rngs, strict=True)
        ]
        # Three times weight (2 critics, in, out) and bias (2 critics, 1, out). All are parts of one vector,
        # their gradients of another: the optimiser is quicker with one leaf than with six.
        stacks = [np.concatenate(layer, axis=1) for layer in zip(*layers, strict=True)]
        leaf = torch.from_numpy(np.concatenate([stack.ravel() for stack in stacks])).to(device)
        leaf.grad = torch.zeros_like(leaf)
        self.optimiser = torch.optim.Adam([leaf], lr=learning_rate, eps=EPSILON, fused=True)
        self.weights, self.gradients = _parts(leaf, stacks), _parts(leaf.grad, stacks)

    def scores(self, chosen: Tensor) -> Tensor:
        """Each x of a critic's `chosen` rows `(critics, batch)` with each y: `(critics, batch, batch)`."""
        return self._forward(chosen)[0]

    def step(self, chosen: Tensor, slope: Callable[[Tensor], Tensor]) -> None:
        """One step down a loss whose derivative by the scores of the `chosen` rows is `slope(scores)`."""
        scores, g, h, activations = self._forward(chosen)
        down = slope(scores)
        error = torch.cat([torch.bmm(down, h), torch.bmm(down.transpose(1, 2), g)])
        for layer in (2, 1, 0):
            torch.bmm(activations[layer].transpose(1, 2), error, out=self.gradients[2 * layer])
            torch.sum(error, dim=1, keepdim=True, out=self.gradients[2 * layer + 1])
            if layer:  # the sign of what a ReLU let through, 0 or 1, is its derivative
                back = torch.bmm(error, self.weights[2 * layer].transpose(1, 2))
                error = back.mul_(activations[layer].sign())
        self.optimiser.step()

    def kept(self, better: Tensor, old: list[Tensor]) -> list[Tensor]:
        """The present weights of the critics that are `better` `(critics,)`, the `old` ones of the others."""
        both = better.repeat(2)[:, None, None]
        return [torch.where(both, new, kept) for new, kept in zip(self.weights, old, strict=True)]

    def _forward(self, chosen: Tensor) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Scores, g and h `(critics, batch, EMBEDDING)`, and what went into each layer."""
        w1, b1, w2, b2, w3, b3 = self.weights
        critics, batch = chosen.shape
        inputs = self.rows.index_select(0, (self.starts + chosen).flatten()).view(2 * critics, batch, -1)
        first = torch.baddbmm(b1, inputs, w1).relu_()
        second = torch.baddbmm(b2, first, w2).relu_()
        g, h = torch.baddbmm(b3, second, w3).chunk(2)
        return torch.bmm(g, h.transpose(1, 2)), g, h, (inputs, first, second)


def _parts(vector: Tensor, stacks: Sequence[NDArray[np.float32]]) -> list[Tensor]:
    """Views of `vector` in the order and shapes of `stacks`, `(2, critics, ...)` as `(2 critics, ...)`."""
    ends = np.cumsum([stack.size for stack in stacks])
    return [vector[end - stack.size : end].view(-1, *stack.shape[2:]) for end, stack in zip(ends, stacks, strict=True)]


def _first_weights(
    rng: np.random.Generator, units: tuple[int, int], folds: int, width: int, hidden: int
) -> list[NDArray[np.float32]]:
    """torch's own rule for linear layers, U(-1, 1) / sqrt(inputs); padding has weight 0, and keeps it."""
    layers = []
    for inputs, rows, columns in (
        (units, width, hidden),
        ((hidden, hidden), hidden, hidden),
        ((hidden, hidden), hidden, EMBEDDING),
    ):
        weight = np.zeros((2, folds, rows, columns), np.float32)
        bias = np.zeros((2, folds, 1, columns), np.float32)
        for side, used in enumerate(inputs):
            weight[side, :, :used] = rng.uniform(-1, 1, (folds, used, columns)) / np.sqrt(used)
            bias[side] = rng.uniform(-1, 1, (folds, 1, columns)) / np.sqrt(used)
        layers += [weight, bias]
    return layers
