"""What the tables of a run hold: the exact information of each layer, and what is flagged."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..estimation.flags import MEANINGS
from ..results import Results, flag_counts
from .advice import ADVICE
from .changes import CHANGE_BITS

FULL_BITS = 0.01  # below the ceiling; less is no loss that any estimator here could see
OF_LAYERS = ("constant", "dead_units", "ties", "target_ties", "repeated_rows", "time_order")  # whoever estimates


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
        first, last = (table[table["epoch"] == epoch]["mi_bits"] for epoch in ends(table))
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
        found.append(Flagged(str(flag), str(key), str(target), layers, *ends(own), count, share))
    order, place = list(ADVICE), {key: number for number, key in enumerate(["", *results.ids])}
    return sorted(found, key=lambda each: (order.index(each.flag), place[each.estimator], each.target != "y"))


def ends(table: pd.DataFrame) -> tuple[int, int]:
    """The first and the last epoch of a table."""
    return int(table["epoch"].min()), int(table["epoch"].max())
