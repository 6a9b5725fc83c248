"""The same layers and estimators in several runs: one row per estimator, one column per layer, one colour per run."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from ..comparing.runs import Run
from . import layout, style


def figure(runs: Sequence[Run], ids: Sequence[str], layers: Sequence[str], target: str) -> Figure:
    """I(T;Y) for target "y" and I(X;T) for "x": the median over each run's networks and its band, against epoch.

    The exact truth of each run that knows it is a thin line of the run's colour.
    """
    shown = [key for key in ids if all((run.estimates[key]["target"] == target).any() for run in runs)]
    letters = "I(T;Y)" if target == "y" else "I(X;T)"
    names = ", ".join(run.name for run in runs)
    truths = [_by_layer(_finite(run.truth, target)) for run in runs]
    handles: list[Artist] = [
        style.line_handle(run.name, color=color, linewidth=1.4) for run, (color, _) in zip(runs, _looks(), strict=False)
    ]
    several = any(table["replicate"].nunique() > 1 for run in runs for table in run.estimates.values())
    if any(truths):
        handles.append(style.line_handle("thin: the exact truth", linewidth=0.7, linestyle=style.DASHES[2]))
    fig, axes = layout.panels(
        len(shown),
        len(layers),
        height=1.25,
        left=1.6,
        legend_lines=-(-len(handles) // 3),
        title=f"{letters} of the same layers in {names}",
        text=("Lines are medians over the networks of a run, bands their 5 to 95 %. " if several else "")
        + "One row per estimator, one column per layer.",
        sharey="row",
    )
    last = max(int(run.estimates[key]["epoch"].max()) for run in runs for key in shown)
    for key, row in zip(shown, axes, strict=True):
        for run, exact, (color, dashes) in zip(runs, truths, _looks(), strict=False):
            own = run.estimates[key]
            bands = _by_layer(own[own["target"] == target])
            for layer, ax in zip(layers, row, strict=True):
                if layer in exact:
                    ax.plot(exact[layer]["middle"], color=color, lw=0.7, ls=style.DASHES[2])
                if layer in bands:
                    style.draw_band(ax, bands[layer], color=color, linestyle=dashes)
        layout.row_label(fig, row[0], key, shown, color=style.TRUTH)  # colours are those of runs here
        row[0].set_ylabel("bits")
    for layer, ax in zip(layers, axes[0], strict=True):
        ax.set_title(layer, weight="bold")
    for ax in axes.flat:
        ax.axhline(0, color=style.GREY, lw=0.5)
        style.epoch_scale(ax, last)
        style.epoch_labels(ax, style.epoch_ticks(last, wide=len(layers) < 3))
    for ax in axes[:-1].flat:
        ax.tick_params(labelbottom=False)
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    layout.legend(fig, handles, columns=3)
    return fig


def _looks() -> list[tuple[str, style.Dashes]]:
    """A colour and dashes for each run."""
    return [(color, dashes) for dashes in style.DASHES for color in style.ESTIMATORS]


def _finite(truth: pd.DataFrame, target: str) -> pd.DataFrame:
    of_target: pd.DataFrame = truth[truth["target"] == target]
    return of_target[of_target["mi_bits"] < np.inf]


def _by_layer(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if table.empty:
        return {}
    if "stderr_bits" in table:
        table = table.assign(bar_bits=table["stderr_bits"])
    bands = style.bands(table, "mi_bits", ["layer", "epoch"])
    return {str(layer): band.droplevel("layer") for layer, band in bands.groupby("layer", observed=True)}
