"""Information against epoch: one row per estimator, one column per layer."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..results import Results
from . import layout, strip, style

WORDS = 0.12  # of a panel's height: room for a line of words
FLAGS_A_LINE = 6


def figure(results: Results, target: str, samples: int) -> Figure:
    """I(T;Y) for target "y", with truth and ceiling; I(X;T) for "x", where an infinite truth is stated in words.

    `samples` is the number n of rows measured; log2(n) bits tell them apart.
    """
    estimates = results.estimates[results.estimates["target"] == target]
    truth = results.truth[results.truth["target"] == target]
    ids = [key for key in results.ids if (estimates["estimator"] == key).any()]
    truths = {key: results.truth_of(key, target) for key in ids}
    shares = strip.shares(estimates)
    rows = strip.names(shares)
    flag_lines = math.ceil(len(rows) / FLAGS_A_LINE)
    handles = _handles(
        results, estimates, any(np.isfinite(own["mi_bits"]).any() for own in truths.values()), target, samples
    )
    title, text = _title(truth, target, samples)
    if rows:
        several = estimates["replicate"].nunique() > 1
        text += " Strips mark flagged epochs" + (
            ": pale if any replicate is, full if at least half are." if several else "."
        )
    fig, axes = layout.panels(
        len(ids),
        len(results.layers),
        height=1.12,
        left=1.6,
        legend_lines=math.ceil(len(handles) / 3) + flag_lines,
        title=title,
        text=text,
        grid=False,
    )
    for key, row in zip(ids, axes, strict=True):
        own = estimates[estimates["estimator"] == key]
        bands, nulls = _by_layer(own), _by_layer(own[own["null_p95_bits"].notna()], "null_p95_bits")
        # The truth of what it estimates, for replicates that it measured, so that both curves show the same ones.
        known = truths[key]
        finite = np.isfinite(known["mi_bits"])
        exact, infinite = _by_layer(known[finite]), set(known.loc[~finite, "layer"])
        flagged = shares[shares["estimator"] == key]
        for layer, ax in zip(results.layers, row, strict=True):
            if layer not in bands:
                ax.text(0.5, 0.5, "not measured", transform=ax.transAxes, ha="center", color=style.GREY)
                continue
            if layer in exact:
                style.draw_band(ax, exact[layer], color=style.TRUTH, alpha=0.15, lw=0.9)
            if layer in infinite:
                words = "truth elsewhere: infinite" if layer in exact else "truth: infinite"
                ax.text(0.97, len(rows) * strip.ROW + 0.03, words, transform=ax.transAxes, ha="right", size=7)
            if layer in nulls:
                ax.plot(nulls[layer]["middle"], color=style.NULL, lw=0.9)
            style.draw_band(ax, bands[layer], **style.estimator(key, results.ids))
            strip.draw(ax, flagged[flagged["layer"] == layer], rows, bands[layer].index.to_numpy())
        layout.row_label(fig, row[0], key, results.ids)
        row[0].set_ylabel("bits")
    for layer, top, bottom in zip(results.layers, axes[0], axes[-1], strict=True):
        top.set_title(layer, weight="bold")
        bottom.set_xlabel("epoch")
    level = results.ceiling_bits if target == "y" else math.log2(samples)
    for ax in axes.flat:
        ax.axhline(0, color=style.GREY, lw=0.5)
        if level is not None:
            ax.axhline(level, color=style.GREY, lw=0.9, ls=style.CEILING if target == "y" else style.LOG2_N)
    last = int(estimates["epoch"].max())
    for ax in axes.flat:
        style.epoch_scale(ax, last)
    room = len(rows) * strip.ROW + WORDS * bool(np.isinf(truth["mi_bits"]).any())
    _same_scale(axes, style.epoch_ticks(last, wide=len(results.layers) < 3), room)
    layout.legend(fig, handles, columns=3, line=flag_lines)
    if rows:
        layout.legend(fig, strip.handles(rows), columns=FLAGS_A_LINE)
    return fig


def _title(truth: pd.DataFrame, target: str, samples: int) -> tuple[str, str]:
    if target == "y":
        title = "What each estimator says that a layer knows about the target, I(T;Y)"
        text = "One row per estimator, one column per layer."
        if len(truth):
            title, text = (
                f"{title}, beside the truth",
                f"{text} The truth is that of what each estimates, of replicates that have one.",
            )
    else:
        title = "What each estimator says that a layer knows about the input, I(X;T)"
        text = f"log2(n) = {math.log2(samples):.2f} bits tell n = {samples} samples apart."
        if np.isinf(truth["mi_bits"]).any():
            text = f"Where the true I(X;T) is infinite, the values describe the estimator only. {text}"
    return title, text


def _handles(results: Results, estimates: pd.DataFrame, has_truth: bool, target: str, samples: int) -> list[Artist]:
    found: list[Artist] = [
        style.line_handle(f"estimate: {style.networks(estimates)}"),
        *style.band_handles(estimates),
    ]
    if has_truth:
        found.append(style.line_handle("exact truth, likewise", color=style.TRUTH, linewidth=0.9))
    if target == "x":
        found.append(style.line_handle(f"log2(n) = {math.log2(samples):.2f} bits", linestyle=style.LOG2_N))
    elif results.ceiling_bits is not None:
        found.append(style.ceiling_handle(results.ceiling_bits, results.ceiling_name))
    if estimates["null_p95_bits"].notna().any():
        found.append(style.line_handle("95 % of shuffled pairs lie below", color=style.NULL, linewidth=0.9))
    return found


def _by_layer(table: pd.DataFrame, value: str = "mi_bits") -> dict[str, pd.DataFrame]:
    """The bands of each layer against epoch."""
    if table.empty:
        return {}
    bands = style.bands(table, value, ["layer", "epoch"])
    return {str(layer): band.droplevel("layer") for layer, band in bands.groupby("layer", observed=True)}


def _same_scale(axes: Any, epochs: list[int], room: float) -> None:
    """Gives all panels the same vertical axis, and leaves a share `room` of the panel empty below the data.

    (Axes that matplotlib itself shares take twice as long to draw.)
    """
    limits = [ax.get_ylim() for ax in axes.flat]
    low, high = min(low for low, _ in limits), max(high for _, high in limits)
    for ax in axes.flat:
        ax.set_ylim(low - (high - low) * room / (1 - room), high)
    ticks = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
    layout.outer_ticks(axes, epochs, [tick for tick in ticks if low <= tick <= high])
