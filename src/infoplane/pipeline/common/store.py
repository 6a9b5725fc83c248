"""The only module that knows file names and formats; it checks everything that it reads.

docs/files.md lists the files below the root (`data/`). Nothing is ever unpickled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InfoplaneError
from . import files

SPLITS = ("train", "test", "probe")


@dataclass(frozen=True)
class Rows:
    """The dataset: x `(samples, inputs)`, y `(samples, targets)`, split `(samples,)`, row_id `(samples,)`."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    split: NDArray[np.str_]
    row_id: NDArray[np.int64]

    def of(self, split: str) -> "Rows":
        """The rows of one split, in their order."""
        chosen = self.split == split
        if not chosen.any():
            raise InfoplaneError(
                f"extract.split: the dataset has no {split!r} rows; choose another split"
                + (" or set dataset.probe_samples" if split == "probe" else "")
            )
        return Rows(self.x[chosen], self.y[chosen], self.split[chosen], self.row_id[chosen])

    def select(self, row_id: NDArray[np.int64], source: str) -> "Rows":
        """The rows with these ids, in this order; this pairs targets with their activations.

        Raises `InfoplaneError` that names `source` where an id is unknown or occurs twice.
        """
        position = {int(row): place for place, row in enumerate(self.row_id)}
        if len(set(row_id.tolist())) != len(row_id):
            raise InfoplaneError(f"{source}: row_id holds a row twice; extract the activations again")
        unknown = [int(row) for row in row_id if int(row) not in position]
        if unknown:
            raise InfoplaneError(
                f"{source}: row {unknown[0]} is not in the dataset; these activations belong to other data, "
                "run `dvc repro extract`"
            )
        places = np.array([position[int(row)] for row in row_id], dtype=np.int64)
        return Rows(self.x[places], self.y[places], self.split[places], self.row_id[places])


@dataclass(frozen=True)
class Activations:
    """One epoch: one array `(replicates, samples, units)` float32 per layer, in network order, and `row_id`."""

    layers: dict[str, NDArray[np.float32]]
    row_id: NDArray[np.int64]


def dataset_path(root: Path) -> Path:
    return root / "dataset.npz"


def save_dataset(root: Path, rows: Rows) -> None:
    files.save_npz(dataset_path(root), {"x": rows.x, "y": rows.y, "split": rows.split, "row_id": rows.row_id})


def load_dataset(root: Path) -> Rows:
    path = dataset_path(root)
    arrays = files.load_npz(path)
    _require(path, arrays, ("x", "y", "split", "row_id"))
    rows = Rows(arrays["x"], arrays["y"], arrays["split"], arrays["row_id"])
    _check(path, "x", rows.x, dimensions=2)
    _check(path, "y", rows.y, dimensions=2)
    lengths = {len(rows.x), len(rows.y), len(rows.split), len(rows.row_id)}
    if len(lengths) != 1:
        raise InfoplaneError(f"{path}: x, y, split and row_id have {sorted(lengths)} rows; run `dvc repro generate`")
    strange = set(rows.split.tolist()) - set(SPLITS)
    if strange:
        raise InfoplaneError(f"{path}: split holds {sorted(strange)}; only {', '.join(SPLITS)} are known")
    return rows


def checkpoints_folder(root: Path) -> Path:
    return root / "checkpoints"


def checkpoint_path(folder: Path, epoch: int) -> Path:
    return folder / f"epoch_{epoch:04d}.safetensors"


def checkpoint_epochs(root: Path) -> list[int]:
    """Raises `InfoplaneError` if the checkpoint of an epoch before the last is missing."""
    found = epochs(checkpoints_folder(root), ".safetensors")
    if missing := sorted(set(range(found[-1] if found else 0)) - set(found)):
        raise InfoplaneError(
            f"{checkpoint_path(checkpoints_folder(root), missing[0])}: not there; run `dvc repro train`"
        )
    return found


def state_path(folder: Path) -> Path:
    """The state of training at the last epoch, in its scratch folder."""
    return folder / "state.safetensors"


def training_path(root: Path) -> Path:
    return root / "training.csv"


def save_training(root: Path, losses: NDArray[np.float32]) -> None:
    """`losses` `(epochs, replicates, 2)` are those of the train and of the test rows, from epoch 0."""
    rows = (
        {"replicate": replicate, "epoch": epoch, "train_loss": float(train), "test_loss": float(test)}
        for replicate in range(losses.shape[1])
        for epoch, (train, test) in enumerate(losses[:, replicate])
    )
    files.save_table(training_path(root), rows, ("replicate", "epoch", "train_loss", "test_loss"))


def activations_folder(root: Path) -> Path:
    return root / "activations"


def activations_path(root: Path, epoch: int) -> Path:
    return activations_folder(root) / f"epoch_{epoch:04d}.npz"


def save_activations(root: Path, epoch: int, activations: Activations) -> None:
    arrays: dict[str, NDArray[Any]] = dict(activations.layers)
    arrays["row_id"] = activations.row_id
    arrays["layers"] = np.array(list(activations.layers))
    files.save_npz(activations_path(root, epoch), arrays)


def load_activations(root: Path, epoch: int) -> Activations:
    """Raises `InfoplaneError` for a file that is damaged, incomplete or not finite."""
    path = activations_path(root, epoch)
    arrays = files.load_npz(path)
    _require(path, arrays, ("row_id", "layers"))
    names = [str(name) for name in arrays["layers"].tolist()]
    _require(path, arrays, names)
    layers = {name: arrays[name] for name in names}
    for name, values in layers.items():
        _check(path, name, values, dimensions=3)
        if values.shape[1] != len(arrays["row_id"]):
            raise InfoplaneError(
                f"{path}: {name} has {values.shape[1]} rows and row_id {len(arrays['row_id'])}; run `dvc repro extract`"
            )
    return Activations(layers, arrays["row_id"])


def estimates_path(root: Path, key: str) -> Path:
    return root / "estimates" / f"{key}.csv"


def save_estimates(root: Path, key: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    files.save_table(estimates_path(root, key), rows, columns)


def epochs(folder: Path, suffix: str) -> list[int]:
    """The epochs for which `folder` holds a file `epoch_NNNN.SUFFIX`, ascending."""
    found = sorted(int(path.stem.removeprefix("epoch_")) for path in folder.glob(f"epoch_*{suffix}"))
    if not found:
        raise InfoplaneError(f"{folder}: no epoch_*{suffix} there; run `dvc repro`, or `dvc pull {folder}`")
    return found


def activation_epochs(root: Path) -> list[int]:
    return epochs(root / "activations", ".npz")


def _require(path: Path, arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in arrays]
    if missing:
        raise InfoplaneError(f"{path}: {missing[0]} is missing; make the file again with `dvc repro`")


def _check(path: Path, name: str, values: NDArray[Any], dimensions: int) -> None:
    if values.ndim != dimensions or values.dtype.kind != "f":
        raise InfoplaneError(
            f"{path}: {name} is {values.dtype} of shape {values.shape}, not a float array of {dimensions} "
            "dimensions; make the file again with `dvc repro`"
        )
    if not np.isfinite(values).all():
        raise InfoplaneError(f"{path}: {name} holds NaN or infinity; see which epoch training diverged at")
