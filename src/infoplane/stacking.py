"""Runs the replicates of one network as one: their weights are stacked and their calls vectorised with torch.func."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap

from .core.errors import InfoplaneError

Loss = Callable[[Tensor, Tensor], Tensor]


def named_tensors(network: nn.Module) -> dict[str, Tensor]:
    """All that must be saved of a network: its parameters, and the buffers of its state_dict."""
    saved = network.state_dict().keys()
    buffers = {name: buffer for name, buffer in network.named_buffers() if name in saved}
    return dict(network.named_parameters()) | buffers


def put(own: Mapping[str, Tensor], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Copies `tensors` into `own`. Raises `InfoplaneError` unless names, shapes and types are the same."""
    if odd := sorted(own.keys() ^ tensors.keys()):
        fault = "missing from the weights" if odd[0] in own else "not in the network"
        raise InfoplaneError(f"{', '.join(odd)}: {fault}; give the weights of this network")
    for name, tensor in own.items():
        found = torch.from_numpy(np.array(tensors[name]))
        if (found.shape, found.dtype) != (tensor.shape, tensor.dtype):
            raise InfoplaneError(
                f"{name}: {found.dtype} of shape {tuple(found.shape)} in the weights, {tensor.dtype} of "
                f"shape {tuple(tensor.shape)} in the network; give the weights of this network"
            )
        with torch.no_grad():
            tensor.copy_(found)


class Stack:
    """Several `networks` of one architecture, as one. Their weights are copied, not shared.

    All trained weights of all replicates are in one leaf `(replicates, numbers)`, so that one optimiser step moves
    them all. `trained` holds views of it by name, `(replicates, *shape)` each; `fixed` holds everything else.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self.network, self.replicates = networks[0], len(networks)
        each = [named_tensors(network) for network in networks]
        trained = [name for name, p in self.network.named_parameters() if p.requires_grad]
        columns = [torch.stack([one[name].detach().flatten() for one in each]) for name in trained]
        self.leaf = torch.cat(columns, dim=1)
        parts = torch.split(self.leaf, [column.shape[1] for column in columns], dim=1)
        self.trained = {
            name: part.view(self.replicates, *each[0][name].shape) for name, part in zip(trained, parts, strict=True)
        }
        self.fixed = {
            name: torch.stack([one[name].detach() for one in each]) for name in each[0] if name not in self.trained
        }

    def tensors(self) -> dict[str, NDArray[Any]]:
        """A copy of all tensors by name, `(replicates, ...)`."""
        both = self.trained | self.fixed
        return {name: both[name].cpu().numpy().copy() for name in named_tensors(self.network)}

    def load(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Loads `tensors`, as `tensors()` returns them; raises as `put` does."""
        put(self.trained | self.fixed, tensors)

    def gradient(self, loss: Loss, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient `(replicates, numbers)` of each replicate's loss on its batch, and the sum of the losses.

        x is `(replicates, samples, inputs)`, y `(replicates, samples, targets)`.
        """
        weights = {name: part.detach().requires_grad_() for name, part in self.trained.items()}

        def one(weights: dict[str, Tensor], fixed: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
            return loss(functional_call(self.network, (weights, fixed), (x,)), y)

        total = vmap(one)(weights, self.fixed, x, y).sum()
        gradients = torch.autograd.grad(total, list(weights.values()))
        return torch.cat([gradient.reshape(self.replicates, -1) for gradient in gradients], dim=1), total.detach()

    @torch.no_grad()
    def apply(self, function: Callable[[Callable[[Tensor], Any]], Any]) -> Any:
        """`function(call)` for each replicate, stacked; `call(x)` calls that replicate's network."""

        def one(weights: dict[str, Tensor]) -> Any:
            return function(lambda x: functional_call(self.network, weights, (x,)))

        return vmap(one)(self.trained | self.fixed)
