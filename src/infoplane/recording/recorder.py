"""Records a training run of one's own: three lines in any PyTorch loop."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import folder
from ..core.errors import InfoplaneError
from . import names, run

if TYPE_CHECKING:
    from torch import nn

    from .calls import Call
    from .passes import Tap
    from .reducing import Reduce

IN_MEMORY = 256 * 2**20  # bytes of an epoch; a larger one is gathered on disk


class ActivationRecorder:
    """Writes the activations of a network's layers on fixed rows, as often as `save` is called.

        recorder = ip.ActivationRecorder(model, x_eval, y=y_eval, folder="runs/a", layers=["conv*", "fc1"])
        for epoch in range(epochs):
            train_one_epoch()
            recorder.save(epoch)

    model: any `torch.nn.Module`, on any device. Training goes on as if nothing had looked: mode, gradients, buffers and
        random state are as before, to the bit. Layers are measured in eval mode and full precision.
    x: the rows to measure, `(samples, ...)`; a tuple of tensors for several arguments, a mapping for keywords.
    y: what the information is about, a row each; labels or numbers as for `mutual_information`, and so is `labels`.
    folder: what is written there is `dataset.npz`, `run.json` and `activations/epoch_NNNN.npz`, as docs/files.md says.
    layers: patterns of names of `model.named_modules()`, in which `*` stops at a dot and `**` does not. By default
        every layer that has weights, or the activation that follows it. A layer called twice is `relu:1` and `relu:2`.
    reduce: "flatten", "mean" over space or time, "last" step, or "grid:4" for means on a grid of four; or a mapping of
        patterns to them. By default layers are kept as they are, unless one with space or time has more than 1,024
        units a row: then all that have are averaged.
    dtype: "float32", or "float16" for half the disk.
    row_id: whole numbers that tell rows apart, `(samples,)`; by default 0, 1, ...
    batch: how many rows the network is called on at once; memory goes with it.
    resume: go on with the run in this folder, if it has the same rows and layers. An epoch that is there is replaced.
    quiet: do not say on standard error what will be written.

    `summary` is what it said. Raises `InfoplaneError`, before anything is written, for a pattern that matches no layer
    (the layers are listed), for rows that x and y do not share and for a folder that holds another run.
    """

    def __init__(
        self,
        model: "nn.Module",
        x: Any,
        *,
        y: Any,
        folder: str | Path,
        layers: Sequence[str] | None = None,
        reduce: str | Mapping[str, str] | None = None,
        dtype: str = "float32",
        row_id: Any = None,
        batch: int = 256,
        labels: bool | None = None,
        resume: bool = False,
        quiet: bool = False,
    ) -> None:
        try:
            import torch
        except ImportError:
            raise InfoplaneError("ActivationRecorder: needs PyTorch; `pip install 'infoplane[torch]'`") from None
        from .inputs import Inputs
        from .undisturbed import bare

        if not isinstance(model, torch.nn.Module):
            raise InfoplaneError(f"model: is a {type(model).__name__}, not a torch.nn.Module")
        if dtype not in run.DTYPES:
            raise InfoplaneError(f"dtype: {dtype!r} is not known; give float32 or float16")
        if not isinstance(batch, int) or batch < 1:
            raise InfoplaneError(f"batch: {batch!r} is no number of rows; give 1 or more")
        self._model, self._dtype, self._batch = bare(model), np.dtype(dtype), batch
        if any(isinstance(tensor, torch.nn.UninitializedParameter) for tensor in self._model.parameters()):
            raise InfoplaneError("model: has layers that do not know their size yet; call it on one batch first")
        self._inputs = Inputs(x, self._model)
        rows, said = run.stored_rows(self._inputs.columns(), y, labels, row_id)
        self._taps = self._chosen(layers, reduce)
        self._root, self._row_id = Path(folder), rows.row_id
        self._memory: dict[str, NDArray[np.floating]] = {}
        described = {
            "layers": [[tap.name, list(tap.call.shape or ()), tap.how.words, tap.units] for tap in self._taps],
            "dtype": dtype,
        }
        self.summary = self._summary(said)
        self._run_id = run.start(self._root, rows, described, resume)
        if not quiet:
            print(self.summary, file=sys.stderr, flush=True)

    @property
    def layers(self) -> list[str]:
        """The names under which layers are recorded, in network order."""
        return [tap.name for tap in self._taps]

    def save(self, epoch: int) -> None:
        """Records every layer as it is now. The file is there whole or not at all.

        Raises `InfoplaneError` for an epoch that is no whole number from 0 on, for activations that are not finite,
        and where another run has taken the folder; the epochs that are there stay as they are.
        """
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or epoch < 0:
            raise InfoplaneError(f"epoch: {epoch!r} is not 0, 1, 2, ...")
        run.check(self._root, self._run_id)
        if self._bytes <= IN_MEMORY:
            self._save(int(epoch), None)
        else:
            with tempfile.TemporaryDirectory(prefix=".epoch_", dir=self._root, ignore_cleanup_errors=True) as scratch:
                self._save(int(epoch), Path(scratch))

    def _save(self, epoch: int, scratch: Path | None) -> None:
        from .passes import tapped

        kept = self._room(scratch)

        def keep(name: str, first: int, values: NDArray[np.floating]) -> None:
            if not np.isfinite(values).all():
                row = first + int(np.argmin(np.isfinite(values).all(axis=1)))
                raise InfoplaneError(
                    f"layer {name}: NaN or infinity at epoch {epoch} in row {row}; the training diverged, and this "
                    "epoch is not recorded"
                )
            with np.errstate(over="ignore"):
                stored = values.astype(self._dtype, copy=False)
            if self._dtype == np.float16 and not np.isfinite(stored).all():
                raise InfoplaneError(f"layer {name}: holds values beyond 65504 at epoch {epoch}; use dtype='float32'")
            kept[name][0, first : first + len(values)] = stored

        tapped(self._model, self._inputs, self._taps, self._batch, keep)
        folder.save_activations(self._root, epoch, kept, self._row_id, self._run_id)
        run.note(self._root, self._run_id, epoch)

    def _room(self, scratch: Path | None) -> dict[str, NDArray[np.floating]]:
        """An array `(1, samples, units)` for each layer, in memory or on disk."""
        shapes = {tap.name: (1, self._inputs.rows, tap.units) for tap in self._taps}
        if scratch is None:
            self._memory = self._memory or {name: np.empty(shape, self._dtype) for name, shape in shapes.items()}
            return self._memory
        return {
            name: np.memmap(scratch / str(place), self._dtype, "w+", shape=shape)
            for place, (name, shape) in enumerate(shapes.items())
        }

    @property
    def _bytes(self) -> int:
        return sum(tap.units for tap in self._taps) * self._inputs.rows * self._dtype.itemsize

    def _chosen(self, layers: Sequence[str] | None, reduce: str | Mapping[str, str] | None) -> "list[Tap]":
        from . import calls, reducing
        from .undisturbed import undisturbed

        with undisturbed(self._model):
            found = calls.calls(self._model, lambda rows: self._inputs.call(0, rows))
        there = [call.name for call in found if call.shape is not None]
        if layers is None:
            wanted = calls.plotted(found, self._model)
        else:
            idle = {name for name, _ in self._model.named_modules() if name} - {call.module for call in found}
            patterns = [layers] if isinstance(layers, str) else list(layers)
            for pattern in patterns:
                if pattern in idle:
                    said = f"layers: {pattern} is there but never called by itself"
                    raise InfoplaneError(f"{said}; there are {names.listed(there)}")
            wanted = names.chosen(patterns, there)
        if not wanted:
            raise InfoplaneError("model: none of its layers puts out a value for each row; there is nothing to record")
        plain = names.all_plain(wanted)
        hows = {name: reducing.parsed(text) for name, text in _reductions(reduce, wanted).items()}
        by_name = {call.name: call for call in found}
        rest = reducing.default([by_name[name].shape or () for name in wanted if name not in hows])
        return [self._tap(by_name[name], plain[name], hows.get(name, rest)) for name in wanted]

    def _tap(self, call: "Call", name: str, how: "Reduce") -> "Tap":
        import torch

        from . import passes, reducing

        shape = call.shape or ()
        if len(shape) < 2:
            how = reducing.Reduce("flatten")
        units = reducing.reduced(torch.zeros(1, *shape), how, call.channels_first).shape[1]
        return passes.Tap(name, call, how, units)

    def _summary(self, target: str) -> str:
        width = max(len(tap.name) for tap in self._taps)
        size = f"{self._bytes / 1e6:,.1f} MB an epoch, in {self._root}"
        lines = [f"infoplane: {len(self._taps)} layers on {self._inputs.rows:,} rows, y as {target}, {size}"]
        for tap in self._taps:
            shape = " x ".join(map(str, tap.call.shape or ())) or "1"
            kept = "" if tap.how.kind == "flatten" else f", {tap.how.words}: {tap.units}"
            lines.append(f"  {tap.name:{width}}  {tap.call.kind}, {shape}{kept}")
        return "\n".join(lines)


def _reductions(reduce: str | Mapping[str, str] | None, wanted: Sequence[str]) -> dict[str, str]:
    """By layer, what `reduce` asks for; the first pattern that matches counts."""
    if reduce is None:
        return {}
    if not isinstance(reduce, Mapping):
        return dict.fromkeys(wanted, reduce)
    found: dict[str, str] = {}
    for pattern, text in reduce.items():
        for name in names.chosen([pattern], wanted, "reduce"):
            found.setdefault(name, text)
    return found
