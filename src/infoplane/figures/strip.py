"""The strip below a curve that marks the epochs at which its estimates carry a flag."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..results import flag_counts
from . import style

# Most serious first; each keeps its colour in every figure. docs/flags.md says what they mean.
DOCUMENTED = (
    "above_ceiling",
    "below_bound",
    "dpi",
    "blind",
    "not_converged",
    "saturated",
    "scale",
    "inside_null",
    "repeated_rows",
    "time_order",
    "dead_units",
    "target_ties",
    "ties",
    "constant",
    "infinite",
)
COLORS = (
    "#CC3311",
    "#882255",
    "#EE7733",
    "#661100",
    "#AA3377",
    "#DDAA33",
    "#009988",
    "#33BBEE",
    "#117733",
    "#999933",
    "#4477AA",
    "#BBCC33",
    "#999999",
    "#000000",
    "#BBBBBB",
)
ROW = 0.035  # of the panel's height
PALE = 0.35


def shares(estimates: pd.DataFrame) -> pd.DataFrame:
    """`estimator, target, layer, epoch, flag, share`; the share is of the replicates. `ties:4` counts as `ties`."""
    key = ["estimator", "target", "layer", "epoch"]
    found = flag_counts(estimates, key)
    measured = estimates.groupby(key, observed=True).size().rename("measured")
    found = found.join(measured, on=key)
    return found.assign(share=found["flagged"] / found["measured"])


def names(found: pd.DataFrame) -> list[str]:
    """The flags of `shares`, most serious first."""
    there = set(found["flag"])
    return [flag for flag in DOCUMENTED if flag in there] + sorted(there - set(DOCUMENTED))


def color(flag: str) -> str:
    return COLORS[DOCUMENTED.index(flag)] if flag in DOCUMENTED else "#666633"


def draw(ax: Axes, found: pd.DataFrame, rows: Sequence[str], epochs: NDArray[np.int64]) -> None:
    """Draws a line for each flag of `rows`: pale where any replicate is flagged, full where at least half are."""
    lines, colors = [], []
    for place, flag in enumerate(rows):
        here, own = np.zeros(len(epochs)), found["flag"].to_numpy() == flag
        here[np.searchsorted(epochs, found["epoch"].to_numpy()[own])] = found["share"].to_numpy()[own]
        y = (len(rows) - place - 0.5) * ROW
        for least, alpha in ((1e-9, PALE), (0.5, 1.0)):
            starts, ends = stretches(here >= least, epochs)
            if len(starts):
                lines.append(style.broken([((start, y), (end, y)) for start, end in zip(starts, ends, strict=True)]))
                colors.append(to_rgba(color(flag), alpha))
    # One collection, since matplotlib takes as long for a collection as for a hundred lines.
    strips = LineCollection(lines, colors=colors, linewidths=1.7, transform=ax.get_xaxis_transform())
    ax.add_collection(strips, autolim=False)


def stretches(on: NDArray[np.bool_], epochs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where runs of `on` begin and end, half way to the neighbouring epoch that was measured."""
    middles = (epochs[1:] + epochs[:-1]) / 2
    low = np.concatenate([[epochs[0] - 0.5], middles])
    high = np.concatenate([middles, [epochs[-1] + 0.5]])
    padded = np.concatenate([[False], on, [False]])
    return low[padded[1:-1] & ~padded[:-2]], high[padded[1:-1] & ~padded[2:]]


def handles(rows: Sequence[str]) -> list[Line2D]:
    return [Line2D([], [], color=color(flag), lw=3, label=f"flag: {flag}") for flag in rows]
