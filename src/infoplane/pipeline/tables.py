"""Reads the tables that the pipeline writes (see docs/files.md), and checks what it reads."""

import json
import math
from pathlib import Path

import pandas as pd

from ..core.errors import InfoplaneError
from ..core.tables import content, read
from ..estimation.intervals import between
from ..results import Results
from ..scoring import SCORES, SHARES
from .common import store

TRAINING = {"replicate": "int64", "epoch": "int64", "train_loss": "float64", "test_loss": "float64"}
TRUTH = {"replicate": "int64", "epoch": "int64", "layer": "category", "target": "category", "mi_bits": "float64"}
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
    truth = load_truth(root)
    layers = _network_order([truth, *tables])
    flags = list(dict.fromkeys(cell for table in tables for cell in table["flags"].cat.categories))
    # The same categories in each table; otherwise pandas would turn them into text to concatenate them.
    for table in (truth, *tables):
        table["layer"] = table["layer"].cat.set_categories(layers, ordered=True)
        table["target"] = table["target"].cat.set_categories(["y", "x"])
    for table in tables:
        table["estimator"] = table["estimator"].cat.set_categories(ids)
        table["flags"] = table["flags"].cat.set_categories(flags)
    columns = [*ESTIMATES, *UNCERTAINTY]
    estimates = pd.concat([table.reindex(columns=columns) for table in tables], ignore_index=True)
    estimates["bar_bits"] = _bars(estimates)
    return Results(ids, layers, load_training(root), estimates, truth, load_ceiling_bits(root))


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
    table = read(path, TRAINING, next_step="run `dvc repro train`")
    if table.empty:
        raise InfoplaneError(f"{path}: has no rows; run `dvc repro train`")
    _once(path, table, ["replicate", "epoch"])
    return table


def load_estimates(root: Path, key: str) -> pd.DataFrame:
    """One row per value, with those uncertainty columns that the file has."""
    path = store.estimates_path(root, key)
    again = f"run `dvc repro estimate@{key}`"
    table = read(path, ESTIMATES, UNCERTAINTY, next_step=again)
    if table.empty:
        raise InfoplaneError(f"{path}: has no rows; see estimators.{key}.measure, then {again}")
    strange = table.loc[table["estimator"] != key, "estimator"]
    if len(strange):
        raise InfoplaneError(f"{path}: holds values of {strange.iloc[0]!r}; {again}")
    _once(path, table, ["replicate", "epoch", "layer", "target"])
    return table


def load_truth(root: Path) -> pd.DataFrame:
    """`replicate, epoch, layer, target, mi_bits`, which may be infinite; no rows if the truth is unknown."""
    path = root / "truth.csv"
    table = read(path, TRUTH, infinite=True, next_step="run `dvc repro truth`")
    _once(path, table, ["replicate", "epoch", "layer", "target"])
    return table


def load_ceiling_bits(root: Path) -> float | None:
    """I(X;Y) in bits; None if unknown."""
    path = root / "ceiling.json"
    text = content(path, "run `dvc repro truth`")
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
    return read(root / "scoreboard.csv", SCORES, SHARES, next_step="run `dvc repro score`")


def _once(path: Path, table: pd.DataFrame, key: list[str]) -> None:
    twice = table[table.duplicated(key)]
    if len(twice):
        what = ", ".join(f"{name} {twice.iloc[0][name]}" for name in key)
        raise InfoplaneError(f"{path}: {what} comes twice; make it again with `dvc repro`")


def _network_order(tables: list[pd.DataFrame]) -> list[str]:
    """The layers in the order of the table that names most of them, then any that only other tables name."""
    orders = sorted((list(table["layer"].unique()) for table in tables), key=len, reverse=True)
    return list(dict.fromkeys(layer for order in orders for layer in order))
