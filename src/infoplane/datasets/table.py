"""A person's own table: the columns of a .csv or .parquet, or the arrays of an .npz."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from .. import reading
from ..arrays import variables
from ..core import files
from ..core.errors import InfoplaneError
from ..core.folder import SPLITS, Rows
from ..core.seeding import generator

Columns = str | Annotated[list[str], Field(min_length=1)]
Table = dict[str, Any]  # name -> (samples,), or (samples, columns) of an npz
OTHERS = "others"


def read(
    given: Mapping[str, Path],
    seed: int,
    *,
    x: Columns = OTHERS,
    y: Columns,
    labels: bool | None = None,
    split: str | None = None,
    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.3,
    stratify: bool = False,
    standardise: list[Literal["x", "y"]] = ["x"],  # noqa: B006 (never changed)
) -> Rows:
    """The rows of `given["file"]`, and of `given["test_file"]` if there is one, in their order.

    x, y: names or patterns of columns, or `others` for x: all that are not used otherwise.
    labels: whether y holds names of classes. By default whole numbers, text and booleans do, and floats do not.
    split: a column of "train" and "test" (and "probe"). Without it, and without a test file, `test_fraction` of the
        rows are drawn for the test, as large a share of every class with `stratify`.
    standardise: what gets mean 0 and deviation 1 over the training rows; `constants` hold what was done.

    Raises `InfoplaneError` for a file or column that is not there, text among numbers, missing values, fewer than two
    classes, and classes without training rows.
    """
    if "file" not in given:
        raise InfoplaneError("dataset.file: names no file; set it to the path of your table")
    path = given["file"]
    tables = [load(given[key], f"dataset.{key}") for key in ("file", "test_file") if key in given]
    counts = [len(next(iter(table.values()))) for table in tables]
    if split is not None and len(tables) > 1:
        raise InfoplaneError("dataset.split: a column, but dataset.test_file is given too; leave one of them out")
    target = _chosen(y, tables[0], path, "dataset.y")
    parts = [_chosen([split], tables[0], path, "dataset.split")[0]] if split is not None else []
    if x == OTHERS:
        inputs = [name for name in tables[0] if name not in {*target, *parts}]
    else:
        inputs = _chosen(x, tables[0], path, "dataset.x")
    if twice := set(inputs) & {*target, *parts}:
        raise InfoplaneError(f"dataset.x: takes {twice.pop()!r}, which is y or the split too; leave it out of x")
    if not inputs:
        raise InfoplaneError(f"dataset.x: {path} has no other columns than y; name those of x")
    places = [given[key] for key in ("file", "test_file") if key in given]
    for place, table in zip(places, tables, strict=True):
        if lacking := [name for name in (*inputs, *target) if name not in table]:
            raise InfoplaneError(f"{place}: no column {lacking[0]!r}, which {path} has; add it")
        _check_missing(place, table, [*inputs, *target, *parts])
    columns, values = _stacked(tables, places, inputs)
    y_values, classes = _target(tables, places, target, labels)
    where = _split(
        tables, places, counts, parts, y_values if classes is not None and stratify else None, test_fraction, seed
    )
    _check_rows(path, y_values, classes, where, target)
    rows = Rows(
        values, y_values, where, np.arange(len(values), dtype=np.int64), classes, {"x_columns": np.array(columns)}
    )
    return standardised(rows, standardise)


def standardised(rows: Rows, which: list[Literal["x", "y"]]) -> Rows:
    """With mean 0 and deviation 1 over the training rows; a column that is constant there is only shifted."""
    if "y" in which and rows.has_labels:
        raise InfoplaneError("dataset.standardise: y holds labels, which have no mean; leave y out")
    constants, fitted = dict(rows.constants), rows.split == "train"
    done = {"x": rows.x, "y": rows.y}
    for letter in which:
        mean, std = done[letter][fitted].mean(axis=0), done[letter][fitted].std(axis=0)
        std = np.where(std > 0, std, 1.0)
        done[letter] = (done[letter] - mean) / std
        constants |= {f"{letter}_mean": mean, f"{letter}_std": std}
    return Rows(done["x"], done["y"], rows.split, rows.row_id, rows.classes, constants)


def load(path: Path, key: str) -> Table:
    """All columns or arrays of a file, which have the same number of rows."""
    if not path.is_file():
        raise InfoplaneError(f"{key}: {path} is no file; give the path of a table")
    if path.suffix == ".npz":
        table: Table = files.load_npz(path, "give another path", "save it again")
    elif path.suffix in reading.TABLES:
        frame = reading.frame(path)
        table = {str(name): frame[name] for name in frame.columns}
        if len(table) != len(frame.columns):
            raise InfoplaneError(f"{path}: two columns have the same name; rename one of them")
    else:
        raise InfoplaneError(f"{key}: {path} is not .csv, .parquet or .npz; save it as one of them")
    if not table:
        raise InfoplaneError(f"{path}: holds no columns; save it again")
    lengths = {name: len(values) if np.ndim(values) else 0 for name, values in table.items()}
    odd = [name for name, length in lengths.items() if length != max(lengths.values())]
    if odd or not max(lengths.values()):
        raise InfoplaneError(
            f"{path}: {(odd or list(table))[0]} has {min(lengths.values())} rows; give all of them rows"
        )
    return table


def _chosen(asked: Columns | list[str], table: Table, path: Path, key: str) -> list[str]:
    """The columns of these names or patterns, in the order of the patterns."""
    found: dict[str, None] = {}
    for pattern in [asked] if isinstance(asked, str) else asked:
        own = [pattern] if pattern in table else [name for name in table if fnmatchcase(name, pattern)]
        if not own:
            names = list(table)
            listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
            raise InfoplaneError(f"{key}: {path} has no column {pattern!r}; there are {listed}")
        found |= dict.fromkeys(own)
    return list(found)


def _check_missing(path: Path, table: Table, names: list[str]) -> None:
    import pandas as pd

    rows, first = np.zeros(len(next(iter(table.values()))), dtype=bool), {}
    for name in names:
        if name in table:
            held = np.asarray(table[name])
            wrong = ~np.isfinite(held) if held.dtype.kind == "f" else np.asarray(pd.isna(held))
            own = wrong.reshape(len(rows), -1).any(axis=1)
            rows |= own
            if own.any():
                first[name] = int(own.argmax())
    if rows.any():
        name = min(first, key=first.__getitem__)
        raise InfoplaneError(
            f"{path}: {int(rows.sum())} rows have a missing or infinite value, the first is row {first[name] + 1} in "
            f"{name}; fill or delete them"
        )


def _stacked(tables: list[Table], places: list[Path], names: list[str]) -> tuple[list[str], NDArray[np.float64]]:
    """The names and numbers `(samples, columns)` of these columns."""
    columns: list[str] = []
    parts = []
    for number, (table, path) in enumerate(zip(tables, places, strict=True)):
        held = []
        for name in names:
            values = _numbers(table[name], path, name).reshape(len(table[name]), -1)
            wide = [name] if values.shape[1] == 1 else [f"{name}[{place}]" for place in range(values.shape[1])]
            columns += wide if number == 0 else []
            held.append(values)
        parts.append(np.concatenate(held, axis=1))
    if len({part.shape[1] for part in parts}) > 1:
        raise InfoplaneError(f"{places[1]}: has other columns than {places[0]}; give both the same")
    return columns, np.concatenate(parts)


def _numbers(values: Any, path: Path, name: str) -> NDArray[np.float64]:
    import pandas as pd

    held = np.asarray(values)
    if held.dtype.kind not in "biuf":
        wrong = pd.to_numeric(pd.Series(held.ravel()), errors="coerce").isna().to_numpy()
        if held.dtype.kind not in "OUST" or wrong.any():
            row = int(wrong.argmax()) // max(held.size // len(held), 1)
            said = f"{held.ravel()[int(wrong.argmax())]!s:.40}"
            raise InfoplaneError(
                f"{path}: {name} holds {said!r} in row {row + 1}, which is no number; fix it, or leave the column out"
            )
        held = pd.to_numeric(pd.Series(held.ravel())).to_numpy().reshape(held.shape)
    return held.astype(np.float64)


def _target(
    tables: list[Table], places: list[Path], names: list[str], labels: bool | None
) -> tuple[NDArray[Any], NDArray[np.str_] | None]:
    """Numbers `(samples, targets)`, or the places of labels among their sorted names `(samples, 1)`, and the names."""
    first = np.asarray(tables[0][names[0]])
    single = len(names) == 1 and first.size == len(first)
    if labels is None:
        labels = single and first.dtype.kind != "f"
    if not labels:
        return _stacked(tables, places, names)[1], None
    if not single:
        raise InfoplaneError(f"dataset.y: {len(names)} columns, but labels stand in one; name that one")
    held = np.concatenate([np.asarray(table[names[0]]).ravel() for table in tables])
    variables.target(held, labels=True, name=f"{places[0]}: {names[0]}")  # the gate: no mixture of text and numbers
    if held.dtype.kind == "f" and (held == np.round(held)).all():
        held = held.astype(np.int64)
    found, codes = np.unique(held, return_inverse=True)
    return codes.reshape(-1, 1).astype(np.int64), np.array([str(name) for name in found])


def _split(
    tables: list[Table],
    places: list[Path],
    counts: list[int],
    column: list[str],
    strata: NDArray[np.int64] | None,
    test_fraction: float,
    seed: int,
) -> NDArray[np.str_]:
    if len(tables) > 1:
        return np.repeat(["train", "test"], counts)
    if column:
        found = np.array([str(value) for value in np.asarray(tables[0][column[0]])])
        if strange := sorted(set(found.tolist()) - set(SPLITS)):
            raise InfoplaneError(f"{places[0]}: {column[0]} holds {strange[0]!r}; only {', '.join(SPLITS)} are known")
        return found
    groups = np.zeros(counts[0], dtype=np.int64) if strata is None else strata[:, 0]
    order = generator(seed, "split").permutation(counts[0])
    where = np.full(counts[0], "train")
    for group in np.unique(groups):
        own = order[groups[order] == group]
        where[own[: round(len(own) * test_fraction)]] = "test"
    return where


def _check_rows(
    path: Path, y: NDArray[Any], classes: NDArray[np.str_] | None, where: NDArray[np.str_], target: list[str]
) -> None:
    for split in ("train", "test"):
        if not (where == split).any():
            raise InfoplaneError(f"{path}: no rows for {split}; change dataset.test_fraction or dataset.split")
    fitted = y[where == "train"]
    if classes is None:
        if (fitted == fitted[0]).all():
            raise InfoplaneError(
                f"{path}: {', '.join(target)} is the same in every training row; nothing can be learnt"
            )
        return
    if len(classes) < 2:
        raise InfoplaneError(f"{path}: {target[0]} has one class, {str(classes[0])!r}; at least two are needed")
    if missing := sorted(set(range(len(classes))) - set(fitted[:, 0].tolist())):
        rows = int((y == missing[0]).sum())
        raise InfoplaneError(
            f"{path}: class {str(classes[missing[0]])!r} of {target[0]} ({rows} rows) has no training row; "
            "set dataset.stratify, or move some of its rows"
        )
