"""What curves do from the first epoch to the last, told from noise and compared with the exact change."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import words
from .run import Run

CHANGE_BITS = 0.05  # less is no rise
WRONG_BITS = 0.3  # so far off, or more, is named
Z = 1.96


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
