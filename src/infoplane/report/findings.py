"""The findings in plain words, each computed from the results; `page` sets them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import scoring
from ..estimation.flags import MEANINGS
from ..results import Results, flag_counts
from . import words
from .advice import ADVICE
from .run import Run

FULL_BITS = 0.01  # below the ceiling; less is no loss that any estimator here could see
CHANGE_BITS = 0.05  # less is no rise
GOOD_BITS, POOR_BITS = 0.1, 0.3  # mean |error|
WRONG_BITS = 0.3  # a stretch of epochs with a larger median |error| is named
BLIND = 0.5  # share of what was planted
Z = 1.96

OF_LAYERS = ("constant", "dead_units", "ties", "target_ties", "repeated_rows", "time_order")  # whoever estimates


@dataclass(frozen=True)
class Change:
    """What one curve does from the first epoch measured to the last, in bits; medians over networks.

    `noise_bits` is 1.96 standard errors of the difference (0 where the estimator gives none), `true_bits` the change of
    the exact value of the same quantity in the same networks (None where it is not known).
    """

    estimator: str
    layer: str
    first: int
    last: int
    start_bits: list[float]
    end_bits: list[float]
    noise_bits: float
    true_bits: float | None

    @property
    def bits(self) -> float:
        return float(np.median(np.array(self.end_bits) - np.array(self.start_bits)))

    @property
    def direction(self) -> int:
        """1 rises, -1 falls, 0 neither: beyond the noise, and in three quarters of the networks."""
        changes = np.array(self.end_bits) - np.array(self.start_bits)
        least = max(CHANGE_BITS, self.noise_bits)
        if abs(self.bits) <= least or np.mean(np.sign(changes) == np.sign(self.bits)) < 0.75:
            return 0
        return int(np.sign(self.bits))

    @property
    def is_wrong(self) -> bool:
        """Whether it differs from the true change by more than noise and `WRONG_BITS`."""
        return self.true_bits is not None and abs(self.bits - self.true_bits) > max(WRONG_BITS, self.noise_bits)


def changes(run: Run, key: str) -> list[Change]:
    """A `Change` for each layer of an estimator about Y that was measured at two epochs or more."""
    return [
        found
        for layer in run.results.layers
        if (found := _change(run.results.of(key, "y"), run.results.truth_of(key, "y"), key, layer)) is not None
    ]


def true_changes(run: Run, estimand: str = "plain") -> list[Change]:
    """The same of the exact values of one estimand about Y."""
    results = run.results
    table = results.truth if estimand == "plain" else results.other_truths
    own = table[(table["target"] == "y") & (table["estimand"] == estimand) & np.isfinite(table["mi_bits"])]
    found = [_change(own, own, "exact", layer) for layer in results.layers]
    return [each for each in found if each is not None]


def _change(table: pd.DataFrame, truth: pd.DataFrame, key: str, layer: str) -> Change | None:
    own = table[table["layer"] == layer]
    if own["epoch"].nunique() < 2:
        return None
    first, last = int(own["epoch"].min()), int(own["epoch"].max())
    start, end = (own[own["epoch"] == epoch].set_index("replicate") for epoch in (first, last))
    both = start.index.intersection(end.index)
    if not len(both):
        return None
    noise = 0.0
    if "bar_bits" in own:
        bars = np.hypot(start.loc[both, "bar_bits"], end.loc[both, "bar_bits"])
        noise = 0.0 if bars.isna().all() else float(Z * np.sqrt(np.nanmean(bars**2) / len(both)))
    exact = truth[(truth["layer"] == layer) & truth["replicate"].isin(both) & np.isfinite(truth["mi_bits"])]
    exact = exact.pivot_table(index="replicate", columns="epoch", values="mi_bits", observed=True)
    known = {first, last} <= set(exact.columns)
    gain = float((exact[last] - exact[first]).median()) if known else np.nan
    return Change(
        key, layer, first, last, start.loc[both, "mi_bits"].tolist(), end.loc[both, "mi_bits"].tolist(), noise,
        None if np.isnan(gain) else gain,
    )  # fmt: skip


@dataclass(frozen=True)
class Exact:
    """The exact I(T;Y) of a layer over the training: at the first and last epoch in each network, and the lowest."""

    layer: str
    start_bits: list[float]
    end_bits: list[float]
    low_bits: float
    low_epoch: int
    low_replicate: int
    full_share: float | None  # of its values within `FULL_BITS` of the ceiling

    @property
    def is_still(self) -> bool:
        """Whether it never holds less than at either end, which are the same."""
        ends = [*self.start_bits, *self.end_bits]
        return max(ends) - min(*ends, self.low_bits) <= CHANGE_BITS


def exact(results: Results) -> list[Exact]:
    """One for each layer whose exact I(T;Y) is known."""
    own = results.truth[(results.truth["target"] == "y") & np.isfinite(results.truth["mi_bits"])]
    found = []
    for layer in results.layers:
        table = own[own["layer"] == layer]
        if table.empty:
            continue
        lowest = table.loc[table["mi_bits"].idxmin()]
        first, last = (table[table["epoch"] == epoch]["mi_bits"] for epoch in _ends(table))
        ceiling = results.ceiling_bits
        full = None if ceiling is None else float((table["mi_bits"] >= ceiling - FULL_BITS).mean())
        found.append(
            Exact(
                layer,
                first.tolist(),
                last.tolist(),
                float(lowest["mi_bits"]),
                int(lowest["epoch"]),
                int(lowest["replicate"]),
                full,
            )
        )
    return found


@dataclass(frozen=True)
class Trust:
    """How far an estimator id can be trusted in this run; None where nothing tells."""

    estimator: str
    mean_abs_bits: float | None
    max_abs_bits: float | None
    ceiling_share: float | None
    planted_share: float | None
    wrong: list[tuple[str, int, int]]  # layer, and the first and last epoch with a median |error| above `WRONG_BITS`
    is_shuffled: bool = False

    @property
    def verdict(self) -> str:
        if self.is_shuffled:
            return "shuffled pairs: its values show the noise around zero, not the layer"
        said = []
        if self.mean_abs_bits is not None:
            if self.mean_abs_bits <= GOOD_BITS:
                said.append("agrees with its exact value")
            elif self.mean_abs_bits <= POOR_BITS:
                said.append("roughly right on average")
            else:
                said.append("do not trust")
        if self.wrong:
            said.append("wrong in the layers and epochs of the last column")
        if self.planted_share is not None:
            said.append("blind" if self.planted_share < BLIND else "not blind")
        if self.ceiling_share:
            said.append("reads more than there can be" if self.ceiling_share > 0.05 else "rarely above the ceiling")
        return "; ".join(said) or "not judged: no exact value, nothing planted"


def trust(run: Run) -> list[Trust]:
    """One for each estimator id that measured Y, the smallest error first, and those without a truth in their order."""
    totals, judged = scoring.overall(run.board), _wrong(run)
    found = []
    for key in run.results.ids:
        own = run.results.of(key, "y")
        if own.empty:
            continue
        row = totals.loc[[key]].to_dict("records")[0] if key in totals.index and key not in run.shuffled else None
        ceiling = np.mean(own["flags"].astype(str).str.contains("above_ceiling"))
        planted = float(own["planted_share"].median())
        found.append(
            Trust(
                key,
                None if row is None else row["error_mean_abs_bits"],
                None if row is None else row["error_max_abs_bits"],
                None if run.results.ceiling_bits is None or key in run.shuffled else float(ceiling),
                None if np.isnan(planted) else float(planted),
                [] if key in run.shuffled else judged.get(key, []),
                key in run.shuffled,
            )
        )
    return sorted(
        found, key=lambda each: (each.is_shuffled, np.inf if each.mean_abs_bits is None else each.mean_abs_bits)
    )


def _wrong(run: Run) -> dict[str, list[tuple[str, int, int]]]:
    """By estimator, the stretches of epochs, one a layer, that begin and end with a median |error| > `WRONG_BITS`."""
    errors = scoring.errors(run.results)
    found: dict[str, list[tuple[str, int, int]]] = {}
    if errors.empty:
        return found
    errors["size"] = errors["error_bits"].abs()
    sizes = errors.groupby(["estimator", "layer", "epoch"], observed=True)["size"].median().reset_index()
    for (key, layer), own in sizes[sizes["size"] > WRONG_BITS].groupby(["estimator", "layer"], observed=True):
        found.setdefault(str(key), []).append((str(layer), *_ends(own)))
    return found


@dataclass(frozen=True)
class Flagged:
    """Where values carry a flag. `estimator` and `target` are empty for a flag of the layer, which all share."""

    flag: str
    estimator: str
    target: str
    layers: list[str]
    first: int
    last: int
    count: int
    share: float

    @property
    def meaning(self) -> str:
        return MEANINGS[self.flag].format("some").replace("some %", "some")

    @property
    def advice(self) -> str:
        return ADVICE[self.flag]


def flagged(results: Results) -> list[Flagged]:
    """One for each flag, estimator and target, or for each flag of a layer; the most serious flag first."""
    counts = flag_counts(results.estimates, ["estimator", "target", "layer", "epoch"])
    totals = {(key, side): len(results.of(key, side)) for key in results.ids for side in ("y", "x")}
    totals["", ""] = len(results.estimates)
    counts = counts.astype({"estimator": object, "target": object})
    counts.loc[counts["flag"].isin(OF_LAYERS), ["estimator", "target"]] = ""
    found = []
    for (flag, key, target), own in counts.groupby(["flag", "estimator", "target"]):
        there, count = set(own["layer"].astype(str)), int(own["flagged"].sum())
        layers = [layer for layer in results.layers if layer in there]
        share = count / totals[str(key), str(target)]
        found.append(Flagged(str(flag), str(key), str(target), layers, *_ends(own), count, share))
    order, place = list(ADVICE), {key: number for number, key in enumerate(["", *results.ids])}
    return sorted(found, key=lambda each: (order.index(each.flag), place[each.estimator], each.target != "y"))


def _ends(table: pd.DataFrame) -> tuple[int, int]:
    return int(table["epoch"].min()), int(table["epoch"].max())


def sentence(subject: str, changed: list[Change], ceiling_bits: float | None) -> str:
    """What `subject` does in these layers: where it rises, where it falls, where neither."""
    parts = []
    for direction, verb in ((1, "rises"), (-1, "falls")):
        own = [
            f"{words.layer(each.layer)} from {words.bits(float(np.median(each.start_bits)))} to "
            f"{words.bits(float(np.median(each.end_bits)))}"
            for each in changed
            if each.direction == direction
        ]
        if own:
            limit = "" if ceiling_bits is None else f" of {words.bits(ceiling_bits)}"
            parts.append(f"{verb} in {words.listed(own)}{limit} bits")
    if still := [words.layer(each.layer) for each in changed if each.direction == 0]:
        parts.append(f"shows no clear change in {words.listed(still)}")
    return f"{subject} {'; it '.join(parts)}."
