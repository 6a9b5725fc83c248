"""The files that a recorded run and the pipeline share: `dataset.npz` and `activations/epoch_NNNN.npz`.

docs/files.md is the contract. What is read is checked, and nothing is ever unpickled.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import files
from .errors import InfoplaneError

SPLITS = ("train", "test", "probe")
RESERVED = frozenset({"row_id", "layers", "run_id"})  # arrays of a file of activations that are no layers


@dataclass(frozen=True)
class Steps:
    """What to do about a file that is missing or damaged; each door has its own words."""

    missing: str
    damaged: str
    dataset: str  # the dataset is wrong in itself
    other_rows: str  # the activations have rows that the dataset lacks
    other_order: str  # ... or a row twice
    diverged: str


@dataclass(frozen=True)
class Rows:
    """The dataset: x `(samples, inputs)`, y `(samples, targets)`, split `(samples,)`, row_id `(samples,)`.

    x has no columns where it was left out. y holds numbers as floats, or labels as int64 `(samples, 1)`; `classes` are
    then the names of the labels 0, 1, ..., if they have names. `constants` are arrays to save beside, such as the means
    that were subtracted; nothing reads them back.
    """

    x: NDArray[np.floating]
    y: NDArray[Any]
    split: NDArray[np.str_]
    row_id: NDArray[np.int64]
    classes: NDArray[np.str_] | None = None
    constants: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def has_labels(self) -> bool:
        return self.y.dtype.kind == "i"

    @property
    def outputs(self) -> int:
        """What a network needs: one output for each class, or for each target."""
        if not self.has_labels:
            return int(self.y.shape[1])
        return int(self.y.max()) + 1 if self.classes is None else len(self.classes)

    def at(self, places: NDArray[Any]) -> "Rows":
        """Some of the rows, in that order."""
        return Rows(self.x[places], self.y[places], self.split[places], self.row_id[places], self.classes)

    def places(self, row_id: NDArray[np.int64], source: str, steps: Steps) -> NDArray[np.int64]:
        """Where the rows with these ids stand; this pairs targets with their activations.

        Raises `InfoplaneError` that names `source` where an id is unknown or occurs twice.
        """
        position = {int(row): place for place, row in enumerate(self.row_id)}
        if len(set(row_id.tolist())) != len(row_id):
            raise InfoplaneError(f"{source}: row_id holds a row twice; {steps.other_order}")
        unknown = [int(row) for row in row_id if int(row) not in position]
        if unknown:
            raise InfoplaneError(
                f"{source}: row {unknown[0]} is not in the dataset; these activations belong to other data, "
                f"{steps.other_rows}"
            )
        return np.array([position[int(row)] for row in row_id], dtype=np.int64)


def dataset_path(root: Path) -> Path:
    return root / "dataset.npz"


def save_dataset(root: Path, rows: Rows) -> None:
    arrays: dict[str, NDArray[Any]] = {"x": rows.x} if rows.x.shape[1] else {}
    arrays |= {"y": rows.y, "split": rows.split, "row_id": rows.row_id}
    if rows.classes is not None:
        arrays["classes"] = rows.classes
    arrays |= rows.constants
    files.save_npz(dataset_path(root), arrays)


def load_dataset(root: Path, steps: Steps) -> Rows:
    """Raises `InfoplaneError` for a file that is missing, damaged or wrong."""
    path = dataset_path(root)
    arrays = files.load_npz(path, steps.missing, steps.damaged)
    require(path, arrays, ("y", "split", "row_id"), steps)
    y = arrays["y"]
    x = arrays.get("x", np.zeros((len(y), 0)))
    if y.dtype.kind == "i":
        y = _labels(path, y, arrays.get("classes"), steps)
    else:
        check(path, "y", y, 2, steps)
    check(path, "x", x, 2, steps)
    rows = Rows(x, y, arrays["split"], arrays["row_id"], arrays.get("classes"))
    lengths = {len(rows.x), len(rows.y), len(rows.split), len(rows.row_id)}
    if len(lengths) != 1:
        raise InfoplaneError(f"{path}: x, y, split and row_id have {sorted(lengths)} rows; {steps.dataset}")
    strange = set(rows.split.tolist()) - set(SPLITS)
    if strange:
        raise InfoplaneError(f"{path}: split holds {sorted(strange)}; only {', '.join(SPLITS)} are known")
    return rows


def activations_path(root: Path, epoch: int) -> Path:
    return root / "activations" / f"epoch_{epoch:04d}.npz"


def epochs(root: Path) -> list[int]:
    """The epochs that have a file of activations, ascending; none where there is no such folder."""
    stems = [path.stem.removeprefix("epoch_") for path in (root / "activations").glob("epoch_*.npz")]
    return sorted({int(stem) for stem in stems if stem.isdecimal()})


def save_activations(
    root: Path,
    epoch: int,
    layers: Mapping[str, NDArray[np.floating]],
    row_id: NDArray[np.int64],
    run_id: str | None = None,
) -> None:
    """`layers` `(replicates, samples, units)` in network order; `run_id` tells runs apart."""
    arrays: dict[str, NDArray[Any]] = dict(layers)
    arrays |= {"row_id": row_id, "layers": np.array(list(layers))}
    if run_id is not None:
        arrays["run_id"] = np.array(run_id)
    files.save_npz(activations_path(root, epoch), arrays)


class Epoch:
    """An open file of activations: its `layers` by name in network order, its `row_id`, and the layers one by one."""

    def __init__(self, path: Path, file: Any, steps: Steps) -> None:
        self.path, self._file, self._steps = path, file, steps
        require(path, file, ("row_id", "layers"), steps)
        self.row_id: NDArray[np.int64] = file["row_id"]
        self.layers = [str(name) for name in file["layers"].tolist()]
        self.run_id = str(file["run_id"]) if "run_id" in file and "run_id" not in self.layers else None
        require(path, file, self.layers, steps)

    def layer(self, name: str) -> NDArray[np.floating]:
        """`(replicates, samples, units)`, checked: float32 or float64."""
        values: NDArray[np.floating] = self._file[name]
        check(self.path, name, values, 3, self._steps)
        if values.shape[1] != len(self.row_id):
            raise InfoplaneError(
                f"{self.path}: {name} has {values.shape[1]} rows and row_id {len(self.row_id)}; "
                f"{self._steps.other_order}"
            )
        return values.astype(np.float32) if values.dtype == np.float16 else values


@contextmanager
def opened(root: Path, epoch: int, steps: Steps) -> Iterator[Epoch]:
    """Raises `InfoplaneError` for a file that is damaged, incomplete or not finite."""
    path = activations_path(root, epoch)
    with files.open_npz(path, steps.missing, steps.damaged) as file:
        yield Epoch(path, file, steps)


def require(path: Path, arrays: Any, names: Sequence[str], steps: Steps) -> None:
    """Raises `InfoplaneError` for the first of `names` that the file lacks."""
    missing = [name for name in names if name not in arrays]
    if missing:
        raise InfoplaneError(f"{path}: {missing[0]} is missing; {steps.damaged}")


def check(path: Path, name: str, values: NDArray[Any], dimensions: int, steps: Steps) -> None:
    """Raises `InfoplaneError` unless `values` are finite floats of so many dimensions."""
    if values.ndim != dimensions or values.dtype.kind != "f":
        raise InfoplaneError(
            f"{path}: {name} is {values.dtype} of shape {values.shape}, not a float array of {dimensions} "
            f"dimensions; {steps.damaged}"
        )
    if not np.isfinite(values).all():
        raise InfoplaneError(f"{path}: {name} holds NaN or infinity; {steps.diverged}")


def _labels(path: Path, y: NDArray[Any], classes: NDArray[Any] | None, steps: Steps) -> NDArray[np.int64]:
    if y.ndim not in (1, 2) or y.size != len(y):
        raise InfoplaneError(f"{path}: y holds labels of shape {y.shape}, not one a row; {steps.dataset}")
    if classes is not None and len(y) and not 0 <= int(y.min()) <= int(y.max()) < len(classes):
        raise InfoplaneError(f"{path}: y holds labels that have no name in classes; {steps.dataset}")
    return y.reshape(-1, 1).astype(np.int64)
