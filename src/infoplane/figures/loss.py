"""Train and test loss against epoch."""

from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from . import layout, style

CURVES = {"train_loss": style.ESTIMATORS[1], "test_loss": style.ESTIMATORS[0]}


def figure(training: pd.DataFrame, name: str) -> Figure:
    """The median over replicates and its band, on a logarithmic axis if the losses span a decade.

    `name` is the name of the loss.
    """
    bands = {curve: style.bands(training, curve) for curve in CURVES}
    replicates, last = training["replicate"].nunique(), int(training["epoch"].max())
    title, text = _title(bands["test_loss"], replicates)
    fig, axes = layout.panels(1, 1, title=title, text=text, height=2.9, heads=0.15, legend_lines=1)
    ax = axes[0, 0]
    handles: list[Artist] = []
    for curve, color in CURVES.items():
        line: dict[str, Any] = {"color": color, "linestyle": style.DASHES[curve == "test_loss"]}
        style.draw_band(ax, bands[curve], **line)
        handles.append(style.line_handle(curve.replace("_", " "), **line))
    losses = training[list(CURVES)].to_numpy()
    if losses.min() > 0 and losses.max() > 10 * losses.min():
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda loss, _: f"{loss:g}")
    style.epoch_axis(ax, last)
    ax.set_xlabel("epoch (0 = untrained)")
    ax.set_ylabel(f"loss ({name})")
    if replicates > 1:
        handles.append(Patch(color=style.GREY, alpha=style.BAND, linewidth=0, label="5–95 % of the replicates"))
    layout.legend(fig, handles, columns=3)
    return fig


def _title(test: pd.DataFrame, replicates: int) -> tuple[str, str]:
    first, last = test["middle"].iloc[[0, -1]]
    of = f"Median of {replicates} replicates" if replicates > 1 else "One replicate"
    went = "falls" if last < first else "goes"
    return (
        f"Test loss {went} from {first:.3g} to {last:.3g} by epoch {test.index[-1]}",
        f"{of}. The epoch axis is linear up to 10, then logarithmic.",
    )
