"""An estimate against one of its settings: one column per layer, one colour per epoch, with truth and ceiling."""

import math

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import layout, style


def figure(
    table: pd.DataFrame,
    key: str,
    setting: str,
    truth: pd.DataFrame,
    ceiling_bits: float | None,
    ceiling_name: str = "I(X;Y)",
) -> Figure:
    """`table` has the columns of an estimates file (target "y") and one named `setting`.

    The band is the replicates' 5 to 95 %. The truth is a level, since it does not depend on the setting.
    """
    layers, epochs = list(dict.fromkeys(table["layer"])), sorted(table["epoch"].unique())
    values = list(dict.fromkeys(table[setting]))
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    places = np.array(values, dtype=float) if numeric else np.arange(len(values), dtype=float)
    place = dict(zip(values, places, strict=True))
    known = truth[truth["target"] == "y"]
    handles = _handles(epochs, len(known) > 0, ceiling_bits, ceiling_name)
    name = setting.removeprefix("measure.")
    fig, axes = layout.panels(
        1,
        len(layers),
        height=2.2,
        legend_lines=math.ceil(len(handles) / 3),
        title=f"Does the conclusion hold? {key} against {name}",
        text="A conclusion that depends on the setting is about the estimator, not the network.",
        sharey=True,
    )
    for layer, ax in zip(layers, axes[0], strict=True):
        for number, epoch in enumerate(epochs):
            color = style.ESTIMATORS[number % len(style.ESTIMATORS)]
            here = table[(table["layer"] == layer) & (table["epoch"] == epoch)]
            own = known[(known["layer"] == layer) & (known["epoch"] == epoch)]
            exact = own.loc[own["replicate"].isin(here["replicate"]), "mi_bits"]
            if len(exact):
                ax.axhline(exact.median(), color=color, lw=0.9, ls=style.LOG2_N)
            band = style.bands(here.assign(place=here[setting].map(place)), by="place")
            style.draw_band(ax, band, color=color, marker="o", markersize=3)
        ax.axhline(0, color=style.GREY, lw=0.5)
        if ceiling_bits is not None:
            ax.axhline(ceiling_bits, color=style.GREY, lw=0.9, ls=style.CEILING)
        _setting_axis(ax, values, places, numeric)
        ax.set_xlabel(name)
        ax.set_title(layer, weight="bold")
    axes[0, 0].set_ylabel("I(T;Y), bits")
    layout.legend(fig, handles, columns=3)
    return fig


def _setting_axis(ax: Axes, values: list[object], places: np.ndarray, numeric: bool) -> None:
    """A logarithmic axis if the values span more than a factor of five; words stand at equal distances."""
    if numeric and places.min() > 0 and places.max() / places.min() > 5:
        ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(places, [f"{value:g}" if isinstance(value, float) else str(value) for value in values])


def _handles(epochs: list[int], has_truth: bool, ceiling_bits: float | None, ceiling_name: str) -> list[Artist]:
    found: list[Artist] = [
        style.line_handle(f"epoch {epoch}", color=style.ESTIMATORS[number % len(style.ESTIMATORS)], marker="o")
        for number, epoch in enumerate(epochs)
    ]
    if has_truth:
        found.append(style.line_handle("exact truth, median of the replicates", linestyle=style.LOG2_N))
    if ceiling_bits is not None and math.isfinite(ceiling_bits):
        found.append(style.ceiling_handle(ceiling_bits, ceiling_name))
    return found
