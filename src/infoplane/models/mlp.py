"""The multilayer perceptron: `layer_1` ... `layer_N`, each Linear plus activation, then a Linear `output`."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..core.errors import InfoplaneError

Widths = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
# Those of torch.nn, with their default settings.
Activation = Literal[
    "relu",
    "leaky_relu",
    "relu6",
    "hardtanh",
    "hardsigmoid",
    "tanh",
    "sigmoid",
    "gelu",
    "silu",
    "softplus",
    "identity",
]


def build(inputs: int, outputs: int, *, hidden: Widths, activation: Activation = "relu") -> Any:
    """A `torch.nn.Module` from `(samples, inputs)` to `(samples, outputs)`, initialised as PyTorch does it.

    The Linear layers are made in order and nothing else draws random numbers. After `torch.manual_seed(s)` they
    therefore have the same weights as layers made by hand in this order.
    """
    from torch import nn

    classes = {name.lower(): value for name, value in vars(nn).items()}
    layers = OrderedDict[str, nn.Module]()
    for number, width in enumerate(hidden, 1):
        linear = nn.Linear(inputs, width)
        bend = classes[activation.replace("_", "")]()
        layers[f"layer_{number}"] = nn.Sequential(OrderedDict(linear=linear, activation=bend))
        inputs = width
    layers["output"] = nn.Linear(inputs, outputs)
    return nn.Sequential(layers)


def piecewise(
    tensors: Mapping[str, NDArray[np.float32]], *, hidden: Widths, activation: Activation = "relu"
) -> tuple[dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]], str]:
    """Each layer's weight `(out, in)` and bias `(out,)` by name, from one replicate's tensors, and the activation.

    Raises `InfoplaneError` where a tensor is missing or does not have the shape that `hidden` implies.
    """
    modules = {f"layer_{number}": f"layer_{number}.linear" for number in range(1, len(hidden) + 1)} | {
        "output": "output"
    }
    widths: list[int | None] = [None, *hidden, None]
    layers = {}
    for (layer, name), before, width in zip(modules.items(), widths, widths[1:], strict=False):
        weight, bias = (
            _tensor(tensors, f"{name}.weight", (width, before)),
            _tensor(tensors, f"{name}.bias", (width,)),
        )
        if len(weight) != len(bias):
            raise InfoplaneError(f"{name}: {len(weight)} rows of weights and {len(bias)} biases; train again")
        layers[layer] = weight, bias
    return layers, activation


def _tensor(
    tensors: Mapping[str, NDArray[np.float32]], name: str, shape: tuple[int | None, ...]
) -> NDArray[np.float32]:
    """The tensor of that name and shape; None stands for any size."""
    if name not in tensors:
        raise InfoplaneError(f"{name}: no such tensor in the checkpoint; train again")
    found = tensors[name].shape
    if len(found) != len(shape) or any(s not in (None, f) for s, f in zip(shape, found, strict=True)):
        raise InfoplaneError(f"{name}: has shape {found}, not what model.hidden asks for; train again")
    return tensors[name]
