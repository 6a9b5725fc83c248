"""Brings activations that other programs saved into a folder like a recorded one, whole or not at all."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import variables
from ..core import folder
from ..core.errors import InfoplaneError
from . import elsewhere, names, run

Layers = dict[str, NDArray[np.floating]]


def import_run(
    source: Path,
    root: Path,
    y: Any,
    *,
    x: Any = None,
    labels: bool | None = None,
    layers: Sequence[str] | None = None,
    row_id: Any = None,
    dtype: str = "float32",
) -> str:
    """Checks all that `source` holds, writes it to `root`, and says in words what that was.

    source: a folder or file of .npy, .npz, .pt or .safetensors; `elsewhere.by_epoch` says how epochs and layers are
        told. Arrays are `(samples, ...)`, and the rows are those of y in the same order.
    layers: patterns of the layers to take, in network order; by default all, as the files order them.

    Raises `InfoplaneError` for a folder that holds something, for layers that differ from epoch to epoch, for rows
    other than those of y, for NaN and for what cannot be read; then nothing is written.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InfoplaneError(f"{root}: is there and not empty; choose another folder")
    columns = np.zeros((len(y), 0)) if x is None else variables.numbers(x)
    rows, said = run.stored_rows(columns, y, labels, row_id)
    by_epoch = elsewhere.by_epoch(source)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import_", dir=root.parent) as scratch:
        new = Path(scratch) / "run"
        known: dict[str, int] = {}
        run_id = ""
        for epoch, found in by_epoch.items():
            here = _taken(_read(found, len(rows.y), np.dtype(dtype)), layers, found[0][1])
            widths = {name: t.shape[2] for name, t in here.items()}
            if known and widths != known:
                first = next(iter(by_epoch))
                raise InfoplaneError(f"{source}: {_difference(known, widths, first, epoch)}; save the same of each")
            if not known:
                known = widths
                described = {"layers": [[name, [n], "flat", n] for name, n in known.items()], "dtype": dtype}
                run_id = run.start(new, rows, described, resume=False)
            folder.save_activations(new, epoch, here, rows.row_id, run_id)
            run.note(new, run_id, epoch)
        if root.exists():
            root.rmdir()  # it is empty
        os.replace(new, root)
    epochs = list(by_epoch)
    span = f"epoch {epochs[0]}" if len(epochs) == 1 else f"{len(epochs)} epochs from {epochs[0]} to {epochs[-1]}"
    return f"{span} of {len(known)} layers ({names.listed(list(known))}) on {len(rows.y):,} rows, y as {said}"


def _read(found: Sequence[tuple[str, Path]], samples: int, dtype: np.dtype[Any]) -> Layers:
    """The layers of one epoch by plain names, `(1, samples, units)`."""
    layers: Layers = {}
    for prefix, path in found:
        for name, values in elsewhere.arrays(path).items():
            called = names.plain(".".join(filter(None, [prefix, name])) or "layer")
            if called in layers:
                raise InfoplaneError(f"{path}: the layer {called} comes twice in one epoch; rename one of them")
            layers[called] = _checked(f"{path}{f': {names.plain(name)}' if name else ''}", values, samples, dtype)
    return layers


def _checked(where: str, values: NDArray[Any], samples: int, dtype: np.dtype[Any]) -> NDArray[np.floating]:
    if values.dtype.kind not in "fiub":
        raise InfoplaneError(f"{where}: holds {values.dtype}, not numbers; save floats")
    if values.ndim == 0 or len(values) != samples:
        has = "is a single number" if values.ndim == 0 else f"has {len(values)} rows"
        raise InfoplaneError(f"{where}: {has} and y {samples}; pair them row by row")
    if values.size == 0:
        raise InfoplaneError(f"{where}: is empty, of shape {values.shape}; save at least one unit")
    flat = values.reshape(samples, -1)
    if not np.isfinite(flat).all():
        row = int(np.argmin(np.isfinite(flat).all(axis=1)))
        raise InfoplaneError(f"{where}: holds NaN or infinity, first in row {row}; leave this epoch out")
    with np.errstate(over="ignore"):
        stored: NDArray[np.floating] = np.ascontiguousarray(flat.astype(dtype))
    if not np.isfinite(stored).all():
        raise InfoplaneError(f"{where}: holds values that {dtype} cannot; scale them")
    return stored[None]


def _taken(layers: Layers, patterns: Sequence[str] | None, path: Path) -> Layers:
    if patterns is None:
        return layers
    order: dict[str, None] = {}
    try:
        for pattern in patterns:
            order |= dict.fromkeys(names.chosen([pattern], list(layers), "--layers"))
    except InfoplaneError as error:
        raise InfoplaneError(f"{path.parent}: {error}") from None
    return {name: layers[name] for name in order}


def _difference(known: Mapping[str, int], here: Mapping[str, int], first: int, epoch: int) -> str:
    for name in known:
        if name not in here:
            return f"epoch {epoch} lacks the layer {name} of epoch {first}"
        if known[name] != here[name]:
            return f"{name} has {here[name]} units at epoch {epoch} and {known[name]} at epoch {first}"
    return f"epoch {epoch} has the layer {next(name for name in here if name not in known)}, which epoch {first} lacks"
