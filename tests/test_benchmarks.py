"""The growth benchmark stops its peers, draws what it found, and measures memory apart. No time is judged."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import growth

    return growth


def test_a_peer_stops_where_it_would_exceed_the_budget_and_ours_does_not(
    growth: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With seconds that are the size squared, the budget of 150 s ends at 12."""
    monkeypatch.setattr(growth, "in_turns", lambda _runs, work, *_, **__: {name: do() for name, do in work.items()})
    sizes = (2, 4, 8, 12, 16)
    found = growth.grow(sizes, lambda n: {"ksg": lambda: n**2, "NPEET": lambda: n**2}, budget_s=150)
    assert found == {"ksg": {n: n**2 for n in sizes}, "NPEET": {n: n**2 for n in sizes[:-1]}}


def test_the_figure_draws_every_line_and_its_legend_covers_no_panel(growth: ModuleType) -> None:
    names = list(growth.growth_figure.LOOKS)
    panels = [
        growth.Panel("One value", "samples", {name: {n: n * 1e-6 for n in (1_000, 10_000)} for name in names})
        for _ in range(8)
    ]
    figure = growth.growth_figure.figure(panels, 2e10)
    for ax in figure.axes:
        assert len(ax.lines) >= len(names)
    figure.canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert not any(box.overlaps(ax.get_tightbbox()) for ax in figure.axes)
    assert figure.bbox.containsx(box.x0)
    assert figure.bbox.containsx(box.x1)
    assert growth.growth_figure.draw(panels, 2e10).startswith(b"\x89PNG")


def test_the_peak_of_a_value_is_that_of_its_own_process() -> None:
    """Not what this process holds: a child begins with the peak of its parent in `getrusage`."""
    ballast = np.ones(2**26)  # 512 MiB
    command = [sys.executable, str(BENCHMARKS / "growth.py"), "--one", "ksg", "1000", "2"]
    mebibytes = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert 50 < mebibytes < ballast.nbytes / 2**20
