"""The exact truth of every kind of information in one figure: which of them rise with training, and which do not."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..results import Results
from . import layout, style
from .answer import apart

# By the first word of an estimand.
WORDS = {"noisy": "what survives noise", "usable": "what decoders use", "binned": "what bins tell"}
COLORS = {"noisy": "#0072B2", "usable": "#009E73", "binned": "#D55E00"}
DASHES: tuple[style.Dashes, ...] = ("-", (0, (4, 1.5)), (0, (1.5, 1)))  # for several of a kind
LABELS = {"y": "about the target, bits", "x": "about the input, bits"}
LINE = 0.15  # inches from one number to the next at the end of the curves


def figure(results: Results, hidden_layer: str | None = None) -> Figure:
    """About Y above, about X below, of a hidden layer, the last by default, and of the output.

    All is exact, and of the replicates and epochs for which `results.other_truths` has values.
    """
    layers = list(dict.fromkeys([hidden_layer or results.layers[-2:][0], results.layers[-1]]))
    others = _shown(results.other_truths)
    plain = results.truth[results.truth["replicate"].isin(others["replicate"].unique())]
    targets = [target for target in ("y", "x") if (others["target"] == target).any()]
    lines = _lines(others)
    fig, axes = layout.panels(
        len(targets),
        len(layers),
        title=_title(others, plain, layers[0]),
        text=f"Exact values, median and 5–95 % of {others['replicate'].nunique()} networks; nothing is estimated. "
        "The last values stand on the right.",
        height=2.5,
        heads=0.4,
        right=0.5,
        gap=(0.6, 0.3),
        legend_lines=math.ceil((len(lines) + 2) / 2),
        sharey="row",
        sharex=True,
    )
    for target, row in zip(targets, axes, strict=True):
        ends = []
        for layer, ax in zip(layers, row, strict=True):
            style.epoch_axis(ax, int(others["epoch"].max()))
            here = (others["target"] == target) & (others["layer"] == layer)
            exact = plain[(plain["target"] == target) & (plain["layer"] == layer)]
            ends.append(_draw(ax, others[here], exact, lines, results.ceiling_bits if target == "y" else None))
            if target == targets[0]:
                ax.set_title(layer, weight="bold", loc="left")
            if target == targets[-1]:
                ax.set_xlabel("epoch (0 = untrained)")
        row[0].set_ylabel(LABELS[target])
        row[0].set_ylim(min(0.0, row[0].get_ylim()[0]), row[0].get_ylim()[1] * 1.05)
        for ax, own in zip(row, ends, strict=True):
            _number(ax, own)
    handles = [style.line_handle("plain: I(T;Y), I(X;T)", color=style.TRUTH, linewidth=1.8)]
    for base, line in lines.items():
        full = next(name for name in others["estimand"] if _base(name) == base)  # about Y, which comes first
        handles.append(style.line_handle(f"{WORDS[kind_of(base)]}: {full}", **line))
    if results.ceiling_bits is not None:
        handles.append(style.ceiling_handle(results.ceiling_bits, results.ceiling_name))
    layout.legend(fig, handles, columns=2)
    return fig


def kind_of(estimand: str) -> str:
    return estimand.partition("(")[0]


def _shown(others: pd.DataFrame) -> pd.DataFrame:
    """Without noise on y, where the same kind is there without it: one line for one idea."""
    about_y = others["target"] == "y"
    noisy = others["estimand"].str.startswith("noisy(")
    blurred = noisy & others["estimand"].str.contains("; y ", regex=False)
    return others[~blurred] if (noisy & ~blurred & about_y).any() else others


def _lines(others: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The look of each estimand; those that differ in what they do to y have one."""
    found: dict[str, dict[str, Any]] = {}
    for kind, color in COLORS.items():
        names = [name for name in others["estimand"].unique() if kind_of(name) == kind]
        bases = list(dict.fromkeys(_base(name) for name in names))
        for place, base in enumerate(bases):
            found[base] = {"color": color, "linestyle": DASHES[place % len(DASHES)], "linewidth": 1.4}
    return found


def _base(name: str) -> str:
    """`binned(width 10; y 10)` and `binned(width 10)` are one about Y and about X."""
    head, cut, _ = name.partition("; y ")
    return f"{head})" if cut else name


def _draw(
    ax: Axes, others: pd.DataFrame, plain: pd.DataFrame, lines: dict[str, dict[str, Any]], ceiling_bits: float | None
) -> list[tuple[float, str]]:
    """Fills a panel, and gives the last value and the colour of each curve."""
    ends = []
    ax.axhline(0, color=style.GREY, lw=0.5)
    if ceiling_bits is not None:
        ax.axhline(ceiling_bits, color=style.GREY, lw=1.0, ls=style.CEILING)
    for base, line in lines.items():
        own = others[others["estimand"].map(_base) == base]
        if len(own):
            band = style.bands(own)
            style.draw_band(ax, band, **line)
            ends.append((float(band["middle"].iloc[-1]), str(line["color"])))
    finite = plain[np.isfinite(plain["mi_bits"])]
    if len(finite):
        band = style.bands(finite)
        style.draw_band(ax, band, color=style.TRUTH, alpha=0.15, lw=1.8)
        ends.append((float(band["middle"].iloc[-1]), style.TRUTH))
    if len(finite) < len(plain):
        ax.text(0.97, 0.05, "plain: infinite", transform=ax.transAxes, ha="right", size=7.5)
    return ends


def _number(ax: Axes, ends: list[tuple[float, str]]) -> None:
    low, high = ax.get_ylim()
    height = ax.get_position().height * ax.figure.get_figheight()  # type: ignore[union-attr]
    ends = sorted(ends)
    places = apart(np.array([value for value, _ in ends]), LINE / height * (high - low))
    for (value, color), place in zip(ends, places, strict=True):
        words, where = style.signed(value).lstrip("+"), (1.02, place)
        ax.annotate(words, where, xycoords=("axes fraction", "data"), color=color, va="center", weight="bold")


def _title(others: pd.DataFrame, plain: pd.DataFrame, layer: str) -> str:
    """What noise leaves at the first and the last epoch, beside what is there."""
    noisy = others[
        (others["estimand"].map(kind_of) == "noisy") & (others["target"] == "y") & (others["layer"] == layer)
    ]
    there = plain[(plain["target"] == "y") & (plain["layer"] == layer)]
    if noisy.empty or there.empty:
        return "The exact truth of each kind of information"
    ends = []
    for table in (noisy, there):
        bits = table.groupby("epoch")["mi_bits"].median()
        first, last = f"{bits.iloc[0]:.2f}", f"{bits.iloc[-1]:.2f}"
        ends.append(f"stays at {first} bits" if first == last else f"goes from {first} to {last} bits")
    return f"Of the target, what survives noise in {layer} {ends[0]}; what is there {ends[1]}"
