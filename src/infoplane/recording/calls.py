"""Which layers a network calls, in which order, with what outputs; and which of them a person would plot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from ..core.errors import InfoplaneError

ACTIVATIONS = ("relu", "gelu", "silu", "swish", "mish", "tanh", "sigmoid", "elu", "softplus", "activation")
SHAPED_FIRST = ("Conv", "BatchNorm", "GroupNorm", "InstanceNorm", "LocalResponseNorm")


@dataclass(frozen=True)
class Call:
    """One call of one module during a pass.

    shape: of its output for a row; None where the output has no dimension of rows.
    rows_at: that dimension. channels_first: whether channels come right after the rows, or last.
    """

    name: str
    module: str
    number: int
    shape: tuple[int, ...] | None
    rows_at: int
    channels_first: bool
    is_leaf: bool
    kind: str


@dataclass
class _Seen:
    module: str
    layer: nn.Module
    shape: tuple[int, ...] | None
    is_leaf: bool


def tensor_of(output: Any) -> Tensor | None:
    """The tensor of an output: the first of a tuple, a list or a mapping, as attention and recurrent layers give."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, tuple | list) and not hasattr(output, "batch_sizes"):  # which a packed sequence has
        return next((found for each in output if (found := tensor_of(each)) is not None), None)
    return None


def calls(model: nn.Module, run: Callable[[int], Any]) -> list[Call]:
    """Every call of a module in a pass; `run(n)` calls the network on n rows. Two sizes tell where the rows are.

    Raises `InfoplaneError` for a network that calls other layers for more rows.
    """
    two, three = _seen(model, run, 2), _seen(model, run, 3)
    if [each.module for each in two] != [each.module for each in three]:
        raise InfoplaneError("model: calls other layers for other numbers of rows; record a part of it instead")
    counts: dict[str, int] = {}
    for each in two:
        counts[each.module] = counts.get(each.module, 0) + 1
    found, numbers, first = [], dict[str, int](), None
    for small, large in zip(two, three, strict=True):
        if not small.module and not small.is_leaf:
            continue  # the network as a whole
        if small.is_leaf:
            first = _channels_first(small.layer, first)
        number = numbers[small.module] = numbers.get(small.module, 0) + 1
        name = small.module or "model"
        rows_at, shape = _rows(small.shape, large.shape)
        channels_first = (len(shape or ()) >= 3) if first is None else first
        kind = type(small.layer).__name__
        called = f"{name}:{number}" if counts[small.module] > 1 else name
        found.append(Call(called, small.module, number, shape, rows_at, channels_first, small.is_leaf, kind))
    return found


def _seen(model: nn.Module, run: Callable[[int], Any], rows: int) -> list[_Seen]:
    seen: list[_Seen] = []
    inside: list[bool] = []  # whether each module that is running has called another

    def enter(_layer: nn.Module, _args: Any) -> None:
        if inside:
            inside[-1] = True
        inside.append(False)

    def leave(layer: nn.Module, _args: Any, output: Any) -> None:
        tensor = tensor_of(output)
        seen.append(_Seen(names[layer], layer, None if tensor is None else tuple(tensor.shape), not inside.pop()))

    names: dict[nn.Module, str] = {}
    handles = []
    try:
        for name, module in model.named_modules():
            if "parametrizations" not in name.split("."):  # a weight's own; they put out no rows
                names[module] = name
                handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
        run(rows)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _rows(two: tuple[int, ...] | None, three: tuple[int, ...] | None) -> tuple[int, tuple[int, ...] | None]:
    """The dimension that holds the rows, and the shape without it."""
    if two is None or three is None or len(two) != len(three):
        return 0, None
    differ = [place for place, (a, b) in enumerate(zip(two, three, strict=True)) if a != b]
    if len(differ) != 1 or (two[differ[0]], three[differ[0]]) != (2, 3):
        return 0, None
    return differ[0], two[: differ[0]] + two[differ[0] + 1 :]


def _channels_first(layer: nn.Module, before: bool | None) -> bool | None:
    kind = type(layer).__name__
    if kind.startswith(SHAPED_FIRST) or kind.endswith(("1d", "2d", "3d")):
        return True
    if isinstance(layer, nn.Linear | nn.LayerNorm | nn.RNNBase | nn.Embedding | nn.MultiheadAttention):
        return False
    return before


def plotted(found: Sequence[Call], model: nn.Module) -> list[str]:
    """By default: each leaf that has weights, or the first activation after it, if that comes before the next one."""
    layers = dict(model.named_modules())
    chosen: list[str] = []
    open_stage = False
    for call in found:
        if not call.is_leaf or call.shape is None:
            continue
        layer = layers[call.module]
        if _is_activation(layer):
            if open_stage:
                chosen[-1], open_stage = call.name, False
        elif "Norm" not in call.kind and next(layer.parameters(), None) is not None:
            chosen.append(call.name)
            open_stage = True
    return chosen or [call.name for call in found if call.shape is not None]


def _is_activation(layer: nn.Module) -> bool:
    if isinstance(layer, nn.MultiheadAttention) or "softmax" in type(layer).__name__.lower():
        return False
    known = type(layer).__module__ == "torch.nn.modules.activation"
    return known or type(layer).__name__.lower().startswith(ACTIVATIONS)
