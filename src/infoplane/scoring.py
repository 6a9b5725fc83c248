"""Compares every estimator with the exact truth of what it estimates: the scoreboard, and the metrics of a run.

An estimator is judged by its own truth: `binning` by the information of the binned layer, and so on (`estimands`). How
far that lies from I(T;Y) itself is said apart, and is no error.

Signed errors are estimate - truth. An estimate *breaks the ceiling* where it exceeds I(X;Y), and *breaks the data
processing inequality* where it exceeds the estimate of the layer before, in both cases by more than its 95 % interval.
That interval is 1.96 of its standard errors. Where the estimator gives none, it is 1.96 standard deviations of its
errors in that layer, over all replicates and the ten measured epochs on either side. In a difference of two estimates,
both errors count, in quadrature.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from .estimation.intervals import exceeds
from .results import Results, flag_counts

SCORES = {
    "estimator": "category",
    "layer": "category",
    "target": "category",
    "estimand": "category",
    "values": "int64",
    "error_median_bits": "float64",
    "error_p05_bits": "float64",
    "error_p95_bits": "float64",
    "error_mean_abs_bits": "float64",
    "error_max_abs_bits": "float64",
}
SHARES = {"ceiling_break_share": "float64", "dpi_break_share": "float64"}
GAP = {"estimand_gap_bits": "float64"}
COLUMNS = [*SCORES, *SHARES, *GAP]
SUMMARY = ["error_mean_abs_bits", "error_max_abs_bits", *SHARES]
NEIGHBOURS = 10  # epochs on either side


def scoreboard(results: Results, unordered: Collection[str] = ()) -> list[dict[str, Any]]:
    """One row (see `COLUMNS`) for each estimator and layer whose own truth about Y is known; none without truth.

    Numbers have six significant digits. A share is None without a ceiling, without an earlier measured layer, and for
    estimators in `unordered`, whose layers must not be compared. `estimand_gap_bits` is the median of the own truth
    less I(T;Y): 0 for an estimator of I(T;Y).
    """
    judged = errors(results)
    judged.loc[judged["estimator"].isin(list(unordered)), "dpi_break"] = np.nan
    judged["error_abs_bits"] = judged["error_bits"].abs()
    groups = judged.groupby(["estimator", "layer"], observed=True)
    error_bits, error_abs_bits = groups["error_bits"], groups["error_abs_bits"]
    scores = pd.DataFrame(
        {
            "error_median_bits": error_bits.median(),
            "error_p05_bits": error_bits.quantile(0.05),
            "error_p95_bits": error_bits.quantile(0.95),
            "error_mean_abs_bits": error_abs_bits.mean(),
            "error_max_abs_bits": error_abs_bits.max(),
            "ceiling_break_share": groups["ceiling_break"].mean(),
            "dpi_break_share": groups["dpi_break"].mean(),
            "estimand_gap_bits": groups["gap_bits"].median(),
        }
    )
    return [
        {"estimator": key, "layer": layer, "target": "y", "estimand": estimand, "values": int(values)}
        | {str(name): rounded(value) for name, value in row.items()}
        for (key, layer), estimand, values, row in zip(
            scores.index, groups["estimand"].first(), groups.size(), scores.to_dict("records"), strict=True
        )
    ]


def errors(results: Results) -> pd.DataFrame:
    """The estimates about Y whose own truth is finite, with `truth_bits`, `error_bits`, `spread_bits` (one standard
    deviation) and `gap_bits`, the own truth less I(T;Y); and `ceiling_break` and `dpi_break`: 1, 0, or NaN where there
    is nothing to compare with."""
    key = ["replicate", "epoch", "layer", "target"]
    plain, others = (
        table[(table["target"] == "y") & np.isfinite(table["mi_bits"])].rename(columns={"mi_bits": "truth_bits"})
        for table in (results.truth, results.other_truths)
    )
    own = pd.concat([plain, others], ignore_index=True)
    own = own.merge(plain[[*key, "truth_bits"]], "left", on=key, suffixes=("", "_plain"))
    own["gap_bits"] = own["truth_bits"] - own.pop("truth_bits_plain")
    judged = results.estimates.merge(own, on=[*key, "estimand"])
    judged["layer"] = pd.Categorical(judged["layer"], categories=results.layers, ordered=True)
    judged["error_bits"] = judged["mi_bits"] - judged["truth_bits"]
    judged["spread_bits"] = judged["bar_bits"].fillna(_local_deviation(judged))
    ceiling_bits = np.nan if results.ceiling_bits is None else results.ceiling_bits
    judged["ceiling_break"] = _breaks(judged["mi_bits"] - ceiling_bits, judged["spread_bits"])
    judged["place"] = judged["layer"].cat.codes
    before = judged[["estimator", "replicate", "epoch", "place", "mi_bits", "spread_bits"]].copy()
    before["place"] += 1
    judged = judged.merge(before, "left", on=["estimator", "replicate", "epoch", "place"], suffixes=("", "_before"))
    spread_bits = (judged["spread_bits"] ** 2 + judged["spread_bits_before"] ** 2) ** 0.5
    # Noise, bins and decoders are each layer's own: with them a layer may hold more than the one before.
    more = (judged["mi_bits"] - judged["mi_bits_before"]).where(judged["estimand"] == "plain")
    judged["dpi_break"] = _breaks(more, spread_bits)
    return judged.drop(columns=["place", "mi_bits_before", "spread_bits_before"])


def metrics(results: Results, board: list[dict[str, Any]]) -> dict[str, Any]:
    """Nested numbers; unknown ones are left out. Medians are over replicates, at the last epoch trained.

    An estimator that did not measure that epoch has no final value.
    """
    trained = not results.training.empty  # else the activations were recorded elsewhere
    last = (results.training if trained else results.estimates)["epoch"].max()
    final = results.training[results.training["epoch"] == last]
    found: dict[str, Any] = {
        "final_epoch": int(last),
        "final_mi_bits": {},
        "scoreboard": {},
        "flags": _flag_counts(results.estimates),
    }
    if trained:
        found |= {f"final_{name}": rounded(final[name].median()) for name in ("train_loss", "test_loss")}
    if results.ceiling_bits is not None:
        found["ceiling_bits"] = rounded(results.ceiling_bits)
    for layer, key, bits in _final_bits(results.estimates, ["layer", "estimator"], last):
        found["final_mi_bits"].setdefault(layer, {})[key] = bits
    found["final_truth_bits"] = dict(_final_bits(results.truth, ["layer"], last))
    for name, row in overall(pd.DataFrame(board, columns=COLUMNS)).iterrows():
        found["scoreboard"][name] = {name: rounded(value) for name, value in row.items() if not np.isnan(value)}
    return found


def overall(board: pd.DataFrame) -> pd.DataFrame:
    """`SUMMARY` by estimator over all its layers, each weighted by its number of values; the best first."""
    found = {}
    for name in SUMMARY:
        there = board[board[name].notna()]
        weighted = there[name].astype(float) * there["values"]
        found[name] = weighted.groupby(there["estimator"]).sum() / there.groupby("estimator")["values"].sum()
    found["error_max_abs_bits"] = board.groupby("estimator")["error_max_abs_bits"].max()
    return pd.DataFrame(found, columns=SUMMARY).sort_values("error_mean_abs_bits", kind="stable")


def rounded(value: float | np.floating[Any]) -> float | None:
    """Rounds to six significant digits, so that diffs are readable; NaN becomes None."""
    return None if np.isnan(value) else float(f"{value:.6g}") + 0.0


def _local_deviation(judged: pd.DataFrame) -> pd.Series:
    """The standard deviation of `error_bits` over replicates and neighbouring epochs, by estimator and layer.

    0 where there is only one value.
    """
    found, window = np.zeros(len(judged)), np.ones(2 * NEIGHBOURS + 1)
    errors_bits, epochs = judged["error_bits"].to_numpy(), judged["epoch"].to_numpy()
    for rows in judged.groupby(["estimator", "layer"], observed=True).indices.values():
        epoch = np.unique(epochs[rows], return_inverse=True)[1]
        centred = errors_bits[rows] - errors_bits[rows].mean()  # otherwise the difference of squares cancels
        count, total, squares = (
            np.convolve(np.bincount(epoch, terms), window)[NEIGHBOURS:-NEIGHBOURS]
            for terms in (np.ones(len(rows)), centred, centred**2)
        )
        excess = np.maximum(squares - total**2 / count, 0)
        found[rows] = np.sqrt(excess / np.maximum(count - 1, 1))[epoch]
    return pd.Series(found, index=judged.index)


def _breaks(excess: pd.Series, spread: pd.Series) -> pd.Series:
    broken: pd.Series = exceeds(excess, spread).astype(float)
    return broken.where(excess.notna())


def _final_bits(table: pd.DataFrame, key: list[str], epoch: int) -> list[tuple[Any, ...]]:
    """`*key, bits`: the median of the finite I(T;Y) of an epoch, for groups that have any."""
    final = table[(table["epoch"] == epoch) & (table["target"] == "y") & np.isfinite(table["mi_bits"])]
    medians = final.groupby(key, observed=True)["mi_bits"].median().map(rounded)
    return list(medians.reset_index().itertuples(index=False, name=None))


def _flag_counts(estimates: pd.DataFrame) -> dict[str, dict[str, int]]:
    """How many rows of each estimator carry each flag; `dead_units:3` counts as `dead_units`."""
    counts = flag_counts(estimates, ["estimator"]).sort_values("flagged", ascending=False)
    return {
        str(key): dict(zip(own["flag"].tolist(), own["flagged"].tolist(), strict=True))
        for key, own in counts.groupby("estimator", observed=True)
    }
