"""The optimisers of torch.optim by name, and whether one can train stacked replicates."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from ..core.errors import InfoplaneError
from .settings import Optimizer

Make = Callable[[Iterable[Tensor]], torch.optim.Optimizer]
REFUSALS = (AssertionError, RuntimeError, TypeError, ValueError)  # by which torch.optim rejects arguments or networks
STEPS = 3  # a rule that couples the numbers of a tensor shows in the first; with momentum, in the second


def maker(optimizer: Optimizer) -> Make:
    """A function that makes an optimiser of tensors. Raises `InfoplaneError` for an unknown class or argument."""
    name = optimizer.target.removeprefix("torch.optim.")
    kind = getattr(torch.optim, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer):
        raise InfoplaneError(f"train.optimizer._target_: torch.optim has no optimiser {name}; try SGD or Adam")
    given = {"lr": optimizer.lr, **(optimizer.model_extra or {})}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    known = list(inspect.signature(kind).parameters)[1:]
    if unknown := [key for key in given if key not in known]:
        raise InfoplaneError(
            f"train.optimizer.{unknown[0]}: torch.optim.{name} has no such argument; it has {', '.join(known)}"
        )

    def make(tensors: Iterable[Tensor]) -> torch.optim.Optimizer:
        try:
            return kind(tensors, **given)
        except REFUSALS as error:
            key = next((f".{key}" for key in given if re.search(rf"\b{key}\b", str(error))), "")
            raise InfoplaneError(f"train.optimizer{key}: torch.optim.{name} says: {error}; fix it") from None

    return make


def coupling(make: Make, shapes: Sequence[torch.Size], replicates: int) -> str | None:
    """None if the optimiser moves each number by itself, so that stacked weights move as separate ones do.

    Otherwise, what went wrong. This is a test, not a list of names: random weights take a few steps down random
    parabolas, a new one at each step, both as the replicates' own tensors and as one leaf `(replicates, numbers)`.
    """
    generator = torch.Generator().manual_seed(0)
    numbers = sum(shape.numel() for shape in shapes)
    start, *lowest = torch.randn(1 + STEPS, replicates, numbers, generator=generator)
    apart = [[part.clone().requires_grad_() for part in _split(row, shapes)] for row in start]
    for number, tensors in enumerate(apart):
        optimizer = make(tensors)
        try:
            _descend(optimizer, tensors, [_split(low[number], shapes) for low in lowest])
        except REFUSALS as error:
            raise InfoplaneError(f"train.optimizer: cannot train this network: {error}; choose another") from None
    leaf = start.clone().requires_grad_()
    try:
        _descend(make([leaf]), [leaf], [[low] for low in lowest])
    except REFUSALS as error:
        return str(error)
    together = torch.stack([torch.cat([part.detach().flatten() for part in tensors]) for tensors in apart])
    if torch.allclose(leaf.detach(), together, rtol=1e-4, atol=1e-5, equal_nan=True):
        return None
    return "the step of one number depends on others"


def _descend(optimizer: torch.optim.Optimizer, tensors: list[Tensor], lowest: Sequence[Sequence[Tensor]]) -> None:
    """One step towards each of `lowest` in turn, down a parabola that is steeper where its lowest point is larger."""
    for targets in lowest:

        def closure(targets: Sequence[Tensor] = targets) -> Tensor:
            loss = torch.zeros(())
            for tensor, target in zip(tensors, targets, strict=True):
                away, steep = tensor.detach() - target, target.abs()
                tensor.grad = steep * away
                loss += (steep * away**2).sum() / 2
            return loss

        optimizer.step(closure)  # type: ignore[arg-type]  # a loss may be a tensor: LBFGS calls float(loss)


def _split(row: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    parts = torch.split(row, [shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
