"""The information plane: I(X;T) across, I(T;Y) up, one point per epoch."""

import math
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize, SymLogNorm
from matplotlib.figure import Figure

from ..results import Results
from . import layout, style

COLUMNS = 3
NEAR = 0.25  # of the span of the data: a level farther away is left out
MARKERS = "osD^vP*X"  # one per layer, in network order
COLORS = ListedColormap(matplotlib.colormaps["viridis"](np.linspace(0, 0.93, 256)))  # the last yellow is too pale
STEPS = 40  # colours along the logarithmic part of a path


def ids(results: Results) -> list[str]:
    """The estimators that measured I(X;T) and I(T;Y) of one layer at one epoch."""
    return list(_medians(results)["estimator"].unique())


def figure(results: Results, samples: int) -> Figure:
    """One panel per estimator, one path per layer: the median over replicates, joined and coloured by epoch."""
    medians = dict(list(_medians(results).groupby("estimator", observed=True)))
    shown = [key for key in results.ids if key in medians]
    levels = {"x": math.log2(samples), "y": results.ceiling_bits}
    near = {
        (key, axis)
        for key in shown
        for axis, level in levels.items()
        if level is not None and _is_near(medians[key][axis], level)
    }
    lines = _level_handles(levels, {axis for _, axis in near}, results.ceiling_name)
    columns = min(COLUMNS, len(shown))
    rows = math.ceil(len(shown) / columns)
    fig, axes = layout.panels(
        rows,
        columns,
        height=2.6,
        right=1.0,
        gap=(0.55, 0.8),
        legend_lines=bool(lines) + math.ceil(len(results.layers) / 8),
        title="Where each estimator puts each layer in the information plane while the network trains",
        text=_text(results, len(near) < len(levels) * len(shown)),
    )
    last = int(max(own["epoch"].max() for own in medians.values()))
    norm = SymLogNorm(style.LINEAR, vmin=0, vmax=last) if last > 2 * style.LINEAR else Normalize(0, max(last, 1))
    for key, ax in zip(shown, axes.flat, strict=False):
        for place, layer in enumerate(results.layers):
            own = medians[key]
            _draw_path(ax, own[own["layer"] == layer], MARKERS[place % len(MARKERS)], norm)
        ax.set_title(key, weight="bold", color=style.estimator(key, results.ids)["color"])
        ax.set_xlabel("I(X;T), bits")
        ax.set_ylabel("I(T;Y), bits")
        if (key, "x") in near:
            ax.axvline(levels["x"], color=style.GREY, lw=0.9, ls=style.LOG2_N)
        if (key, "y") in near:
            ax.axhline(levels["y"], color=style.GREY, lw=0.9, ls=style.CEILING)
        ax.margins(0.08)
    for ax in axes.flat[len(shown) :]:
        ax.remove()
    _draw_colorbar(fig, axes[0, 0], axes[-1, 0], norm, last)
    layers = [
        style.line_handle(layer, linestyle="", marker=MARKERS[place % len(MARKERS)], markersize=5)
        for place, layer in enumerate(results.layers)
    ]
    layout.legend(fig, layers, columns=8, line=bool(lines))
    if lines:
        layout.legend(fig, lines, columns=2)
    return fig


def _is_near(values: pd.Series, level: float) -> bool:
    """Whether a level is so close to the data that drawing it leaves no panel half empty."""
    low, high = values.min(), values.max()
    return bool(low - NEAR * (high - low) <= level <= high + NEAR * (high - low))


def _level_handles(levels: dict[str, Any], drawn: set[str], ceiling_name: str) -> list[Artist]:
    found: list[Artist] = []
    if "x" in drawn:
        found.append(style.line_handle(f"log2(n) = {levels['x']:.2f} bits", linestyle=style.LOG2_N))
    if "y" in drawn:
        found.append(style.ceiling_handle(levels["y"], ceiling_name))
    return found


def _text(results: Results, left_out: bool) -> str:
    whose = style.networks(results.estimates)
    text = f"Each point is the {whose} at one epoch; points are joined in order of epoch."
    if np.isinf(results.truth.loc[results.truth["target"] == "x", "mi_bits"]).any():
        text += " The true I(X;T) is infinite, so the horizontal axis describes the estimator only."
    if left_out:
        text += " log2(n) and the ceiling are drawn where a layer comes near them."
    return text


def _medians(results: Results) -> pd.DataFrame:
    """`estimator, layer, epoch, x, y`: the medians in bits, where both were measured."""
    key = ["estimator", "layer", "epoch", "target"]
    medians = results.estimates.groupby(key, observed=True)["mi_bits"].median().unstack("target")
    return medians.reindex(columns=["x", "y"]).dropna().reset_index()


def _draw_path(ax: Axes, path: pd.DataFrame, marker: str, norm: Normalize) -> None:
    if path.empty:
        return
    points, epochs = path[["x", "y"]].to_numpy(), path["epoch"].to_numpy()
    # One colour for each of the first epochs, then one for each of equal stretches of the logarithmic scale.
    ends = np.unique(np.geomspace(style.LINEAR, max(epochs[-1], 2 * style.LINEAR), STEPS).round())
    edges = np.concatenate([np.arange(style.LINEAR), ends])
    cuts = np.unique(np.searchsorted(epochs, edges).clip(0, len(epochs) - 1))
    pieces = [points[start : end + 1] for start, end in pairwise(cuts)]
    lines = LineCollection(pieces, cmap=COLORS, norm=norm, linewidths=0.8, alpha=0.6)
    lines.set_array(epochs[cuts[1:]])
    ax.add_collection(lines)
    marked = np.isin(epochs, [*style.EPOCHS, epochs[-1]])
    x, y = points[marked].T
    ax.scatter(
        x,
        y,
        c=epochs[marked],
        cmap=COLORS,
        norm=norm,
        marker=marker,
        s=22,
        edgecolors="white",
        lw=0.4,
        zorder=3,
    )


def _draw_colorbar(fig: Figure, top: Axes, bottom: Axes, norm: Normalize, last: int) -> None:
    """To the right of all panels, as tall as all of them."""
    low, high = bottom.get_position().y0, top.get_position().y1
    cax = fig.add_axes((1 - 0.65 / fig.get_figwidth(), low, 0.12 / fig.get_figwidth(), high - low))
    bar = fig.colorbar(ScalarMappable(norm, COLORS), cax=cax, ticks=style.epoch_ticks(last))
    bar.ax.minorticks_off()
    bar.ax.yaxis.set_major_formatter(lambda epoch, _: f"{epoch:g}")
    bar.outline.set_visible(False)
    bar.ax.set_title("epoch", size=7.5)
