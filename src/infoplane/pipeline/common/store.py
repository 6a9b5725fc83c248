"""The only module that knows file names and formats; it checks everything that it reads.

docs/files.md lists the files below the root (`data/`). Nothing is ever unpickled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import folder
from ...core.errors import InfoplaneError
from ...core.folder import SPLITS, activations_path, dataset_path, save_dataset
from . import files

__all__ = ["SPLITS", "activations_path", "dataset_path", "save_dataset"]


@dataclass(frozen=True)
class Rows(folder.Rows):
    """The dataset; see `folder.Rows`."""

    def of(self, split: str) -> "Rows":
        """The rows of one split, in their order."""
        chosen = self.split == split
        if not chosen.any():
            raise InfoplaneError(
                f"extract.split: the dataset has no {split!r} rows; choose another split"
                + (" or set dataset.probe_samples" if split == "probe" else "")
            )
        return Rows(**vars(self.at(chosen)))

    def select(self, row_id: NDArray[np.int64], source: str) -> "Rows":
        """The rows with these ids, in this order; this pairs targets with their activations.

        Raises `InfoplaneError` that names `source` where an id is unknown or occurs twice.
        """
        return Rows(**vars(self.at(self.places(row_id, source, _steps(Path())))))


@dataclass(frozen=True)
class Activations:
    """One epoch: one array `(replicates, samples, units)` per layer, in network order, and `row_id`."""

    layers: dict[str, NDArray[np.float32]]
    row_id: NDArray[np.int64]


def load_dataset(root: Path) -> Rows:
    return Rows(**vars(folder.load_dataset(root, _steps(dataset_path(root)))))


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


def save_activations(root: Path, epoch: int, activations: Activations) -> None:
    folder.save_activations(root, epoch, activations.layers, activations.row_id)


def load_activations(root: Path, epoch: int) -> Activations:
    """Raises `InfoplaneError` for a file that is damaged, incomplete or not finite."""
    with folder.opened(root, epoch, _steps(activations_path(root, epoch))) as found:
        return Activations({name: found.layer(name) for name in found.layers}, found.row_id)


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


def _steps(path: Path) -> folder.Steps:
    return folder.Steps(
        missing=files.missing(path),
        damaged=files.DAMAGED,
        dataset="run `dvc repro generate`",
        other_rows="run `dvc repro extract`",
        other_order="extract the activations again",
        diverged="see which epoch training diverged at",
    )
