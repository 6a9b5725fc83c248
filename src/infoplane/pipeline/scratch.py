"""Keeps the epochs of a training run, so that a longer run, or one after a kill, continues from there.

Everything that determines a run, except the number of epochs, selects a folder. It holds one checkpoint per epoch and
the state of the last one. Any of it may be deleted at any time: results are copies, and never lie here.
"""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ..core.errors import InfoplaneError
from ..training.replicates import Snapshot
from . import checkpoints
from .checkpoints import Checkpoint, Header
from .common import files, store

STATE_EVERY_S = 1.0
KEPT = 4  # last used folders of other runs that stay, so that going back to a learning rate is fast
CODE = ("training", "stacking.py", "core/seeding.py", "models")


def fingerprint(settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """A hash of `settings` (as JSON), `arrays`, the training code, the library versions and the processor type."""
    digest = hashlib.sha256()
    versions = (torch.__version__, np.__version__, torch.backends.cpu.get_cpu_capability())
    digest.update(json.dumps([settings, versions], sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name}{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    here = Path(__file__).parent.parent
    for name in CODE:
        for path in sorted((here / name).rglob("*.py")) if (here / name).is_dir() else [here / name]:
            digest.update(path.relative_to(here).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:32]


class Scratch:
    """One run's folder below `parent`. `header` makes the checkpoint header of an epoch."""

    def __init__(self, parent: Path, fingerprint: str, header: Callable[[int], Header]) -> None:
        self.folder, self.header = parent / fingerprint, header
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.touch()
        others = [path for path in parent.iterdir() if path.is_dir() and path != self.folder]
        for old in sorted(others, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old)
        self.losses: list[NDArray[np.float32]] = []
        self.unsaved: Snapshot | None = None
        self.saved_at = time.monotonic()

    def latest(self) -> Snapshot | None:
        """The last epoch that was saved completely; None, with a line on standard error, if a file is damaged."""
        path = store.state_path(self.folder)
        if not path.exists():
            return None
        try:
            epoch, losses, optimizers = _read_state(path)
            held = [self._checkpoint(number) for number in range(epoch + 1)]
        except InfoplaneError as error:
            print(f"infoplane: training from epoch 0: {error}", file=sys.stderr, flush=True)
            shutil.rmtree(self.folder)
            return None
        self.losses = list(losses)
        return Snapshot(epoch, held[-1].tensors, losses[-1], optimizers)

    def save(self, snapshot: Snapshot) -> None:
        """Saves a checkpoint, and the state if the saved one is old: a killed run loses about a second."""
        path = store.checkpoint_path(self.folder, snapshot.epoch)
        checkpoints.write(path, Checkpoint(self.header(snapshot.epoch), snapshot.tensors))
        self.losses.append(snapshot.losses)
        self.unsaved = snapshot
        if time.monotonic() - self.saved_at > STATE_EVERY_S:
            self._save_state()

    def publish(self, root: Path, epochs: int) -> None:
        """Copies the checkpoints of epochs 0 to `epochs`, and no others, with their losses, below `root`."""
        self._save_state()
        with files.replacing(store.checkpoints_folder(root)) as new:
            for epoch in range(epochs + 1):
                checkpoints.write(store.checkpoint_path(store.checkpoints_folder(new), epoch), self._checkpoint(epoch))
        store.save_training(root, np.stack(self.losses[: epochs + 1]))

    def _save_state(self) -> None:
        """Runs after the checkpoints are saved, since the state says which epochs are complete."""
        if self.unsaved is not None:
            _write_state(store.state_path(self.folder), self.unsaved, np.stack(self.losses))
        self.unsaved, self.saved_at = None, time.monotonic()

    def _checkpoint(self, epoch: int) -> Checkpoint:
        path = store.checkpoint_path(self.folder, epoch)
        checkpoint = checkpoints.read(path)
        if checkpoint.header.model_dump(mode="json") != self.header(epoch).model_dump(mode="json"):
            raise InfoplaneError(f"{path}: belongs to another run or epoch")
        return checkpoint


def _write_state(path: Path, snapshot: Snapshot, losses: NDArray[np.float32]) -> None:
    tensors = {"losses": torch.from_numpy(losses)}
    skeleton = _pack(snapshot.optimizers, tensors)
    values = {"epoch": snapshot.epoch, "optimizers": skeleton}
    header = json.dumps(values | {"blake2b": checkpoints.digest(values, _bytes(tensors))})
    files.write_atomically(path, save(tensors, {checkpoints.KEY: header}))


def _read_state(path: Path) -> tuple[int, NDArray[np.float32], list[dict[str, Any]]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[checkpoints.KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        if header.pop("blake2b") != checkpoints.digest(header, _bytes(tensors)):
            raise ValueError("it is not as it was written")
        optimizers = _unpack(header["optimizers"], tensors)
        return header["epoch"], tensors["losses"].numpy(), optimizers
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InfoplaneError(f"{path}: cannot be read ({error})") from None


def _bytes(tensors: Mapping[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    """Each tensor's bytes, also of kinds that numpy lacks, by a name that holds its kind and shape."""
    return {
        f"{name} {tensor.dtype} {tuple(tensor.shape)}": tensor.reshape(-1).view(torch.uint8).numpy()
        for name, tensor in tensors.items()
    }


def _pack(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """`value` as JSON, with its tensors put into `tensors`. Containers carry their type, since keys may be integers."""
    if isinstance(value, torch.Tensor):
        name = f"state_{len(tensors)}"
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _pack(held, tensors)] for key, held in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_pack(held, tensors) for held in value]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise InfoplaneError(
        f"train.optimizer: its state holds a {type(value).__name__}, which cannot be saved; choose another"
    )


def _unpack(value: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "dict":
        return {key: _unpack(part, tensors) for key, part in held}
    return {"list": list, "tuple": tuple}[kind](_unpack(part, tensors) for part in held)
