"""The figures, one a file: each makes a matplotlib `Figure` of what a run found; `style` makes it bytes."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.figure import Figure

from ..core.config import Plot
from ..results.tables import Results
from . import answer, curves, loss, plane, scoreboard


def draw(results: Results, board: pd.DataFrame, plot: Plot, samples: int) -> Iterator[tuple[str, Figure]]:
    """(name, figure) for every figure there is something to show in. Call it within `style.look()`.

    `board` is the scoreboard; `samples` are the rows that the estimators measured.
    """
    measured = set(results.estimates["target"])
    if "y" in measured:
        yield "answer", answer.figure(results, plot)
    yield "loss", loss.figure(results.training)
    for target, name in (("y", "target_information"), ("x", "input_information")):
        if target in measured:
            yield name, curves.figure(results, target, samples)
    if plane.ids(results):
        yield "information_plane", plane.figure(results, samples)
    if len(board):
        yield "scoreboard", scoreboard.figure(board, results)
