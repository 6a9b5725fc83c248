"""The asker's question in one figure: the posted values, the values from right pairs, and the truth."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..core.errors import InfoplaneError
from ..results import Results
from . import layout, style

FAR = 1.0  # bits of median error: the legend gives the average of an estimator that is farther off
LINE = 0.15  # inches from one number to the next at the end of the curves


def figure(results: Results, words: Mapping[str, str], hidden_layer: str | None = None) -> Figure:
    """I(T;Y) of a hidden layer and of the output, by the estimators in `words`, which maps ids to names to show.

    It shows the replicates that all of them measured, so that the truth beside a curve is for the same replicates.

    The hidden layer is the last by default. Raises `InfoplaneError` for a layer that the network does not have.
    """
    measured = [key for key in results.ids if len(results.of(key, "y"))]
    names = {key: called for key, called in words.items() if key in measured}
    names = names or {key: key for key in measured}
    layers = _layers(results, hidden_layer)
    estimates, truth = _of_shared_networks(results, list(names))
    title, text = _title(results, truth, layers, estimates["replicate"].nunique())
    handles = _handles(results, names, estimates[estimates["layer"].isin(layers)], truth)
    fig, axes = layout.panels(
        1,
        len(layers),
        title=title,
        text=text,
        height=3.2,
        heads=0.4,
        right=0.5,
        gap=(0.6, 0),
        legend_lines=math.ceil(len(handles) / 2),
        sharey=True,
    )
    last = int(estimates["epoch"].max())
    ends = []
    for layer, ax in zip(layers, axes[0], strict=True):
        style.epoch_axis(ax, last)
        ax.set_xlabel("epoch (0 = untrained)")
        ax.set_title(layer, weight="bold", loc="left")
        here = estimates[estimates["layer"] == layer]
        ends.append(_draw(ax, here, truth[truth["layer"] == layer], names, results))
    axes[0, 0].set_ylabel("I(T;Y), bits")
    low, high = axes[0, 0].get_ylim()
    axes[0, 0].set_ylim(low, high + 0.05 * (high - low))
    for ax, own in zip(axes[0], ends, strict=True):
        _number_the_ends(ax, own)
    layout.legend(fig, handles, columns=2)
    return fig


def _layers(results: Results, hidden_layer: str | None) -> list[str]:
    """The hidden layer and the output."""
    if hidden_layer is not None and hidden_layer not in results.layers:
        known = ", ".join(results.layers)
        raise InfoplaneError(f"plot.hidden_layer: no layer {hidden_layer!r}; choose one of {known}, or null")
    hidden = hidden_layer or results.layers[-2:][0]
    return list(dict.fromkeys([hidden, results.layers[-1]]))


def _of_shared_networks(results: Results, keys: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """I(T;Y), estimated by `keys` and true, for the replicates that they share, or for all if they share none."""
    estimates = results.estimates
    estimates = estimates[(estimates["target"] == "y") & estimates["estimator"].isin(list(keys))]
    truth = results.truth[(results.truth["target"] == "y") & np.isfinite(results.truth["mi_bits"])]
    shared = set.intersection(*(set(table) for _, table in estimates.groupby("estimator")["replicate"]))
    if not shared:
        return estimates, truth
    return estimates[estimates["replicate"].isin(shared)], truth[truth["replicate"].isin(shared)]


def _draw(
    ax: Axes, estimates: pd.DataFrame, truth: pd.DataFrame, names: Iterable[str], results: Results
) -> list[tuple[float, str]]:
    """Fills one panel; returns the last value and the colour of each curve."""
    ends = []
    exact = style.bands(truth) if len(truth) else None
    if results.ceiling_bits is not None:
        ax.axhline(results.ceiling_bits, color=style.GREY, lw=1.0, ls=style.CEILING)
    ax.axhline(0, color=style.GREY, lw=0.5)
    if exact is not None:
        first, last = exact["middle"].iloc[[0, -1]]
        words = f"truth: {first:.2f} bits at epoch {exact.index[0]}"
        if len(exact) > 1:
            words += f", {last:.2f} at {exact.index[-1]}"
        ax.set_title(words, loc="right")
        style.draw_band(ax, exact, color=style.TRUTH, alpha=0.15, lw=1.8)
        ends.append((float(last), style.TRUTH))
    for key in names:
        own = estimates[estimates["estimator"] == key]
        if own.empty:
            continue
        band, line = style.bands(own), style.estimator(key, results.ids)
        style.draw_band(ax, band, **({"lw": 1.0} | line))
        ends.append((float(band["middle"].iloc[-1]), line["color"]))
    return ends


def _number_the_ends(ax: Axes, ends: list[tuple[float, str]]) -> None:
    """Writes the last value of each curve to the right of the panel, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    height = ax.get_position().height * ax.figure.get_figheight()  # type: ignore[union-attr]
    ends = sorted(ends)
    places = apart(np.array([value for value, _ in ends]), LINE / height * (high - low))
    for (value, color), place in zip(ends, places, strict=True):
        where = (1.02, place)
        ax.annotate(
            style.signed(value).lstrip("+"),
            where,
            xycoords=("axes fraction", "data"),
            color=color,
            va="center",
            weight="bold",
        )


