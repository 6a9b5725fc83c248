"""What `mutual_information` gives: a value, how far it can be trusted, and how it came about."""

from dataclasses import dataclass
from typing import Any

from .estimation.flags import meaning
from .estimators._shared.base import Estimator


@dataclass(frozen=True)
class Result:
    """A mutual information in bits. `float(result)` is its value, and `print(result)` says it in a sentence.

    mi_bits: the estimate; negative values are the noise of an estimator that is nearly unbiased at independence.
    stderr_bits: its standard error, where `stderr` was asked for.
    interval_bits: the estimate plus and minus 1.96 times the standard error and the drift, in quadrature. The drift is
        what changes from half the rows to all: about as much again may change from these rows to many more. With the
        default choice it held the truth in 95 to 97 % of cases at 100 to 1,000 rows; docs/uncertainty.md has the table.
    null_mean_bits, p_value: the mean over shuffled pairs, and the share of these that read as much, where
        `permutations` was asked for.
    planted_share: of the bits that were planted in x, the share that it reads, where `planted` was asked for.
    flags: words that say why not to take the value at its face; docs/flags.md says what to do about each.
    estimator: with its parameters.
    samples: how many rows there were.
    target: how y was taken, e.g. `10 classes` or `numbers`.
    """

    mi_bits: float
    stderr_bits: float | None
    interval_bits: tuple[float, float] | None
    null_mean_bits: float | None
    p_value: float | None
    planted_share: float | None
    flags: tuple[str, ...]
    estimator: Estimator
    samples: int
    target: str

    def __float__(self) -> float:
        return self.mi_bits

    def __str__(self) -> str:
        beside = []
        if self.interval_bits is not None:
            low, high = self.interval_bits
            beside.append(f"standard error {self.stderr_bits:.3f}, 95 % interval {low:.3f} to {high:.3f}")
        if self.p_value is not None:
            beside.append(f"shuffled pairs give {self.null_mean_bits:.3f} on average, p = {self.p_value:.3g}")
        if self.planted_share is not None:
            beside.append(f"{self.planted_share:.0%} of planted bits are read")
        sentence = f"{self.mi_bits:.3f} bits of mutual information"
        if beside:
            sentence += f" ({'; '.join(beside)})"
        sentence += f", estimated by {self.estimator} from {self.samples:,} rows with y taken as {self.target}."
        return "\n".join([sentence, *(f"  {word}: {meaning(word)}" for word in self.flags)])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and text: a row of a table, or JSON."""
        low, high = self.interval_bits or (None, None)
        return {
            "mi_bits": self.mi_bits,
            "stderr_bits": self.stderr_bits,
            "low_bits": low,
            "high_bits": high,
            "null_mean_bits": self.null_mean_bits,
            "p_value": self.p_value,
            "planted_share": self.planted_share,
            "flags": ";".join(self.flags),
            "estimator": str(self.estimator),
            "samples": self.samples,
            "target": self.target,
        }
