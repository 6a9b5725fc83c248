"""How far each estimator can be trusted in a run: by its errors, by the ceiling, by what was planted."""

from dataclasses import dataclass

import numpy as np

from .. import scoring
from .changes import WRONG_BITS
from .findings import ends
from .run import Run

GOOD_BITS, POOR_BITS = 0.1, 0.3  # mean |error|
BLIND = 0.5  # share of what was planted


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
        found.setdefault(str(key), []).append((str(layer), *ends(own)))
    return found
