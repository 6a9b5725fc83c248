"""Words that say when a number is not what it seems. docs/flags.md says what to do about each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays.variables import Variable
from .intervals import between, exceeds
from .settings import Settings

TIES_SHARE = 0.01  # of the rows; fewer do not move any estimate by more than its error
SCALE_RATIO = 1e3  # between the standard deviations of two columns
SATURATED_SHARE = 0.95  # of what the estimator can read at most
ROUNDING_BITS = 1e-9  # an estimator that can read nothing at all, such as ksg of k + 1 samples, reads 0 but for this
NULL_P = 0.05

Row = dict[str, Any]


def of_layer(t: NDArray[np.floating]) -> list[set[str]]:
    """`constant`, `dead_units:M` and `ties:P` of each replicate of t `(replicates, samples, units)`."""
    if t.shape[1] > 1 and (t[:, 0] != t[:, 1]).all():  # no unit is dead
        first = np.sort(t[:, :, 0], axis=1)
        if (first[:, 1:] != first[:, :-1]).all():  # rows that differ in one unit are not equal
            return [set() for _ in t]  # as of most continuous layers, and soon told
    units = np.ascontiguousarray(np.moveaxis(t, 2, 0))  # a unit in one piece: several times as fast to go through
    dead = (units == units[..., :1]).all(axis=2).sum(axis=0)
    tied = _tied(units)
    found = []
    for dead_units, share in zip(dead.tolist(), tied.tolist(), strict=True):
        if dead_units == t.shape[2]:
            found.append({"constant"})
            continue
        words = {f"dead_units:{dead_units}"} if dead_units else set()
        found.append(words | {f"ties:{round(100 * share)}"} if share >= TIES_SHARE else words)
    return found


def differ_in_scale(*found: NDArray[np.float64]) -> bool:
    """Whether columns, of which each of `found` `(2,)` holds the `scaling.deviations`, differ more than they should."""
    least, greatest = min(each[0] for each in found), max(each[1] for each in found)
    return bool(greatest > SCALE_RATIO * least)


def beyond(scales: tuple[float, float], *found: NDArray[np.float64]) -> bool:
    """Whether a column, of which each of `found` `(2,)` holds the `scaling.deviations`, is too small or too large."""
    return any(bool(each[0] < scales[0] or each[1] > scales[1]) for each in found)


def is_saturated(mi_bits: float, maximum_bits: float) -> bool:
    """Whether a value is as good as the most that its estimator can read."""
    return mi_bits >= SATURATED_SHARE * maximum_bits - ROUNDING_BITS


def is_inside_null(p_value: float) -> bool:
    return p_value > NULL_P


def meaning(word: str) -> str:
    """What a flag says, in a clause; `docs/flags.md` says what to do about it."""
    name, _, number = word.partition(":")
    return MEANINGS[name].format(number)


MEANINGS = {
    "above_ceiling": "exceeds I(X;Y), or the H(Y) of labels, which no layer can",
    "blind": "this estimator reads less than half of what is planted in these rows, so that it may miss what is there",
    "below_bound": "is below what a decoder proves to be there",
    "constant": "every row is the same, so that this is 0 exactly",
    "dead_units": "{} columns have the same value in every row",
    "dpi": "exceeds the layer before, which no layer can",
    "infinite": "one side follows the other without noise, so that the true value is infinite or far above this",
    "inside_null": "shuffled pairs read as much",
    "not_converged": "the training of the critics had not ended, or a few pairs decide the value",
    "repeated_rows": "{} % of the rows repeat another in x and y, so that errors and p-values are too small",
    "saturated": "this estimator can read no more on so many rows; the truth may be more",
    "scale": "columns differ so much in scale that the largest alone decides",
    "time_order": "rows resemble the next row, so that errors and p-values are too small; set a block",
    "target_ties": "{} % of the rows have a y that another row has; dithered_ksg takes counts and rounded numbers",
    "ties": "{} % of the rows equal another row in every column",
}


@dataclass(frozen=True)
class Truth:
    """What flags compare with: I(X;Y) in bits where it is known, and each (replicate, epoch, layer, target) whose true
    value is infinite."""

    ceiling_bits: float | None = None
    infinite: frozenset[tuple[int, int, str, str]] = frozenset()


def label_ceiling_bits(y: Variable) -> float | None:
    """H(Y) of labels, the plug-in entropy: whatever the law, no layer holds more. None where y holds numbers."""
    if y.classes is None:
        return None
    shares = np.bincount(y.classes) / len(y)
    return float(-np.sum(shares[shares > 0] * np.log2(shares[shares > 0])))


def mark(rows: Sequence[Row], settings: Settings, truth: Truth) -> None:
    """Adds what only comparing tells: values of one epoch with each other, and with the truth.

    The layers of an epoch come in network order.
    """
    stderr_bits = standard_errors(rows)
    if not settings.unordered:
        mark_gains(rows, stderr_bits)
    mark_truth(rows, stderr_bits, truth, shuffled=settings.measure.pairs == "shuffled")


def standard_errors(rows: Sequence[Row]) -> list[float | None]:
    """In bits, of each row: its own, or, where only some epochs have one, that between them (`intervals.between`)."""
    curves: dict[tuple[int, str, str], list[int]] = {}
    for place, row in enumerate(rows):
        curves.setdefault((row["replicate"], row["layer"], row["target"]), []).append(place)
    found: list[float | None] = [None] * len(rows)
    for places in curves.values():
        epochs = np.array([rows[place]["epoch"] for place in places])
        own = np.array([rows[place].get("stderr_bits") for place in places], dtype=np.float64)
        for place, error_bits in zip(places, between(epochs, own).tolist(), strict=True):
            found[place] = None if math.isnan(error_bits) else error_bits
    return found


def mark_gains(rows: Sequence[Row], stderr_bits: Sequence[float | None]) -> None:
    """Adds `dpi` to each row of I(T;Y) that exceeds the layer before it. An error that is not known counts as 0.

    Only of the plain I(T;Y): noise, bins and decoders are each layer's own, and with them a layer may hold more than
    the one before.
    """
    before: dict[tuple[int, int], tuple[float, float]] = {}
    for row, error_bits in zip(rows, stderr_bits, strict=True):
        if row["target"] == "y" and is_plain(row):
            key, mi_bits = (row["replicate"], row["epoch"]), row["mi_bits"]
            if key in before and exceeds(mi_bits - before[key][0], math.hypot(error_bits or 0.0, before[key][1])):
                _add(row, "dpi")
            before[key] = mi_bits, error_bits or 0.0


def mark_truth(rows: Sequence[Row], stderr_bits: Sequence[float | None], truth: Truth, shuffled: bool) -> None:
    """Adds `above_ceiling` to rows of I(T;Y), which is that of every estimand, and `infinite` to plain ones unless
    pairs are shuffled: the truth is 0."""
    for row, error_bits in zip(rows, stderr_bits, strict=True):
        limit_bits = truth.ceiling_bits if row["target"] == "y" else None
        if limit_bits is not None and exceeds(row["mi_bits"] - limit_bits - ROUNDING_BITS, error_bits or 0.0):
            _add(row, "above_ceiling")
        if (
            not shuffled
            and is_plain(row)
            and (row["replicate"], row["epoch"], row["layer"], row["target"]) in truth.infinite
        ):
            _add(row, "infinite")


def is_plain(row: Row) -> bool:
    """Whether a row is an estimate of I(T;Y) or I(X;T) itself."""
    return bool(row.get("estimand", "plain") == "plain")


def _add(row: Row, word: str) -> None:
    row["flags"] = joined({word, *filter(None, row["flags"].split(";"))})


def joined(words: set[str]) -> str:
    """As the table holds them."""
    return ";".join(sorted(words))


def _tied(units: NDArray[np.floating]) -> NDArray[np.float64]:
    """The share of rows of `units` `(units, replicates, samples)` that another row equals, `(replicates,)`."""
    numbers = np.sort(_fingerprints(units), axis=1)
    same = numbers[:, 1:] == numbers[:, :-1]
    alone = np.ones(numbers.shape, dtype=np.bool_)
    alone[:, 1:] &= ~same
    alone[:, :-1] &= ~same
    return np.asarray(1 - alone.mean(axis=1))


def _fingerprints(units: NDArray[np.floating]) -> NDArray[np.uint64]:
    """A number for each row of `units` `(units, replicates, samples)`; equal rows have equal numbers.

    A hash of the bits, one unit after another, since comparing rows takes a hundred times as long. That two
    rows which differ have one number is as good as impossible (2^-64 a pair, were the hash ideal).
    """
    lanes = (units + units.dtype.type(0)).view(f"u{units.dtype.itemsize}")  # -0.0 is 0.0
    numbers = np.full(units.shape[1:], 1, dtype=np.uint64)
    for lane in lanes:
        numbers ^= lane
        numbers *= np.uint64(0x9E3779B97F4A7C15)
        numbers ^= numbers >> np.uint64(32)
    return numbers
