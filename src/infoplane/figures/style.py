"""What the figures share: look, colours, the epoch axis, bands, and encoding to the same bytes in every run."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from .. import palette

Dashes = str | tuple[float, tuple[float, ...]]

GREY = "#555555"
TRUTH = "#000000"
ESTIMATORS = palette.ESTIMATORS
DASHES: tuple[Dashes, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1.5, 1)),
)  # for the first seven ids, the next seven, and more
CEILING: Dashes = (0, (4, 2))
LOG2_N: Dashes = (0, (1, 1.5))
NULL = "#999999"  # the permutation null
BAND = 0.22  # opacity

EPOCHS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)  # the ticks of a wide panel
FEW = (0, 5, 20, 100, 500)  # the ticks of a narrow panel
TENS = (0, 10, 100, 1000, 10**4, 10**5, 10**6)  # the ticks of any panel after long training
LINEAR = 10  # epochs on the linear part of the axis, which is logarithmic after it
STDERRS = 1.645  # standard errors to the 5 % and the 95 % quantile of a normal law

STYLE: Any = {
    "figure.dpi": 160,
    "savefig.dpi": "figure",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titley": 1.0,  # fixed; otherwise every drawing searches for a place
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#ebebeb",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.solid_joinstyle": "round",
    "svg.hashsalt": "infoplane",
}


@contextmanager
def look() -> Iterator[None]:
    """Applies matplotlib's own defaults and `STYLE`, whatever the user's matplotlibrc says; undone at the end."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def encode(figure: Figure, suffix: str) -> bytes:
    """The figure as "png" or "svg", without date and version, so that equal figures give equal bytes."""
    content = io.BytesIO()
    metadata = {"Software": None} if suffix == "png" else {"Date": None, "Creator": None}
    figure.savefig(content, format=suffix, metadata=metadata)
    return content.getvalue()


def estimator(key: str, ids: Sequence[str]) -> dict[str, Any]:
    """The line style of an estimator id in every figure, by its place in the configuration."""
    color, dashes = palette.estimator(key, ids)
    return {"color": color, "linestyle": DASHES[dashes % len(DASHES)]}


def epoch_axis(ax: Axes, last: int) -> None:
    """Linear up to epoch 10 and logarithmic after it, so that the first ten are visible."""
    epoch_scale(ax, last)
    epoch_labels(ax, epoch_ticks(last))


def epoch_scale(ax: Axes, last: int) -> None:
    if last > 2 * LINEAR:
        ax.set_xscale("symlog", linthresh=LINEAR)
        room = 0.02 * (1 + np.log10(last / LINEAR))  # decades
        ax.set_xlim(-LINEAR * room, last * 10**room)
    else:
        room = 0.05 * max(last, 1)
        ax.set_xlim(-room, last + room)


def epoch_ticks(last: int, *, wide: bool = True) -> list[int]:
    """Round epochs, and the last, whose values matter most; none so near the last that their labels touch."""
    ticks = EPOCHS if wide and last <= EPOCHS[-1] else FEW if last <= FEW[-1] else TENS

    def place(epoch: int) -> float:
        linear = last <= 2 * LINEAR or epoch <= LINEAR
        return epoch / LINEAR if linear else 1 + float(np.log10(epoch / LINEAR))

    room = (0.07 if wide else 0.2) * place(last)
    return [*(epoch for epoch in ticks if epoch == 0 < last or place(last) - place(epoch) > room), last]


def epoch_labels(ax: Axes, ticks: Sequence[int]) -> None:
    ax.set_xticks(ticks)
    ax.xaxis.set_major_formatter(lambda epoch, _: f"{epoch:g}" if epoch < 10**4 else f"{epoch / 1000:g}k")
    ax.xaxis.set_minor_locator(NullLocator())


def bands(table: pd.DataFrame, value: str = "mi_bits", by: str | list[str] = "epoch") -> pd.DataFrame:
    """`low, middle, high` by epoch (or by other columns): the replicates' median and 5 and 95 % quantiles.

    With a single replicate, the band is that of its standard error (`bar_bits`), or has no width without one.
    """
    groups = table.groupby(by, observed=True)
    found = pd.DataFrame({name: groups[value].quantile(q) for name, q in _QUANTILES.items()})
    if "bar_bits" in table:
        half = (STDERRS * groups["bar_bits"].first()).where(groups.size() == 1).fillna(0.0)
        found["low"] -= half
        found["high"] += half
    return found


_QUANTILES = {"low": 0.05, "middle": 0.5, "high": 0.95}


def draw_band(ax: Axes, band: pd.DataFrame, *, alpha: float = BAND, **line: Any) -> None:
    """Draws a median and its band against epoch; a few points get markers, so that even a single one is visible."""
    epochs = band.index.to_numpy()
    if (band["high"] > band["low"]).any():
        shade = {"color": line["color"], "alpha": alpha}
        if len(band) == 1:
            ax.vlines(epochs, band["low"], band["high"], linewidth=4, **shade)
        ax.fill_between(epochs, band["low"], band["high"], linewidth=0, **shade)
    if len(band) <= 2 * LINEAR:
        line = {"marker": "o", "markersize": 2.5} | line
    ax.plot(epochs, band["middle"].to_numpy(), **line)


def broken(lines: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> NDArray[np.float64]:
    """Straight lines as the points `(n, 2)` of one line with gaps: matplotlib draws it as fast as one of them."""
    return np.array([point for start, end in lines for point in (start, end, (np.nan, np.nan))])


def band_handles(estimates: pd.DataFrame) -> list[Artist]:
    """Legend entries for the bands of these estimates: replicates, standard errors, both or neither."""
    replicates = estimates.groupby("estimator")["replicate"].nunique()
    alone = estimates[estimates["estimator"].isin(replicates.index[replicates == 1])]
    words = ["5–95 % of the replicates"] if (replicates > 1).any() else []
    if alone["stderr_bits"].notna().any():
        words.append(f"one replicate: ±{STDERRS} standard errors (5–95 %)")
    return [Patch(color=GREY, alpha=BAND, linewidth=0, label="; ".join(words))] if words else []


def networks(estimates: pd.DataFrame) -> str:
    """Which replicates a point of these estimates stands for."""
    replicates = estimates.groupby("estimator", observed=True)["replicate"].nunique()
    return "one replicate" if (replicates == 1).all() else "median of the replicates"


def line_handle(label: str, **line: Any) -> Line2D:
    defaults: dict[str, Any] = {"color": GREY, "linewidth": 1.0}
    return Line2D([], [], label=label, **(defaults | line))


def ceiling_handle(ceiling_bits: float, name: str = "I(X;Y)") -> Line2D:
    return line_handle(f"ceiling {name} = {ceiling_bits:.4f} bits", linestyle=CEILING)


def signed(bits: float) -> str:
    """Two decimals with a sign (a true minus), but no sign for what rounds to zero."""
    return f"{bits:+.2f}".replace("+0.00", "0.00").replace("-0.00", "0.00").replace("-", "−")
