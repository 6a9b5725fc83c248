"""What a network is called on: a tensor, a tuple of them or a mapping of keywords, some rows at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core.errors import InfoplaneError
from .undisturbed import device_of


class Inputs:
    """`x` is an array or tensor `(samples, ...)`, or a tuple of them for several arguments, or a mapping for keywords.

    Raises `InfoplaneError` for anything else, and where they differ in their number of rows.
    """

    def __init__(self, x: Any, model: nn.Module) -> None:
        self._model = model
        self._positional, self._keywords = (), {}  # type: tuple[Tensor, ...], dict[str, Tensor]
        floats = [tensor.dtype for tensor in model.parameters() if tensor.dtype.is_floating_point]
        self._floats = floats[0] if floats else torch.float32
        if isinstance(x, Mapping):
            self._keywords = {str(key): self._tensor(each, f"x[{key!r}]") for key, each in x.items()}
        elif isinstance(x, tuple):
            self._positional = tuple(self._tensor(each, f"x[{place}]") for place, each in enumerate(x))
        else:
            self._positional = (self._tensor(x, "x"),)
        every = [*self._positional, *self._keywords.values()]
        lengths = sorted({len(each) for each in every})
        if len(lengths) != 1:
            raise InfoplaneError(f"x: its parts have {lengths} rows; give each as many")
        self.rows = lengths[0]
        self.alone = every[0] if len(every) == 1 else None

    def call(self, start: int, stop: int) -> None:
        """Calls the network on these rows, on the device where it lies."""
        device = device_of(self._model)

        def part(tensor: Tensor) -> Tensor:
            rows = tensor[start:stop]
            return rows if device is None else rows.to(device)

        self._model(*map(part, self._positional), **{key: part(each) for key, each in self._keywords.items()})

    def columns(self) -> NDArray[np.floating]:
        """x as the dataset keeps it, `(samples, inputs)`; without columns where it is not one array of floats."""
        if self.alone is None or not self.alone.dtype.is_floating_point:
            return np.zeros((self.rows, 0))
        kept = self.alone.detach().cpu().reshape(self.rows, -1)
        found: NDArray[np.floating] = kept.to(torch.float64 if kept.dtype == torch.float64 else torch.float32).numpy()
        return found

    def _tensor(self, values: Any, name: str) -> Tensor:
        if isinstance(values, Tensor):
            found = values.detach()
        else:
            try:
                found = torch.as_tensor(np.asarray(values))
            except (TypeError, ValueError) as error:
                said = " ".join(str(error).split())
                raise InfoplaneError(f"{name}: is no array ({said}); give tensors with the rows in front") from None
            if found.dtype.is_floating_point:
                found = found.to(self._floats)
        if found.ndim == 0:
            raise InfoplaneError(f"{name}: is a single number; give tensors with the rows in front")
        return found
