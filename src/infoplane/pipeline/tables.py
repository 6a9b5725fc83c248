"""Reads the tables that the pipeline writes (see docs/files.md), and checks what it reads."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from ..core.errors import InfoplaneError
from ..estimation.intervals import between
from ..results import Results
from ..scoring import GAP, SCORES, SHARES
from .common import store

TRAINING = {"replicate": "int64", "epoch": "int64", "train_loss": "float64", "test_loss": "float64"}
TRUTH = {
    "replicate": "int64",
    "epoch": "int64",
    "layer": "category",
    "target": "category",
    "estimand": "category",
    "mi_bits": "float64",
}
ESTIMATES = {"estimator": "category", **TRUTH, "flags": "category"}
# Columns that exist only with some estimator settings; an empty cell reads as NaN.
UNCERTAINTY = dict.fromkeys(
    ("stderr_bits", "drift_bits", "null_mean_bits", "null_p95_bits", "p_value", "planted_share"), "float64"
)


def load_results(root: Path, ids: list[str]) -> Results:
    """The tables below `root`, for these estimator ids only.

    Raises `InfoplaneError` for a file that is missing, or whose columns, types or values are wrong.
    """
    tables = [load_estimates(root, key) for key in ids]
    truth, others = load_truth(root), load_other_truths(root)
    layers = _network_order([truth, *tables])
    flags = list(dict.fromkeys(cell for table in tables for cell in table["flags"].cat.categories))
    # The same categories in each table; otherwise pandas would turn them into text to concatenate them.
    for table in (truth, others, *tables):
        table["layer"] = table["layer"].cat.set_categories(layers, ordered=True)
        table["target"] = table["target"].cat.set_categories(["y", "x"])
    for table in tables:
        table["estimator"] = table["estimator"].cat.set_categories(ids)
        table["flags"] = table["flags"].cat.set_categories(flags)
        table["estimand"] = table["estimand"].astype(object)
    columns = [*ESTIMATES, *UNCERTAINTY]
    estimates = pd.concat([table.reindex(columns=columns) for table in tables], ignore_index=True)
    estimates["bar_bits"] = _bars(estimates)
    return Results(ids, layers, load_training(root), estimates, truth, load_ceiling_bits(root), others)


def _bars(estimates: pd.DataFrame) -> pd.Series:
    bars = estimates["stderr_bits"].copy()
    known = bars.notna().groupby(estimates["estimator"], observed=True).transform("mean")
    some = estimates[(known > 0) & (known < 1)]
    for _, curve in some.groupby(["estimator", "replicate", "layer", "target"], observed=True):
        bars.loc[curve.index] = between(curve["epoch"].to_numpy(), curve["stderr_bits"].to_numpy())
    return bars


def load_training(root: Path) -> pd.DataFrame:
    """`replicate, epoch, train_loss, test_loss`, at least one row."""
    path = root / "training.csv"
    table = _read(path, TRAINING, next_step="run `dvc repro train`")
    if table.empty:
        raise InfoplaneError(f"{path}: has no rows; run `dvc repro train`")
    _once(path, table, ["replicate", "epoch"])
    return table


def load_estimates(root: Path, key: str) -> pd.DataFrame:
    """One row per value, with those uncertainty columns that the file has."""
    path = store.estimates_path(root, key)
    again = f"run `dvc repro estimate@{key}`"
    table = _read(path, ESTIMATES, UNCERTAINTY, next_step=again)
    if table.empty:
        raise InfoplaneError(f"{path}: has no rows; see estimators.{key}.measure, then {again}")
    strange = table.loc[table["estimator"] != key, "estimator"]
    if len(strange):
        raise InfoplaneError(f"{path}: holds values of {strange.iloc[0]!r}; {again}")
    _once(path, table, ["replicate", "epoch", "layer", "target"])
    return table


def load_truth(root: Path) -> pd.DataFrame:
    """`replicate, epoch, layer, target, mi_bits`, which may be infinite; no rows if the truth is unknown."""
    table = _load_truths(root / "truth.csv", "truth")
    return table[table["estimand"] == "plain"].reset_index(drop=True)


def load_other_truths(root: Path) -> pd.DataFrame:
    """The same of what is not I(T;Y) or I(X;T) itself, by its `estimand`, at some epochs of some networks."""
    table = _load_truths(root / "truth.csv", "truth")
    found = [table[table["estimand"] != "plain"]]
    if (root / "estimands.csv").exists():  # only a run of the pipeline has it
        found.append(_load_truths(root / "estimands.csv", "estimands"))
    both = pd.concat([each.astype({"layer": object, "target": object}) for each in found], ignore_index=True)
    return both.astype({"layer": "category", "target": "category"})


def _load_truths(path: Path, stage: str) -> pd.DataFrame:
    table = _read(path, TRUTH, infinite=True, next_step=f"run `dvc repro {stage}`")
    _once(path, table, ["replicate", "epoch", "layer", "target", "estimand"])
    table["estimand"] = table["estimand"].astype(object)
    return table


def load_ceiling_bits(root: Path) -> float | None:
    """I(X;Y) in bits; None if unknown."""
    path = root / "ceiling.json"
    text = _bytes(path, "run `dvc repro truth`")
    try:
        found = json.loads(text)["mi_bits"]
    except (ValueError, KeyError, TypeError):
        raise InfoplaneError(f'{path}: not {{"mi_bits": NUMBER or null}}; run `dvc repro truth`') from None
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise InfoplaneError(f"{path}: mi_bits is {found!r}, not a number or null; run `dvc repro truth`")
    return float(found)


def load_scoreboard(root: Path) -> pd.DataFrame:
    """See `scoring.scoreboard`; a share that does not apply is NaN."""
    return _read(root / "scoreboard.csv", SCORES, SHARES | GAP, next_step="run `dvc repro score`")


def _read(
    path: Path,
    required: dict[str, str],
    optional: dict[str, str] | None = None,
    *,
    infinite: bool = False,
    next_step: str,
) -> pd.DataFrame:
    """A csv with all of `required` and any of `optional`; only optional cells may be empty."""
    optional = optional or {}
    text = _bytes(path, next_step)
    try:
        header = text.decode().split("\n", 1)[0].strip().split(",")
    except UnicodeDecodeError:
        raise InfoplaneError(f"{path}: not text; {next_step}") from None
    for name in required:
        if name not in header:
            raise InfoplaneError(f"{path}: column {name} is missing; {next_step}")
    for name in header:
        if (name not in required and name not in optional) or header.count(name) > 1:
            raise InfoplaneError(f"{path}: column {name!r} is unknown or comes twice; {next_step}")
    if not text.endswith(b"\n"):
        raise InfoplaneError(f"{path}: its last line is cut short; {next_step}")
    types: dict[Any, Any] = required | {name: kind for name, kind in optional.items() if name in header}
    try:
        table = pd.read_csv(
            path,
            dtype=types,
            keep_default_na=False,
            na_values={name: [""] for name in optional},
            encoding="utf-8",
        )
    except (ValueError, OverflowError) as error:
        said = _wrong_number(path, types) or f"cannot be read ({' '.join(str(error).split())})"
        raise InfoplaneError(f"{path}: {said}; {next_step}") from None
    for name, kind in types.items():
        if name in required and table[name].isna().any():
            raise InfoplaneError(f"{path}: {name} has an empty cell; {next_step}")
        if kind == "float64" and not infinite and table[name].abs().eq(math.inf).any():
            raise InfoplaneError(f"{path}: {name} holds infinity; {next_step}")
    if "target" in types and not table["target"].isin(["y", "x"]).all():
        raise InfoplaneError(f'{path}: a target is neither "y" nor "x"; {next_step}')
    return table


def _wrong_number(path: Path, types: dict[str, str]) -> str:
    """Names the first cell that is not a number of the right type."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[], on_bad_lines="skip", encoding="utf-8")
    for name, kind in types.items():
        if kind != "category":
            number = pd.to_numeric(table[name], errors="coerce")
            wrong = number.isna() if kind == "float64" else number.isna() | (number % 1 != 0)
            if wrong.any():
                line = int(wrong.to_numpy().argmax()) + 2
                return f"{name} in line {line} is {table[name].iloc[line - 2]!r}, not a number of the right type"
    return ""


def _bytes(path: Path, next_step: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; {next_step}") from None


def _once(path: Path, table: pd.DataFrame, key: list[str]) -> None:
    twice = table[table.duplicated(key)]
    if len(twice):
        what = ", ".join(f"{name} {twice.iloc[0][name]}" for name in key)
        raise InfoplaneError(f"{path}: {what} comes twice; make it again with `dvc repro`")


def _network_order(tables: list[pd.DataFrame]) -> list[str]:
    """The layers in the order of the table that names most of them, then any that only other tables name."""
    orders = sorted((list(table["layer"].unique()) for table in tables), key=len, reverse=True)
    return list(dict.fromkeys(layer for order in orders for layer in order))
