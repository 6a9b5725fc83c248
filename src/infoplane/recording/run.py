"""One folder, one run: `run.json` says which, and what it records; nothing else may be mixed in."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from ..arrays import variables
from ..core import files, folder, provenance
from ..core.errors import InfoplaneError
from ..core.folder import Rows, Steps
from ..core.validation import Section
from . import names

STEPS = Steps(
    missing="record a run with infoplane.ActivationRecorder, or bring one in with `infoplane import`",
    damaged="delete it and record or import it again",
    dataset="record or import it again",
    other_rows="record them in a folder of their own",
    other_order="delete it and record or import it again",
    diverged="delete the epochs from there on",
)
Epoch = Annotated[int, Field(ge=0)]
DTYPES = ("float32", "float16")


class _Run(Section):
    """What run.json holds: of each layer its name, its shape a row, what is kept of it, and its units; and of the
    process that began it the command and versions (`provenance.made`)."""

    run_id: str
    layers: list[tuple[str, list[int], str, int]]
    dtype: str
    epochs: list[Epoch] = Field(default=[])
    made: dict[str, str] = Field(default={})


def path(root: Path) -> Path:
    return root / "run.json"


def start(root: Path, rows: Rows, described: Mapping[str, Any], resume: bool, how: str = "resume=True") -> str:
    """The id of the run that `root` from now on holds. Raises `InfoplaneError` if it holds another one.

    `described` is what has to be the same to go on with a run: layers, dtype. Nothing is written where it fails.
    """
    there = folder.epochs(root)
    if there and not resume:
        span = f"epoch {there[0]}" if len(there) == 1 else f"epochs {there[0]} to {there[-1]}"
        raise InfoplaneError(f"{root}: already holds {span} of a run; choose another folder, or go on with {how}")
    if there:
        known = _read(root)
        for key, value in described.items():
            if known.get(key) != value:
                raise InfoplaneError(f"{root}: holds a run with other {key}; choose another folder")
        if not _same(folder.load_dataset(root, STEPS), rows):
            raise InfoplaneError(f"{root}: holds a run on other rows; choose another folder")
        for litter in root.glob("activations/.epoch_*"):  # what a killed process had begun
            litter.unlink()
        return str(known["run_id"])
    run_id = uuid.uuid4().hex
    folder.save_dataset(root, rows)
    _write(root, {"run_id": run_id, **described, "made": provenance.made()})
    return run_id


def check(root: Path, run_id: str) -> dict[str, Any]:
    """What is said of the run. Raises `InfoplaneError` if another run has taken this folder since."""
    known = _read(root)
    if known["run_id"] != run_id:
        raise InfoplaneError(f"{root}: another run records here now; give each run a folder of its own")
    return known


def note(root: Path, run_id: str, epoch: int) -> None:
    """Notes that an epoch was recorded, so that it is missed if its file is lost."""
    known = check(root, run_id)
    epochs = {*known["epochs"], epoch}
    _write(root, known | {"epochs": sorted(epochs)})


def epochs(root: Path) -> list[int]:
    """All epochs of the run. Raises `InfoplaneError` where there are none, or one that was recorded is lost."""
    there = folder.epochs(root)
    if not there:
        raise InfoplaneError(f"{root}: holds no activations/epoch_0000.npz or another epoch; {STEPS.missing}")
    recorded = _read(root)["epochs"] if path(root).exists() else []
    if lost := sorted(set(recorded) - set(there)):
        raise InfoplaneError(f"{folder.activations_path(root, lost[0])}: was recorded and is not there; bring it back")
    return there


@contextmanager
def opened(root: Path, epoch: int) -> Iterator[folder.Epoch]:
    """One epoch's activations. Raises `InfoplaneError` for a file of another run, or with a name that is no layer's."""
    run_id = id_of(root)
    with folder.opened(root, epoch, STEPS) as file:
        if run_id is not None and file.run_id != run_id:
            raise InfoplaneError(f"{file.path}: is of another run than {path(root)}; delete it")
        if strange := [name for name in file.layers if names.plain(name) != name]:
            raise InfoplaneError(f"{file.path}: {strange[0]!r} is no name of a layer; {STEPS.damaged}")
        yield file


def is_whole(root: Path) -> bool:
    """Whether every layer was kept as it was; else one may know more than the one before it, as far as one can see."""
    layers = _read(root)["layers"] if path(root).exists() else []
    return all(how == "flat" for _, _, how, _ in layers)


def made(root: Path) -> dict[str, str]:
    """What began the run: its command, versions and git revision; empty where the folder does not say."""
    return dict(_read(root)["made"]) if path(root).exists() else {}


def asked_path(root: Path, key: str) -> Path:
    return root / "estimates" / f"{key}.json"


def note_asked(root: Path, key: str, asked: str) -> None:
    """Notes beside the estimates of an id what was asked for, in words, and what made them."""
    files.write_atomically(asked_path(root, key), json.dumps({"asked": asked, **provenance.made()}).encode() + b"\n")


def asked(root: Path, key: str) -> dict[str, str]:
    """What `note_asked` noted, as text; empty where there is no note."""
    place = asked_path(root, key)
    if not place.exists():
        return {}
    try:
        return TypeAdapter(dict[str, str]).validate_json(place.read_bytes())
    except ValidationError:
        raise InfoplaneError(f"{place}: is damaged; run `infoplane estimate` again") from None


def id_of(root: Path) -> str | None:
    """Of the run that the folder holds; None for one laid out by other means."""
    return str(_read(root)["run_id"]) if path(root).exists() else None


def stored_rows(
    x: NDArray[np.floating], y: Any, labels: bool | None, row_id: Any, split: str = "probe"
) -> tuple[Rows, str]:
    """The dataset as files hold it, and how y was taken, in words.

    Raises `InfoplaneError` for rows that x and y do not share, and for ids that are no whole numbers or come twice.
    """
    target = variables.target(y, labels)
    if len(x) != len(target):
        raise InfoplaneError(f"x: has {len(x)} rows and y {len(target)}; pair them row by row")
    if len(target) < variables.FEWEST:
        raise InfoplaneError(f"x: has {len(target)} rows; at least {variables.FEWEST} are needed")
    if x.size and not np.isfinite(x).all():
        raise InfoplaneError(f"x: row {int(np.argmin(np.isfinite(x).all(axis=1)))} holds NaN or infinity; leave it out")
    ids = np.arange(len(target)) if row_id is None else np.asarray(row_id)
    if ids.dtype.kind not in "iu" or ids.shape != (len(target),) or len(np.unique(ids)) != len(ids):
        raise InfoplaneError(f"row_id: give {len(target)} different whole numbers, one for each row")
    values: NDArray[Any] = target.values.astype(np.float64)
    names = None
    if target.classes is not None:
        values, names = _labels(y, target.classes)
    return Rows(x, values, np.full(len(target), split), ids.astype(np.int64), names), target.kind


def _labels(y: Any, codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.str_] | None]:
    """Whole numbers as they are; of other labels their number in the order of their names, and the names."""
    given = y.detach().cpu().numpy() if hasattr(y, "detach") else np.asarray(y)
    given = given.reshape(len(given), -1)
    if given.shape[1] == 1 and given.dtype.kind in "iu":
        return given.astype(np.int64), None
    firsts = np.unique(codes, return_index=True)[1]
    names = [", ".join(map(str, given[row].tolist())) for row in firsts]
    order = sorted(range(len(names)), key=names.__getitem__)
    places = np.empty(len(names), dtype=np.int64)
    places[order] = np.arange(len(names))
    return places[codes][:, None], np.array([names[place] for place in order])


def _write(root: Path, content: Mapping[str, Any]) -> None:
    files.write_atomically(path(root), json.dumps(content).encode() + b"\n")


def _read(root: Path) -> dict[str, Any]:
    try:
        content = path(root).read_bytes()
    except FileNotFoundError:
        raise InfoplaneError(f"{path(root)}: not there; choose another folder") from None
    try:
        return _Run.model_validate_json(content).model_dump(mode="json")
    except ValidationError:
        raise InfoplaneError(f"{path(root)}: is damaged; choose another folder") from None


def _same(one: Rows, other: Rows) -> bool:
    pairs = [(one.x, other.x), (one.y, other.y), (one.row_id, other.row_id), (one.split, other.split)]
    return all(np.array_equal(a, b) for a, b in pairs) and np.array_equal(one.classes, other.classes)  # type: ignore[arg-type]
