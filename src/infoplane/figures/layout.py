"""The layout of a figure, in inches: titles above, panels in a grid, legends below."""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from . import style

WIDTH = 9.0  # at a README's 900 pixels, 8 points are 11 pixels
MARGIN = 0.15
TITLE, TEXT, LEGEND = 0.2, 0.16, 0.18  # the height of a line of each


def panels(
    rows: int,
    columns: int,
    *,
    title: str,
    text: str,
    height: float,
    legend_lines: int = 0,
    left: float = 0.75,
    right: float = 0.15,
    heads: float = 0.32,
    foot: float = 0.45,
    gap: tuple[float, float] = (0.15, 0.2),
    least_width: float = 1.3,
    grid: bool = True,
    **kwargs: Any,
) -> tuple[Figure, Any]:
    """A figure and its axes `(rows, columns)`, each panel `height` tall, `gap` (across, down) apart.

    `title` says in a sentence what one sees, and `text` how it was made; `heads` is the room for the panels' own
    titles, `foot` that for the ticks and labels of the lowest row. The code computes the layout itself, since
    matplotlib's engines take longer than all the drawing. The figure is `WIDTH` wide, unless `least_width` needs more.
    """
    title_lines, text_lines = textwrap.wrap(title, 96), textwrap.wrap(text, 150)
    top = MARGIN + TITLE * len(title_lines) + 0.04 + TEXT * len(text_lines) + heads
    bottom = foot + LEGEND * legend_lines + (MARGIN if legend_lines else 0)
    total = top + rows * height + (rows - 1) * gap[1] + bottom
    between = left + right + (columns - 1) * gap[0]
    width = max((WIDTH - between) / columns, least_width)
    across = between + columns * width
    figure = Figure(figsize=(across, total))
    lower = total - MARGIN - TITLE * len(title_lines) - 0.04
    figure.text(MARGIN / across, 1 - MARGIN / total, "\n".join(title_lines), size=11, weight="bold", va="top")
    figure.text(MARGIN / across, lower / total, "\n".join(text_lines), color=style.GREY, va="top", linespacing=1.3)
    with matplotlib.rc_context({"axes.grid": grid}):
        axes = figure.subplots(
            rows,
            columns,
            squeeze=False,
            gridspec_kw={
                "left": left / across,
                "right": 1 - right / across,
                "top": 1 - top / total,
                "bottom": bottom / total,
                "wspace": gap[0] / width,
                "hspace": gap[1] / height,
            },
            **kwargs,
        )
    return figure, axes


def outer_ticks(axes: Any, epochs: Sequence[int], levels: Sequence[float]) -> None:
    """Ticks along the left and the foot of a grid of panels with one scale, and grid lines in all panels.

    matplotlib takes longer to draw a tick than a curve, and each of dozens of panels would have ten.
    """
    for ax in axes.flat:
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        lines = [((epoch, low), (epoch, high)) for epoch in epochs]
        lines += [((left, level), (right, level)) for level in levels]
        look = {"color": style.STYLE["grid.color"], "linewidth": style.STYLE["grid.linewidth"]}
        ax.add_line(Line2D(*style.broken(lines).T, zorder=0.5, **look))
        ax.xaxis.set_visible(ax in axes[-1])
        ax.yaxis.set_visible(ax in axes[:, 0])
    for ax in axes[-1]:
        style.epoch_labels(ax, epochs)
    for ax in axes[:, 0]:
        ax.set_yticks(levels)


def legend(figure: Figure, handles: Sequence[Artist], *, columns: int, line: int = 0) -> Legend:
    """Puts a legend at the foot of the figure, its lowest line `line` lines up."""
    return figure.legend(
        handles=list(handles),
        loc="lower center",
        bbox_to_anchor=(0.5, (MARGIN / 2 + LEGEND * line) / figure.get_figheight()),
        ncols=columns,
        borderpad=0,
        borderaxespad=0,
        handlelength=2.2,
        columnspacing=1.6,
        labelspacing=0.45,
    )


def row_label(figure: Figure, ax: Axes, key: str, ids: Sequence[str], down: float = 0.5, color: str = "") -> None:
    """Writes the estimator's id to the left of its row, at the share `down` of the height of `ax`, from the top.

    It has the estimator's colour, or `color`.
    """
    box = ax.get_position()
    lines = textwrap.wrap(key.replace("_", "_ "), 15)
    words = "\n".join(line.replace("_ ", "_") for line in lines)
    color = color or style.estimator(key, ids)["color"]
    figure.text(
        MARGIN / figure.get_figwidth(),
        box.y1 - down * box.height,
        words,
        weight="bold",
        color=color,
        va="center",
    )
