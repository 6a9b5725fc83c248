"""Two ways to train replicates of one network, all as one or one after the other, with the same result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import stacking
from ..core.seeding import generator
from . import optimizers
from .tape import record

Batch = tuple[Tensor, Tensor]  # x (replicates, samples, inputs) and y (replicates, samples, targets)


@dataclass(frozen=True)
class Data:
    """x `(samples, inputs)` and y `(samples, targets)` of the train and the test rows, float32; labels are int64
    `(samples,)`."""

    train: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


class Trainer(Protocol):
    """Trains replicates; `optimizers` hold all of its state except its tensors."""

    optimizers: list[torch.optim.Optimizer]

    def fit(self, batches: Iterable[Batch], epoch: int) -> None:
        """One step on each of `batches`, in train mode."""

    def losses(self) -> Tensor:
        """`(replicates, 2)`: the loss on all train rows and on all test rows, in eval mode."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """A copy of all parameters and buffers, `(replicates, ...)` by name."""

    def load(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Loads what `tensors` returned."""


class Together:
    """All replicates as one, with one optimiser on the leaf that holds all their weights."""

    def __init__(self, networks: Sequence[nn.Module], make: optimizers.Make, loss: stacking.Loss, data: Data) -> None:
        self.stack, self.loss, self.splits = stacking.Stack(networks), loss, (data.train, data.test)
        self.optimizers = [make([self.stack.leaf])]
        self.gradients: dict[torch.Size, Callable[..., Any]] = {}
        self.stack.network.eval()
        self.evaluations = [record(self._evaluate, *split) for split in self.splits]

    def fit(self, batches: Iterable[Batch], epoch: int) -> None:  # noqa: ARG002 (nothing here is drawn at random)
        for x, y in batches:
            self.optimizers[0].step(partial(self._slope, x, y))

    def losses(self) -> Tensor:
        return torch.stack([play(*split) for play, split in zip(self.evaluations, self.splits, strict=True)], dim=1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        return self.stack.tensors()

    def load(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self.stack.load(tensors)

    def gradient(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """See `Stack.gradient`. Recorded once per batch size: all batches but the last have the same size."""
        if x.shape not in self.gradients:
            self.stack.network.train()
            self.gradients[x.shape] = record(partial(self.stack.gradient, self.loss), x, y)
        gradient, total = self.gradients[x.shape](x, y)
        return gradient, total

    def _slope(self, x: Tensor, y: Tensor) -> Any:
        self.stack.leaf.grad, total = self.gradient(x, y)
        return total

    def _evaluate(self, x: Tensor, y: Tensor) -> Any:
        return self.stack.apply(lambda network: self.loss(network(x), y))


class Apart:
    """One replicate after the other, each with its own optimiser. Changes `networks` in place."""

    def __init__(
        self, networks: Sequence[nn.Module], make: optimizers.Make, loss: stacking.Loss, data: Data, seed: int
    ) -> None:
        self.networks, self.loss, self.splits, self.seed = networks, loss, (data.train, data.test), seed
        self.optimizers = [make(network.parameters()) for network in networks]

    def fit(self, batches: Iterable[Batch], epoch: int) -> None:
        held = list(batches)
        for r, (network, optimizer) in enumerate(zip(self.networks, self.optimizers, strict=True)):
            noise = int(generator(self.seed + r, "noise", epoch).integers(2**63))
            on = self.splits[0][0].device
            with torch.random.fork_rng([on] if on.type == "cuda" else []):
                torch.manual_seed(noise)  # dropout can draw only from PyTorch's global generator
                for x, y in held:
                    optimizer.step(partial(self.slope, network, x[r], y[r]))

    @torch.no_grad()
    def losses(self) -> Tensor:
        each = [[self.loss(network.eval()(x), y) for x, y in self.splits] for network in self.networks]
        return torch.stack([torch.stack(row) for row in each])

    def tensors(self) -> dict[str, NDArray[Any]]:
        each = [stacking.named_tensors(network) for network in self.networks]
        return {name: np.stack([one[name].detach().cpu().numpy() for one in each]) for name in each[0]}

    def load(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        for r, network in enumerate(self.networks):
            stacking.put(stacking.named_tensors(network), {name: tensor[r] for name, tensor in tensors.items()})

    def slope(self, network: nn.Module, x: Tensor, y: Tensor) -> Any:
        """The loss of one batch, x `(samples, inputs)`; the gradient is left in the parameters."""
        network.train().zero_grad()
        with torch.enable_grad():
            loss = self.loss(network(x), y)
            torch.autograd.backward(loss)
        return loss
