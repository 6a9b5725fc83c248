"""What one estimator is asked for besides its own parameters: which values, reduced layers, error bars, a null."""

from typing import Annotated, Literal

from pydantic import Field

from ..core.validation import Count, Section


class Measure(Section):
    """Which values an estimator is run on, so that a slow one costs what a person chooses.

    `pairs: shuffled` pairs each activation with another row's target: the mistake, to be seen on purpose.
    `samples` are the first so many rows of a fixed shuffle. Every epoch up to `first` is measured, then every
    `every`th and the last; or just those that `epochs` lists.
    """

    pairs: Literal["right", "shuffled"] = "right"
    samples: Count | None = None
    first: Annotated[int, Field(ge=0)] = 0
    every: Count = 1
    epochs: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = None
    targets: list[Literal["y", "x"]] = Field(default=["y", "x"], min_length=1)
    replicates: Literal["all"] | Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = "all"
    layers: Literal["all"] | Annotated[list[str], Field(min_length=1)] = "all"


class Reduce(Section):
    """The first so many principal components of each layer instead of its units."""

    components: Count


class Stderr(Section):
    """Standard errors from so many splits into halves, at every epoch up to `first`, then at every `every`th."""

    splits: Annotated[int, Field(ge=2)]
    first: Annotated[int, Field(ge=0)] = 0
    every: Count = 1

    def at(self, epoch: int) -> bool:
        return epoch <= self.first or epoch % self.every == 0


class Rows(Section):
    """What is to be known of the rows: that they are a series, whose rows are as good as independent so far apart."""

    block: Annotated[int, Field(ge=2)]


class Planted(Section):
    """A check with targets of known information: so many bits, planted so often."""

    bits: Annotated[float, Field(gt=0, le=8)] = 1.0
    draws: Count = 3


class Settings(Section):
    """All of these; `permutations` draws of the null a value: with fewer than 19 no p could reach 0.05."""

    measure: Measure = Measure()
    reduce: Reduce | None = None
    stderr: Stderr | None = None
    permutations: Annotated[int, Field(ge=19)] | None = None
    rows: Rows | None = None
    planted: Planted | None = None

    @property
    def block(self) -> int | None:
        """How many rows in order stay together where rows are shuffled or split."""
        return None if self.rows is None else self.rows.block

    @property
    def unordered(self) -> bool:
        """Whether values may rise with depth: those of shuffled pairs, or of layers each cut down by itself."""
        return self.measure.pairs == "shuffled" or self.reduce is not None
