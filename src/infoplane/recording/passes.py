"""Passes of a network over all rows, some at a time, that hand on what the chosen layers put out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..core.errors import InfoplaneError
from .calls import Call, tensor_of
from .inputs import Inputs
from .reducing import Reduce, reduced
from .undisturbed import undisturbed

Keep = Callable[[str, int, NDArray[np.floating]], None]


@dataclass(frozen=True)
class Tap:
    """A call of a layer that is recorded, under `name`, and what is kept of it: `units` numbers a row."""

    name: str
    call: Call
    how: Reduce
    units: int


def tapped(model: nn.Module, inputs: Inputs, taps: Sequence[Tap], batch: int, keep: Keep) -> None:
    """Calls `keep(name, first row, values (rows, units))` for every tap and batch; the network is left as it was.

    Raises `InfoplaneError` for a layer whose calls or shapes are not those of the first look.
    """
    by_module: dict[str, dict[int, Tap]] = {}
    for tap in taps:
        by_module.setdefault(tap.call.module, {})[tap.call.number] = tap
    numbers: dict[str, int] = {}
    start = stop = 0

    def take(module: str, _layer: nn.Module, _args: Any, output: Any) -> None:
        number = numbers[module] = numbers.get(module, 0) + 1
        tap = by_module[module].get(number)
        if tap is None:
            return
        tensor = tensor_of(output)
        rows = None if tensor is None or tensor.ndim <= tap.call.rows_at else tensor.shape[tap.call.rows_at]
        if tensor is None or rows != stop - start:
            raise InfoplaneError(f"layer {tap.name}: puts out no value for each of {stop - start} rows")
        values = reduced(tensor.movedim(tap.call.rows_at, 0), tap.how, tap.call.channels_first)
        if values.shape[1] != tap.units:
            raise InfoplaneError(f"layer {tap.name}: puts out {values.shape[1]} units, not {tap.units} as before")
        keep(tap.name, start, values.cpu().numpy())

    layers = dict(model.named_modules())
    handles = [layers[module].register_forward_hook(partial(take, module)) for module in by_module]
    try:
        with undisturbed(model):
            for start in range(0, inputs.rows, batch):
                stop = min(start + batch, inputs.rows)
                numbers.clear()
                inputs.call(start, stop)
                for module, wanted in by_module.items():
                    if (times := numbers.get(module, 0)) < max(wanted):
                        raise InfoplaneError(f"layer {module}: was called {times} times, not {max(wanted)} as before")
    finally:
        for handle in handles:
            handle.remove()
