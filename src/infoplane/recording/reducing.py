"""What is kept of a layer's output for a row: all of it, or a mean over space or time, or a coarse grid."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..core.errors import InfoplaneError

WIDEST = 1024  # units a row; if a layer has more, all with space or time are averaged by default
KINDS = 'one of "flatten", "mean", "last", "grid:4"'


@dataclass(frozen=True)
class Reduce:
    """`kind` with the numbers it needs; `words` for a person to read."""

    kind: str
    cells: int = 0

    @property
    def words(self) -> str:
        return {"mean": "mean over space or time", "last": "last step", "grid": f"means on a grid of {self.cells}"}.get(
            self.kind, "flat"
        )


def parsed(text: object) -> Reduce:
    """Raises `InfoplaneError` for what is not one of `KINDS`."""
    match = re.fullmatch(r"(flatten|mean|last)|grid:([1-9]\d?)", text) if isinstance(text, str) else None
    if match is None:
        raise InfoplaneError(f"reduce: {text!r} is not known; give {KINDS}")
    return Reduce(match[1]) if match[1] else Reduce("grid", int(match[2]))


def default(shapes: Sequence[tuple[int, ...]]) -> Reduce:
    """For outputs of these shapes a row: the same for all, so that layers can be compared."""
    return Reduce("mean" if any(len(shape) > 1 and math.prod(shape) > WIDEST for shape in shapes) else "flatten")


def reduced(output: Tensor, how: Reduce, channels_first: bool) -> Tensor:
    """`(rows, units)` of an `output` `(rows, ...)`: `(rows, channels, ...)`, or `(rows, ..., channels)`."""
    if output.dtype.is_complex:
        output = torch.view_as_real(output)
    if output.dtype not in (torch.float32, torch.float64):
        output = output.float()
    if how.kind == "flatten" or output.ndim < 3:
        return output.reshape(len(output), -1)
    space = output if channels_first else output.movedim(-1, 1)
    if how.kind == "mean":
        return space.flatten(2).mean(2)
    if how.kind == "last":
        return space.flatten(2)[:, :, -1]
    pool: dict[int, Any] = {
        3: functional.adaptive_avg_pool1d,
        4: functional.adaptive_avg_pool2d,
        5: functional.adaptive_avg_pool3d,
    }
    if space.ndim not in pool:
        raise InfoplaneError(f"reduce: grid:{how.cells} is for one to three dimensions beside the channels; use mean")
    sizes = [min(how.cells, size) for size in space.shape[2:]]
    found: Tensor = pool[space.ndim](space, sizes)
    return found.flatten(1)
