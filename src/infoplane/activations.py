"""Records the output of every layer of every replicate: frozen weights, eval mode, one order of samples."""

import copy
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .core.errors import InfoplaneError
from .stacking import Stack, named_tensors, put

Layers = dict[str, NDArray[np.float32]]
RESERVED = {"row_id", "layers"}  # arrays of the npz that are not layers


def recorder(
    networks: Sequence[nn.Module], x: Tensor
) -> tuple[Callable[[Mapping[str, NDArray[Any]]], Layers], str | None]:
    """A function that maps a checkpoint's tensors to each layer's output for x `(samples, inputs)`, and a reason.

    A layer is a named child of the network; its output `(samples, ...)` is returned as `(replicates, samples,
    units)`. The replicates are called as one if that gives the same values as calling them one by one; otherwise the
    second result is the reason why not, else None. `networks` holds one network per replicate; the recorder changes
    them. Raises `InfoplaneError` for a child that is not a layer, for tensors of another network, and for NaN.
    """
    alone = partial(_alone, [network.eval() for network in networks], x)
    try:
        stack = Stack(copy.deepcopy(networks))
        together = partial(_together, stack, x)
        reason = _difference(together, alone, stack.tensors())
    except InfoplaneError:
        raise
    except Exception as error:  # anything that vmap cannot do; the caller prints the message
        reason = textwrap.shorten(str(error), 200)
    return partial(_finite, together if reason is None else alone), reason


def _outputs(network: nn.Module, call: Callable[[Tensor], Any], x: Tensor) -> dict[str, Tensor]:
    """Each child's output during `call(x)`, which calls `network`."""
    names = [name for name, _ in network.named_children()]
    outputs: dict[str, Tensor] = {}
    hooks = [child.register_forward_hook(partial(_keep, outputs, name)) for name, child in network.named_children()]
    try:
        call(x)
    finally:
        for hook in hooks:
            hook.remove()
    if idle := [name for name in names if name not in outputs]:
        raise InfoplaneError(f"model: its layer {idle[0]} is never called; remove it from the network")
    if taken := RESERVED.intersection(names):
        raise InfoplaneError(
            f"model: a layer cannot be named {taken.pop()}, since files of activations use that name; rename it"
        )
    return {name: outputs[name] for name in names}


def _keep(outputs: dict[str, Tensor], name: str, _layer: nn.Module, _args: Any, output: Any) -> None:
    if name in outputs:
        raise InfoplaneError(f"model: its layer {name} is called twice; give each call a layer of its own")
    if not isinstance(output, Tensor):
        raise InfoplaneError(f"model: its layer {name} puts out a {type(output).__name__}, not a tensor; wrap it")
    outputs[name] = output.reshape(len(output), -1).float().clone()  # a later layer may write in place


def _together(stack: Stack, x: Tensor, tensors: Mapping[str, NDArray[Any]]) -> Layers:
    stack.load(tensors)
    outputs = stack.apply(lambda call: _outputs(stack.network, call, x))
    return {name: output.numpy() for name, output in outputs.items()}


@torch.no_grad()
def _alone(networks: Sequence[nn.Module], x: Tensor, tensors: Mapping[str, NDArray[Any]]) -> Layers:
    each = []
    for number, network in enumerate(networks):
        put(named_tensors(network), {name: tensor[number] for name, tensor in tensors.items()})
        each.append(_outputs(network, network, x))
    return {name: np.stack([one[name].numpy() for one in each]) for name in each[0]}


def _difference(
    together: Callable[..., Layers], alone: Callable[..., Layers], tensors: Mapping[str, NDArray[Any]]
) -> str | None:
    """Which layer gives other values when stacked; None if no layer does."""
    ours, theirs = together(tensors), alone(tensors)
    for name, output in theirs.items():
        if not np.allclose(ours[name], output, rtol=1e-3, atol=1e-5 * np.abs(output).max(), equal_nan=True):
            return f"stacked, its {name} puts out other values than alone"
    return None


def _finite(layers: Callable[..., Layers], tensors: Mapping[str, NDArray[Any]]) -> Layers:
    outputs = layers(tensors)
    for name, output in outputs.items():
        if not np.isfinite(output).all():
            replicate = int(np.argmin(np.isfinite(output).all(axis=(1, 2))))
            raise InfoplaneError(
                f"layer {name} puts out NaN or infinity (replicate {replicate}); the training diverged"
            )
    return outputs
