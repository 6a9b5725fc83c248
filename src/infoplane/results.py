"""The results of a run as tables, for scoring and for figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from .estimation.intervals import between

TRUTH = {
    "replicate": "int64",
    "epoch": "int64",
    "layer": "category",
    "target": "category",
    "estimand": "category",
    "mi_bits": "float64",
}
TRAINING = {"replicate": "int64", "epoch": "int64", "train_loss": "float64", "test_loss": "float64"}
ESTIMATES = {"estimator": "category", **TRUTH, "flags": "category"}
# Columns that exist only with some estimator settings; an empty cell reads as NaN.
UNCERTAINTY = dict.fromkeys(
    ("stderr_bits", "drift_bits", "null_mean_bits", "null_p95_bits", "p_value", "planted_share"), "float64"
)


@dataclass(frozen=True)
class Results:
    """All results of a run. `layers`, and the categorical column `layer` of a table, are in network order.

    `estimates` has an extra column, `bar_bits`: the standard error, also filled in at the epochs that have none
    (`intervals.between`). `truth` are the exact I(T;Y) and I(X;T); `other_truths` those of other estimands, which the
    column `estimand` names, of some networks and epochs.
    """

    ids: list[str]
    layers: list[str]
    training: pd.DataFrame
    estimates: pd.DataFrame
    truth: pd.DataFrame
    ceiling_bits: float | None
    other_truths: pd.DataFrame
    ceiling_name: str = "I(X;Y)"

    def of(self, key: str, target: str) -> pd.DataFrame:
        """The estimates of one estimator id and target ("y" or "x")."""
        table = self.estimates
        return table[(table["estimator"] == key) & (table["target"] == target)]

    def truth_of(self, key: str, target: str) -> pd.DataFrame:
        """The exact values of what one estimator id is an estimate of, for the replicates that it measured."""
        own = self.of(key, target)
        truths = pd.concat([self.truth, self.other_truths], ignore_index=True)
        known = truths["estimand"].isin(own["estimand"].unique()) & truths["replicate"].isin(own["replicate"].unique())
        return truths[known & (truths["target"] == target)]


def flag_counts(estimates: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """How many rows carry each flag, grouped by the columns `key`: `*key, flag, flagged`; `ties:4` counts as `ties`."""
    # A table has few distinct cells of flags; each is split only once.
    cells = estimates.groupby([*key, "flags"], observed=True).size().rename("flagged").reset_index()
    words = {cell: sorted({word.split(":")[0] for word in cell.split(";") if word}) for cell in cells["flags"].unique()}
    flags = cells.assign(flag=cells["flags"].astype(object).map(words)).explode("flag").dropna(subset="flag")
    return flags.groupby([*key, "flag"], observed=True)["flagged"].sum().reset_index()


def joined(
    ids: Sequence[str],
    tables: Sequence[pd.DataFrame],
    truth: pd.DataFrame,
    training: pd.DataFrame,
    ceiling_bits: float | None,
    other_truths: pd.DataFrame,
) -> Results:
    """The tables of estimates of these ids as one; each table, and both of truth, get the same categories."""
    layers = _network_order([truth, *tables])
    flags = list(dict.fromkeys(cell for table in tables for cell in table["flags"].cat.categories))
    # Otherwise pandas would turn categories into text to concatenate them.
    for table in (truth, other_truths, *tables):
        table["layer"] = table["layer"].cat.set_categories(layers, ordered=True)
        table["target"] = table["target"].cat.set_categories(["y", "x"])
    for table in tables:
        table["estimator"] = table["estimator"].cat.set_categories(ids)
        table["flags"] = table["flags"].cat.set_categories(flags)
        table["estimand"] = table["estimand"].astype(object)
    columns = [*ESTIMATES, *UNCERTAINTY]
    estimates = pd.concat([table.reindex(columns=columns) for table in tables], ignore_index=True)
    estimates["bar_bits"] = _bars(estimates)
    return Results(list(ids), layers, training, estimates, truth, ceiling_bits, other_truths)


def _bars(estimates: pd.DataFrame) -> pd.Series:
    bars = estimates["stderr_bits"].copy()
    known = bars.notna().groupby(estimates["estimator"], observed=True).transform("mean")
    some = estimates[(known > 0) & (known < 1)]
    for _, curve in some.groupby(["estimator", "replicate", "layer", "target"], observed=True):
        bars.loc[curve.index] = between(curve["epoch"].to_numpy(), curve["stderr_bits"].to_numpy())
    return bars


def _network_order(tables: Sequence[pd.DataFrame]) -> list[str]:
    """The layers in the order of the table that names most of them, then any that only other tables name."""
    orders = sorted((list(table["layer"].unique()) for table in tables), key=len, reverse=True)
    return list(dict.fromkeys(layer for order in orders for layer in order))
