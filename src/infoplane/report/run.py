"""What a report is made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ..results import Results


@dataclass(frozen=True)
class Run:
    """The results of one run, or of several laid over each other, and what is to be said of how they came about.

    networks: the name of each replicate in the tables of `results`, such as "replicate 0" or a folder.
    facts: of what was measured, each as (term, words): the data, the network, how it was trained.
    rows: how many rows were measured; target: how y was taken, such as "numbers" or "10 classes".
    board: the scoreboard (`scoring.scoreboard`); no rows without truth.
    shuffled: ids whose pairs were shuffled, which have nothing to find.
    parameters, versions, hashes: (name, value) each; commands: what to type to make all of it again, with reasons
        as lines that begin with `#`.
    """

    title: str
    results: Results
    networks: Mapping[int, str]
    facts: Sequence[tuple[str, str]]
    rows: int
    target: str
    board: pd.DataFrame
    shuffled: Collection[str] = ()
    parameters: Sequence[tuple[str, str]] = ()
    versions: Sequence[tuple[str, str]] = ()
    hashes: Sequence[tuple[str, str]] = ()
    commands: Sequence[str] = ()
    notes: Sequence[str] = field(default=())

    @property
    def ids(self) -> list[str]:
        """Those whose pairs are right."""
        return [key for key in self.results.ids if key not in self.shuffled]

    def estimand(self, key: str) -> str:
        """What an estimator id estimates about Y, or about X if it was not asked about Y."""
        own = self.results.estimates[self.results.estimates["estimator"] == key].sort_values("target")
        return str(own["estimand"].iloc[0])
