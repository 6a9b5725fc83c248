"""The scoreboard: how far each estimator is from the exact truth, and how often it gives impossible values."""

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..results import Results
from ..scoring import overall
from . import layout, style

COLORS = matplotlib.colormaps["PuOr_r"]  # purple too low, orange too high; all kinds of colour vision tell them apart
NORM = SymLogNorm(0.1, vmin=-8, vmax=8)  # bits; linear up to 0.1, then logarithmic
ROW = 0.42  # inches
SUMMARY = {
    "error_mean_abs_bits": ("mean\n|error|", "{:.2f}"),
    "error_max_abs_bits": ("largest\n|error|", "{:.2f}"),
    "ceiling_break_share": ("above\nceiling", "{:.0%}"),
    "dpi_break_share": ("above the\nlayer before", "{:.0%}"),
    "estimand_gap_bits": ("gap to\nI(T;Y)", "{:+.2f}"),
}
COLUMN, GAP = 0.72, 0.12  # in widths of a layer's cell: a summary's column, and the gap before the first


def figure(board: pd.DataFrame, results: Results) -> Figure:
    """One row per estimator, best first; one cell per layer: the median error, which colours it, and the 5-95 %."""
    summary = overall(board)
    gaps = board[board["estimand"] != "plain"].groupby("estimator", observed=True)["estimand_gap_bits"]
    summary["estimand_gap_bits"] = gaps.median()
    layers = [layer for layer in results.layers if (board["layer"] == layer).any()]
    units = len(layers) + GAP + COLUMN * len(SUMMARY)  # the width of a layer's cell is 1
    fig, axes = layout.panels(
        1,
        1,
        least_width=0.92 * units,
        height=ROW * len(summary),
        heads=0.55,
        foot=layout.MARGIN,
        left=1.35,
        title=_title(board, summary),
        text="Estimate minus the truth of what it estimates, in bits: the median, and the 5–95 % interval over epochs "
        "and replicates measured; purple is too low, orange too high. On the right, over all layers: the absolute "
        "error, and the share of values above the ceiling, or the layer before, by more than their 95 % interval; "
        "the gap is how far that truth lies from I(T;Y), where it is another quantity.",
    )
    ax = axes[0, 0]
    ax.set(xlim=(0, units), ylim=(len(summary), 0))
    ax.axis("off")
    columns = {name: len(layers) + GAP + COLUMN * (place + 0.5) for place, name in enumerate(SUMMARY)}
    for place, layer in enumerate(layers):
        _draw_head(ax, place + 0.5, layer)
    for name, x in columns.items():
        _draw_head(ax, x, SUMMARY[name][0])
    for y, (key, row) in enumerate(summary.iterrows()):
        layout.row_label(fig, ax, str(key), results.ids, (y + 0.5) / len(summary))
        own = board[board["estimator"] == key]
        for place, layer in enumerate(layers):
            scores = own[own["layer"] == layer]
            if len(scores):
                _draw_cell(ax, place, y, scores.iloc[0])
            else:
                ax.text(place + 0.5, y + 0.5, "not measured", ha="center", va="center", color=style.GREY, size=7)
        for name, x in columns.items():
            words = SUMMARY[name][1].format(row[name]).replace("-", "−") if pd.notna(row[name]) else "–"
            ax.text(x, y + 0.5, words, ha="center", va="center", size=9)
    return fig


def _title(board: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Names the closest estimator only if all have equally many values in each layer; otherwise they do not compare."""
    values = board.pivot_table(index="estimator", columns="layer", values="values", observed=True)
    if values.isna().any(axis=None) or (values.nunique() > 1).any():
        return "How far from the exact truth each estimator is, where it measured"
    best = summary.iloc[0]["error_mean_abs_bits"]
    if len(summary) == 1:
        return f"{summary.index[0]} is {best:.2f} bits off the exact truth on average"
    return f"{summary.index[0]} is closest to the exact truth: {best:.2f} bits off on average"


def _draw_head(ax: Axes, x: float, words: str) -> None:
    ax.annotate(words, (x, 0), xytext=(0, 4), textcoords="offset points", ha="center", va="bottom", weight="bold")


def _draw_cell(ax: Axes, x: int, y: int, score: pd.Series) -> None:
    color = COLORS(NORM(score["error_median_bits"]))
    ink = "white" if sum(color[:3]) < 1.6 else "black"
    ax.add_patch(Rectangle((x + 0.01, y + 0.03), 0.98, 0.94, color=color, linewidth=0))
    ax.text(
        x + 0.5,
        y + 0.36,
        style.signed(score["error_median_bits"]),
        ha="center",
        va="center",
        color=ink,
        size=9,
    )
    interval = f"{style.signed(score['error_p05_bits'])} to {style.signed(score['error_p95_bits'])}"
    ax.text(x + 0.5, y + 0.73, interval, ha="center", va="center", color=ink, size=7)
