"""The figures, one per file: each makes a matplotlib `Figure` of a run's results; `style` encodes it."""

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from ..results import Results
from . import answer, curves, estimands, loss, plane, scoreboard


def drawings(
    results: Results,
    board: pd.DataFrame,
    samples: int,
    loss_name: str,
    answer_names: Mapping[str, str] | None = None,
    hidden_layer: str | None = None,
) -> dict[str, Callable[[], Figure]]:
    """By name, a function that draws each figure that has something to show; call it within `style.look()`.

    `board` is the scoreboard; `samples` is the number of rows measured; `loss_name` is the loss that was trained;
    `answer_names` and `hidden_layer` are for `answer.figure`. The figures that take longest come first.
    """
    measured = set(results.estimates["target"])
    found: dict[str, Callable[[], Figure]] = {}
    for target, name in (("y", "target_information"), ("x", "input_information")):
        if target in measured:
            found[name] = partial(curves.figure, results, target, samples)
    if plane.ids(results):
        found["information_plane"] = partial(plane.figure, results, samples)
    if "y" in measured:
        found["answer"] = partial(answer.figure, results, answer_names or {}, hidden_layer)
    if len(results.other_truths):
        found["estimands"] = partial(estimands.figure, results, hidden_layer)
    if len(board):
        found["scoreboard"] = partial(scoreboard.figure, board, results)
    if not results.training.empty:
        found["loss"] = partial(loss.figure, results.training, loss_name)
    return found
