"""The figure of `growth.py`: a panel each of what grows with what, on logarithmic axes."""

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from infoplane.figures import layout, style

Growth = dict[str, dict[int, float]]  # name: size: seconds or MiB
MEBIBYTES_ALLOWED = 2048
ANCHOR = 1_000  # samples at which n log n goes through ours

OURS, LOOP = {"color": style.ESTIMATORS[0], "marker": "o"}, {"linestyle": style.DASHES[1], "markerfacecolor": "white"}
LOOKS: dict[str, dict[str, Any]] = {
    "ksg": OURS,
    "together": OURS,
    "ksg, one by one": OURS | LOOP,
    "one after another": OURS | LOOP,
    "ksg, 64 columns": OURS | {"linestyle": "", "markerfacecolor": "white"},
    "NPEET": {"color": style.ESTIMATORS[1], "marker": "s"},
    "infomeasure": {"color": style.ESTIMATORS[2], "marker": "^"},
    "ennemi": {"color": style.ESTIMATORS[3], "marker": "D"},
    "scikit-learn": {"color": style.ESTIMATORS[4], "marker": "v"},
    "plain PyTorch loop": {"color": style.ESTIMATORS[5], "marker": "X"},
}
LEGEND = {"ksg": "infoplane", "ksg, one by one": "infoplane, one by one"}
LIMIT: dict[str, Any] = {"color": style.TRUTH, "linestyle": style.CEILING, "linewidth": 0.9}
TREE: dict[str, Any] = {"color": style.GREY, "linestyle": style.LOG2_N, "linewidth": 1.2}


def ours(name: str) -> bool:
    return LOOKS[name]["color"] == OURS["color"]


@dataclass
class Panel:
    """What was found at each size, by name; `limit` in the same unit, and whether n log n is drawn beside it."""

    title: str
    axis: str
    found: Growth
    limit: dict[int, float] = field(default_factory=dict)
    tree: bool = False
    unit: str = "s"


def draw(panels: list[Panel], rate: float) -> bytes:
    with style.look():
        return style.encode(figure(panels, rate), "png")


def figure(panels: list[Panel], rate: float) -> Figure:
    """One value in the upper row, on one scale; many values, training and memory in the lower."""
    with style.look():
        drawn, axes = layout.panels(
            2,
            4,
            title="What KSG costs, and how that grows",
            text="Processor time of one thread, k = 3. Above: x and y independent and normal. Below: the default "
            "network, 350 samples. The limit of a search of all pairs in d columns is n² d / 2 times |a − b| and max, "
            f"{rate / 1e9:.0f} billion a second on this machine.",
            height=2.0,
            legend_lines=3,
            gap=(0.5, 0.75),
            left=0.6,
        )
        for ax, panel in zip(axes.flat, panels, strict=True):
            _draw(ax, panel)
        low, high = (f(ax.get_ylim()[end] for ax in axes[0]) for f, end in ((min, 0), (max, 1)))
        for ax in axes[0]:
            ax.set_ylim(low, high)
        handles = _handles([name for panel in panels for name in panel.found])
        layout.legend(drawn, handles, columns=math.ceil(len(handles) / 3))
        return drawn


def _draw(ax: Axes, panel: Panel) -> None:
    ax.set_xscale("log")
    ax.set_yscale("log")
    _plot(ax, panel.limit, LIMIT)
    if panel.tree:
        scale = panel.found["ksg"][ANCHOR] / (ANCHOR * math.log(ANCHOR))
        _plot(ax, {n: scale * n * math.log(n) for n in panel.found["ksg"] if n >= ANCHOR}, TREE)
    for name, values in reversed(panel.found.items()):  # ours last, and above
        _plot(ax, values, {"markersize": 3} | LOOKS[name])
    if panel.unit == "MiB":
        ax.axhline(MEBIBYTES_ALLOWED, color=style.GREY, linewidth=0.9)
        ax.text(0.03, MEBIBYTES_ALLOWED * 1.15, "2 GiB", color=style.GREY, transform=ax.get_yaxis_transform())
        (samples, most), *_ = panel.found["ksg, 64 columns"].items()
        ax.annotate("64 columns", (samples, most), (-4, 3), textcoords="offset points", ha="right", color=OURS["color"])
    ax.set_title(panel.title)
    ax.set_xlabel(panel.axis, labelpad=2)
    _ticks(ax, panel)


def _ticks(ax: Axes, panel: Panel) -> None:
    sizes = sorted({size for values in panel.found.values() for size in values})
    if panel.axis in ("samples", "epochs"):
        sizes = sorted({size for size in sizes if math.log10(size) % 1 == 0} | {sizes[-1]})
    else:
        sizes = sizes[:: 3 if len(sizes) == 10 else 2]
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_major_formatter(lambda size, _: f"{size:g}" if size < 1_000 else f"{size / 1_000:g}k")
    low, high = ax.get_ylim()
    if panel.unit == "MiB":
        ax.yaxis.set_major_locator(FixedLocator((10, 100, 1024, 10 * 1024, 100 * 1024)))
    else:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 3) if high < 300 * low else (1,), numticks=12))
    ax.yaxis.set_major_formatter(lambda value, _: amount(value, panel.unit))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_locator(NullLocator())


def _plot(ax: Axes, values: dict[int, float], look: dict[str, Any]) -> None:
    ax.plot(list(values), list(values.values()), **look)


def _handles(names: list[str]) -> list[Artist]:
    shown = [name for name in LOOKS if name in names and (name in LEGEND or not ours(name))]
    found: list[Artist] = [style.line_handle(LEGEND.get(n, n), **{"markersize": 3} | LOOKS[n]) for n in shown]
    found.append(style.line_handle("limit; in memory, an n × n matrix", **LIMIT))
    found.append(style.line_handle(f"n log n, through infoplane at n = {ANCHOR:,}", **TREE))
    return found


def amount(value: float, unit: str) -> str:
    """Three digits at most, and a prefix."""
    if unit == "MiB":
        return f"{value / 1024:.3g} GiB" if value >= 1024 else f"{value:.3g} MiB"
    for name, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= 0.9995 * scale:
            return f"{value / scale:.3g} {name}"
    return f"{value * 1e9:.3g} ns"
