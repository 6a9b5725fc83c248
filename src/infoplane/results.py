"""The results of a run as tables, for scoring and for figures."""

from dataclasses import dataclass

import pandas as pd


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