def apart(values: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Ascending `values`, moved as little as possible so that neighbours are `gap` apart: isotonic least squares by
    pooling adjacent violators (Barlow et al. 1972)."""
    slots = gap * np.arange(len(values))
    pools: list[tuple[float, int]] = []
    for value in values - slots:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        pools.append((mean, count))
    moved: NDArray[np.float64] = slots + np.repeat([mean for mean, _ in pools], [count for _, count in pools])
    return moved


def _title(results: Results, truth: pd.DataFrame, layers: list[str], networks: int) -> tuple[str, str]:
    of = " of one replicate, which all of these measured" if networks == 1 else f", median of {networks} replicates"
    text = f"I(T;Y){of}. The epoch axis is linear up to 10, then logarithmic; the last values are on the right."
    here, ceiling_bits = truth[truth["layer"] == layers[0]], results.ceiling_bits
    if here.empty or ceiling_bits is None:
        return f"What {' and '.join(layers)} know about the target, by estimator", text
    start = here["epoch"].min()
    bits = here.loc[here["epoch"] == start, "mi_bits"].median()
    held = f"all {bits:.4f}" if ceiling_bits - bits < 5e-4 else f"{bits:.2f} of the {ceiling_bits:.2f}"
    when = "Before training" if start == 0 else f"At epoch {start}"
    return f"{when}, {layers[0]} holds {held} bits that the input tells about the target", text


def _average(own: pd.DataFrame, truth: pd.DataFrame) -> str:
    """The mean of each layer, left to right, for an estimator that is far off the truth; empty for others."""
    both = own.merge(truth, on=["replicate", "epoch", "layer"], suffixes=("", "_true"))
    if not (both["mi_bits"] - both["mi_bits_true"]).abs().median() > FAR:
        return ""
    means = both.groupby("layer", observed=True)["mi_bits"].mean()
    words = {layer: style.signed(bits).lstrip("+") for layer, bits in means.items()}
    if len(set(words.values())) == 1:
        return f": {words.popitem()[1]} bits on average"
    return f": {', '.join(f'{bits} in {layer}' for layer, bits in words.items())}, bits on average"


def _handles(results: Results, names: dict[str, str], estimates: pd.DataFrame, truth: pd.DataFrame) -> list[Artist]:
    found: list[Artist] = [
        style.line_handle(
            words + _average(estimates[estimates["estimator"] == key], truth), **style.estimator(key, results.ids)
        )
        for key, words in names.items()
    ]
    if len(truth):
        found.append(style.line_handle("exact truth", color=style.TRUTH, linewidth=1.8))
    if results.ceiling_bits is not None:
        found.append(style.ceiling_handle(results.ceiling_bits, results.ceiling_name))
    return found + style.band_handles(estimates)
