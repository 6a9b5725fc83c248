"""Replays PyTorch's operators without the Python code that chose them.

vmap, functional_call and autograd choose the operators again at every call; with small networks that takes longer than
the operators. A tape holds the operators of one call; torch.fx turns them into plain Python.
"""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

Function = Callable[..., Any]


def record(function: Function, *inputs: Tensor) -> Function:
    """Runs `function(*inputs)` once, and returns a function that does the same to inputs of equal shapes and strides.

    Tensors that `function` reads besides its inputs are held by reference: change their values in place, and the tape
    sees the new ones. `function` must run the same operators for all values and must not draw random numbers (vmap
    rejects functions that do). No gradient flows through a tape; `function` may compute one itself.
    """
    tape = _Tape(inputs)
    with tape:
        result = function(*inputs)
    tape.graph.output(tree_map(tape.node, result))
    run = fx.GraphModule(nn.Module(), tape.graph).forward
    held = list(tape.held.values())

    @torch.no_grad()
    def play(*inputs: Tensor) -> Any:
        return run(*inputs, *held)

    return play


class _Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records each operator below autograd and vmap, where tensors are plain.

    `known` maps the id of a tensor to its node in the graph; `held` are the tensors that no operator made.
    """

    def __init__(self, inputs: tuple[Tensor, ...]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.graph = fx.Graph()
        self.known = {id(tensor): self.graph.placeholder(f"input_{n}") for n, tensor in enumerate(inputs)}
        self.held: dict[fx.Node, Tensor] = {}
        self.alive = list(inputs)  # an id is valid only while its tensor lives

    def note(self, tensor: Tensor, node: fx.Node | None) -> None:
        self.alive.append(tensor)
        if node is not None:
            self.known[id(tensor)] = node

    def node(self, value: Any) -> Any:
        """The graph's node for this tensor; anything that is not a tensor stays as it is."""
        if not isinstance(value, Tensor):
            return value
        if id(value) not in self.known:
            node = self.graph.placeholder(f"held_{len(self.held)}")
            self.held[node] = value.detach()
            self.note(value, node)
        return self.known[id(value)]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.ops.aten.mul.Scalar and args[1] == 1 and args[0].is_floating_point():
            func, args = (
                torch.ops.aten.alias.default,
                args[:1],
            )  # vmap's rule for Linear multiplies the bias by 1
        result = func(*args, **kwargs)
        if args and not func._schema.is_mutable:
            if _same(result, args[0]):
                self.note(result, self.node(args[0]))  # the operator did nothing: vmap produces many of these
                return result
            source = self.known.get(id(args[0]))
            if _share(result, args[0]) and (source is None or source in self.held):
                self.note(result, None)  # a view of a held tensor can be held itself
                return result
        node = self.graph.call_function(func, tree_map(self.node, args), tree_map(self.node, kwargs))
        if isinstance(result, Tensor):
            self.note(result, node)
        elif isinstance(result, (tuple, list)):
            for place, part in enumerate(result):
                if isinstance(part, Tensor):
                    self.note(part, self.graph.call_function(operator.getitem, (node, place)))
        return result


def _share(one: object, other: object) -> bool:
    """Whether they are tensors that read the same memory in the same way."""
    if not (isinstance(one, Tensor) and isinstance(other, Tensor) and one.dtype == other.dtype):
        return False
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def _same(one: Any, other: Any) -> bool:
    return _share(one, other) and _place(one) == _place(other)


def _place(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.storage_offset()
