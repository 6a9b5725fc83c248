"""Judges every estimator by the exact truth: the scoreboard, and the numbers that `dvc metrics show` prints.

Signed errors are estimate - truth. An estimate *breaks the ceiling* where it exceeds I(X;Y), and *breaks the
data processing inequality* where it exceeds the estimate of the layer before, in both cases by more than its
own 95 % interval: 1.96 of its standard errors or, where the estimator gives none, 1.96 standard deviations of
its errors in that layer, over all replicates and the ten measured epochs on either side. In a difference of
two estimates both count, in quadrature.
"""

from typing import Any

import numpy as np
import pandas as pd

from .tables import SCORES, SHARES, Results, flag_counts

COLUMNS = [*SCORES, *SHARES]
SUMMARY = ["error_mean_abs_bits", "error_max_abs_bits", *SHARES]
INTERVAL = 1.96  # standard errors on either side hold 95 % of a normal law
NEIGHBOURS = 10  # epochs on either side


def scoreboard(results: Results) -> list[dict[str, Any]]:
    """A row (see `COLUMNS`) for every estimator and layer whose I(T;Y) is known exactly; none without truth.

    Six significant digits. A share is None where there is no ceiling, or no layer measured before.
    """
    judged = errors(results)
    return [
        {
            "estimator": key,
            "layer": layer,
            "target": "y",
            "values": len(group),
            "error_median_bits": rounded(group["error_bits"].median()),
            "error_p05_bits": rounded(group["error_bits"].quantile(0.05)),
            "error_p95_bits": rounded(group["error_bits"].quantile(0.95)),
            "error_mean_abs_bits": rounded(group["error_bits"].abs().mean()),
            "error_max_abs_bits": rounded(group["error_bits"].abs().max()),
            "ceiling_break_share": rounded(group["ceiling_break"].mean()),
            "dpi_break_share": rounded(group["dpi_break"].mean()),
        }
        for key in results.ids
        for layer, group in judged[judged["estimator"] == key].groupby("layer", observed=True)
    ]


def errors(results: Results) -> pd.DataFrame:
    """The estimates of I(T;Y) whose truth is finite, with `truth_bits`, `error_bits` and `spread_bits` (one
    standard deviation), and `ceiling_break` and `dpi_break`: 1, 0, or NaN with nothing to compare with."""
    truth = results.truth.rename(columns={"mi_bits": "truth_bits"})
    truth = truth[(truth["target"] == "y") & np.isfinite(truth["truth_bits"])]
    judged = results.estimates.merge(truth, on=["replicate", "epoch", "layer", "target"])
    judged["layer"] = pd.Categorical(judged["layer"], categories=results.layers, ordered=True)
    judged["error_bits"] = judged["mi_bits"] - judged["truth_bits"]
    judged["spread_bits"] = judged["stderr_bits"].fillna(_local_deviation(judged))
    ceiling_bits = np.nan if results.ceiling_bits is None else results.ceiling_bits
    judged["ceiling_break"] = _breaks(judged["mi_bits"] - ceiling_bits, judged["spread_bits"])
    judged["place"] = judged["layer"].cat.codes
    before = judged[["estimator", "replicate", "epoch", "place", "mi_bits", "spread_bits"]].copy()
    before["place"] += 1
    judged = judged.merge(before, "left", on=["estimator", "replicate", "epoch", "place"], suffixes=("", "_before"))
    spread_bits = (judged["spread_bits"] ** 2 + judged["spread_bits_before"] ** 2) ** 0.5
    judged["dpi_break"] = _breaks(judged["mi_bits"] - judged["mi_bits_before"], spread_bits)
    return judged.drop(columns=["place", "mi_bits_before", "spread_bits_before"])


def metrics(results: Results, board: list[dict[str, Any]]) -> dict[str, Any]:
    """Nested numbers; what is not known is left out. Medians are over replicates, at the last epoch trained.

    An estimator that did not measure that epoch has no final value.
    """
    last = results.training["epoch"].max()
    final = results.training[results.training["epoch"] == last]
    found: dict[str, Any] = {
        "final_epoch": int(last),
        "final_train_loss": rounded(final["train_loss"].median()),
        "final_test_loss": rounded(final["test_loss"].median()),
        "final_mi_bits": {},
        "final_truth_bits": {},
        "scoreboard": {},
        "flags": _flag_counts(results.estimates),
    }
    if results.ceiling_bits is not None:
        found["ceiling_bits"] = rounded(results.ceiling_bits)
    for layer in results.layers:
        for key in results.ids:
            table = results.of(key, "y")
            value = _final_bits(table, layer, last)
            if value is not None:
                found["final_mi_bits"].setdefault(layer, {})[key] = value
        truth = _final_bits(results.truth[results.truth["target"] == "y"], layer, last)
        if truth is not None:
            found["final_truth_bits"][layer] = truth
    for name, row in overall(pd.DataFrame(board, columns=COLUMNS)).iterrows():
        found["scoreboard"][name] = {name: rounded(value) for name, value in row.items() if not np.isnan(value)}
    return found


def overall(board: pd.DataFrame) -> pd.DataFrame:
    """`SUMMARY` by estimator over all its layers, each weighing as much as it has values; the best first."""
    found = {}
    for name in SUMMARY:
        there = board[board[name].notna()]
        weighted = there[name].astype(float) * there["values"]
        found[name] = weighted.groupby(there["estimator"]).sum() / there.groupby("estimator")["values"].sum()
    found["error_max_abs_bits"] = board.groupby("estimator")["error_max_abs_bits"].max()
    return pd.DataFrame(found, columns=SUMMARY).sort_values("error_mean_abs_bits", kind="stable")


def rounded(value: float | np.floating[Any]) -> float | None:
    """To six significant digits, so that a diff can be read; NaN is None."""
    return None if np.isnan(value) else float(f"{value:.6g}") + 0.0


def _local_deviation(judged: pd.DataFrame) -> pd.Series:
    """The standard deviation of `error_bits` over replicates and neighbouring epochs, by estimator and layer.

    0 where there is one value alone.
    """
    found = pd.Series(0.0, index=judged.index)
    for _, group in judged.groupby(["estimator", "layer"], observed=True):
        centred = group["error_bits"] - group["error_bits"].mean()  # or the difference of squares cancels
        terms = pd.DataFrame({"count": 1.0, "total": centred, "squares": centred**2})
        window = terms.groupby(group["epoch"]).sum().rolling(2 * NEIGHBOURS + 1, center=True, min_periods=1).sum()
        excess = (window["squares"] - window["total"] ** 2 / window["count"]).clip(lower=0)
        deviation = (excess / (window["count"] - 1).clip(lower=1)) ** 0.5
        found[group.index] = group["epoch"].map(deviation)
    return found


def _breaks(excess: pd.Series, spread: pd.Series) -> pd.Series:
    return (excess > INTERVAL * spread).astype(float).where(excess.notna())


def _final_bits(table: pd.DataFrame, layer: str, epoch: int) -> float | None:
    values = table.loc[(table["layer"] == layer) & (table["epoch"] == epoch), "mi_bits"]
    return rounded(values[np.isfinite(values)].median())


def _flag_counts(estimates: pd.DataFrame) -> dict[str, dict[str, int]]:
    """How many rows of each estimator carry each flag; `dead_units:3` counts as `dead_units`."""
    counts = flag_counts(estimates, ["estimator"]).sort_values("flagged", ascending=False)
    return {
        str(key): dict(zip(own["flag"].tolist(), own["flagged"].tolist(), strict=True))
        for key, own in counts.groupby("estimator", observed=True)
    }
