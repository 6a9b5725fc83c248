"""Reads the tables that the pipeline writes (see docs/files.md), and checks what it reads."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..core import ceilings
from ..core.errors import InfoplaneError
from ..core.tables import read
from ..results import ESTIMATES, TRAINING, TRUTH, UNCERTAINTY, Results, joined
from ..scoring import GAP, SCORES, SHARES
from .common import store


def load_results(root: Path, ids: list[str]) -> Results:
    """The tables below `root`, for these estimator ids only.

    Raises `InfoplaneError` for a file that is missing, or whose columns, types or values are wrong.
    """
    tables = [load_estimates(root, key) for key in ids]
    truth, others = load_truth(root), load_other_truths(root)
    ceiling_bits, name = load_ceiling(root)
    return replace(joined(ids, tables, truth, load_training(root), ceiling_bits, others), ceiling_name=name)


def load_training(root: Path) -> pd.DataFrame:
    """`replicate, epoch, train_loss, test_loss`; no rows where activations were recorded elsewhere."""
    path = root / "training.csv"
    table = read(path, TRAINING, next_step="run `dvc repro train`")
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
    table = read(path, TRUTH, infinite=True, next_step=f"run `dvc repro {stage}`")
    _once(path, table, ["replicate", "epoch", "layer", "target", "estimand"])
    table["estimand"] = table["estimand"].astype(object)
    return table


def load_ceiling(root: Path) -> tuple[float | None, str]:
    """What no I(T;Y) exceeds, in bits, None if unknown; and what it is, I(X;Y) or H(Y)."""
    return ceilings.read(root / "ceiling.json", "run `dvc repro truth`")


def load_scoreboard(root: Path) -> pd.DataFrame:
    """See `scoring.scoreboard`; a share that does not apply is NaN."""
    return read(root / "scoreboard.csv", SCORES, SHARES | GAP, next_step="run `dvc repro score`")


def _once(path: Path, table: pd.DataFrame, key: list[str]) -> None:
    twice = table[table.duplicated(key)]
    if len(twice):
        what = ", ".join(f"{name} {twice.iloc[0][name]}" for name in key)
        raise InfoplaneError(f"{path}: {what} comes twice; make it again with `dvc repro`")
