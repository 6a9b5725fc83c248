"""The figures show what the tables hold, cover none of it, and are the same bytes from run to run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

import plot
import score
from infoplane import figures, scoring
from infoplane.core.errors import InfoplaneError
from infoplane.figures import answer, curves, estimands, plane, scoreboard, strip, style
from infoplane.pipeline import tables
from infoplane.results import Results
from tables_on_disk import TRUTH, write, write_run

ROOT = Path(__file__).parent.parent
ALL = {"answer", "loss", "target_information", "input_information", "information_plane", "scoreboard"}
SHUFFLED = {"layers": ["layer_2", "output"], "replicates": [0], "targets": ["y"]}
MANY = [f"estimator_{number}" for number in range(8)] + ["a_very_long_name_of_an_estimator"]
FLAGS = "ties:4;dead_units:2;dpi;above_ceiling;saturated;infinite;one_of_ones_own"


@pytest.fixture(autouse=True)
def _look() -> Iterator[None]:
    with style.look():
        yield


def load(root: Path, **run: Any) -> Results:
    write_run(root, **run)
    return tables.load_results(root, list(run.get("ids", ("ksg", "npeet"))))


def drawn(results: Results, names: dict[str, str] | None = None) -> dict[str, Figure]:
    board = pd.DataFrame(scoring.scoreboard(results), columns=scoring.COLUMNS)
    drawings = figures.drawings(results, board, samples=350, loss_name="MSELoss", answer_names=names)
    return {name: drawing() for name, drawing in drawings.items()}


def curve(ax: Axes, color: str) -> Line2D:
    """The one curve of that colour with as many points as there are epochs (a level has two)."""
    (found,) = [line for line in ax.lines if to_hex(line.get_color()) == to_hex(color) and len(line.get_xdata()) != 2]
    return found


CASES: dict[str, dict[str, Any]] = {
    "default": {"only": {"npeet": SHUFFLED}},
    "no truth": {"truth": False},
    "no truth, no ceiling": {"truth": False, "ceiling_bits": None},
    "other truths": {},
    "one network": {"replicates": 1, "uncertainty": True},
    "one epoch": {"epochs": [0]},
    "one of everything": {"epochs": [3], "replicates": 1, "layers": ["output"], "ids": ["ksg"]},
    "long training": {"epochs": [*range(10), *range(10, 30000, 3000)]},
    "many layers": {"layers": [f"layer_{n}" for n in range(1, 9)], "ids": ["ksg"], "epochs": range(25)},
    "everything": {"ids": MANY, "uncertainty": True, "flags": FLAGS, "epochs": range(25)},
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_covers_anything_and_nothing_is_cut_off(tmp_path: Path, case: str) -> None:
    results = with_other_truths(tmp_path) if case == "other truths" else load(tmp_path, **CASES[case])
    found = drawn(results)
    more = {"estimands"} if case == "other truths" else set()
    assert set(found) == (ALL - {"scoreboard"} if case.startswith("no truth") else ALL | more)
    for name, figure in found.items():
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        page = Bbox([[-1, -1], [figure.bbox.width + 1, figure.bbox.height + 1]])
        panels = [ax.get_tightbbox(renderer) for ax in figure.axes]
        legends = [legend.get_window_extent(renderer) for legend in figure.legends]
        texts = [text.get_window_extent(renderer) for text in figure.texts]
        for box in [*panels, *legends, *texts]:
            assert page.x0 <= box.x0 <= box.x1 <= page.x1, name
            assert page.y0 <= box.y0 <= box.y1 <= page.y1, name
        for legend in legends:
            assert not any(legend.overlaps(other) for other in [*panels, *texts]), name
            assert sum(legend.overlaps(other) for other in legends) == 1, name
        if name != "scoreboard":  # a table: its one panel holds the words
            assert not any(text.overlaps(panel) for text in texts for panel in panels), name
        assert not any(first.overlaps(second) for place, first in enumerate(panels) for second in panels[:place]), name


@pytest.mark.parametrize("ids", [["ksg"], ["npeet_shuffled"]])
def test_any_set_of_estimators_draws(tmp_path: Path, ids: list[str]) -> None:
    found = drawn(load(tmp_path, ids=ids), {"npeet": "NPEET", "ksg": "KSG"})
    assert set(found) == ALL


OTHERS = ("noisy(0.0316228)", "noisy(0.0316228; y 0.2)", "binned(width 10; y 10)", "usable(linear)")


def with_other_truths(root: Path, **run: Any) -> Results:
    """Those of three networks, of four estimands about Y and one about X."""
    results = load(root, **run)
    rows = [
        (r, e, layer, target, name, (1 + place) * e / 40)
        for place, (target, name) in enumerate([*(("y", name) for name in OTHERS), ("x", OTHERS[0])])
        for r in range(3)
        for e in range(0, 41, 4)
        for layer in results.layers
    ]
    write(root / "estimands.csv", rows, [*TRUTH[:-1], "estimand", "mi_bits"])
    return tables.load_results(root, results.ids)


def test_every_kind_of_truth_has_its_curve(tmp_path: Path) -> None:
    results = with_other_truths(tmp_path)
    found = drawn(results)
    assert set(found) == ALL | {"estimands"}
    about_y, about_x = found["estimands"].axes[0], found["estimands"].axes[2]
    (words,) = [[text.get_text() for text in legend.get_texts()] for legend in found["estimands"].legends]
    assert words[1:4] == [
        "what survives noise: noisy(0.0316228)",
        "what decoders use: usable(linear)",
        "what bins tell: binned(width 10; y 10)",
    ]
    for color, place in ((estimands.COLORS["noisy"], 0), (estimands.COLORS["binned"], 2)):
        ends = [line.get_ydata()[-1] for line in about_y.lines if to_hex(line.get_color()) == to_hex(color)]
        assert ends == [1.0 + place]
    assert "plain: infinite" in [text.get_text() for text in about_x.texts]
    title = found["estimands"].texts[0].get_text().replace("\n", " ")
    assert title.startswith("Of the target, what survives noise in layer_2 goes from 0.00 to 1.00 bits; what is there")


def test_the_truth_beside_a_curve_is_of_what_it_estimates(tmp_path: Path) -> None:
    results = with_other_truths(tmp_path)
    table = results.estimates.copy()
    table.loc[table["estimator"] == "npeet", "estimand"] = OTHERS[3]
    changed = replace(results, estimates=table)
    assert set(changed.truth_of("ksg", "y")["estimand"]) == {"plain"}
    assert set(changed.truth_of("npeet", "y")["estimand"]) == {OTHERS[3]}
    figure = curves.figure(changed, "y", 350)
    assert curve(figure.axes[len(results.layers)], style.TRUTH).get_ydata()[-1] == 4.0


def test_a_figure_of_what_nobody_measured_is_left_out(tmp_path: Path) -> None:
    assert set(drawn(load(tmp_path, targets=["y"]))) == ALL - {"input_information", "information_plane"}
    assert set(drawn(load(tmp_path, targets=["x"]))) == {"loss", "input_information"}


def test_the_curves_are_the_medians_and_the_truth_of_the_same_networks(tmp_path: Path) -> None:
    results = load(tmp_path, only={"npeet": {"replicates": [0, 2]}})
    exact = [(r, e, layer, "y", 1.0 + r) for r in range(3) for e in range(41) for layer in results.layers]
    write(tmp_path / "truth.csv", exact, TRUTH)
    results = tables.load_results(tmp_path, ["ksg", "npeet"])
    figure = curves.figure(results, "y", 350)
    panels = np.array(figure.axes).reshape(2, 3)
    for key, row, truth_bits in (("ksg", panels[0], 2.0), ("npeet", panels[1], 2.0)):
        own = results.of(key, "y")
        for layer, ax in zip(results.layers, row, strict=True):
            values = own[own["layer"] == layer].pivot(index="epoch", columns="replicate", values="mi_bits")
            line = curve(ax, style.estimator(key, results.ids)["color"])
            np.testing.assert_array_equal(line.get_xdata(), range(41))
            np.testing.assert_allclose(line.get_ydata(), np.median(values, axis=1))
            np.testing.assert_allclose(curve(ax, style.TRUTH).get_ydata(), truth_bits)
            levels = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
            assert sorted(levels) == [0.0, 3.4732]


def test_bands_are_quantiles_over_networks_or_the_standard_error_of_one() -> None:
    table = pd.DataFrame({"epoch": [0] * 5 + [1] * 5, "mi_bits": [0.0, 1, 2, 3, 4, 5, 5, 5, 5, 5], "bar_bits": 9.0})
    band = style.bands(table)
    np.testing.assert_allclose(band.loc[0], [0.2, 2.0, 3.8])  # 0.05 * 4 steps in from either end
    np.testing.assert_allclose(band.loc[1], [5.0, 5.0, 5.0])
    alone = pd.DataFrame({"epoch": [0, 1], "mi_bits": [1.0, 2.0], "bar_bits": [0.1, np.nan]})
    np.testing.assert_allclose(style.bands(alone), [[1 - 0.1645, 1, 1 + 0.1645], [2, 2, 2]])


def test_an_infinite_truth_is_said_in_words_and_not_drawn(tmp_path: Path) -> None:
    results = load(tmp_path)
    figure = curves.figure(results, "x", 350)
    for ax in figure.axes:
        assert [text.get_text() for text in ax.texts] == ["truth: infinite"]
        assert not [line for line in ax.lines if to_hex(line.get_color()) == style.TRUTH]
    assert any("log2(n) = 8.45 bits" in text.get_text() for text in figure.texts)


def test_a_truth_that_is_finite_for_a_while_is_drawn_for_that_while(tmp_path: Path) -> None:
    load(tmp_path, ids=["ksg"], layers=["output"])
    write(tmp_path / "truth.csv", [(0, e, "output", "x", 1.5 if e < 25 else "inf") for e in range(41)], TRUTH)
    (ax,) = curves.figure(tables.load_results(tmp_path, ["ksg"]), "x", 350).axes
    np.testing.assert_array_equal(curve(ax, style.TRUTH).get_xdata(), range(25))
    assert [text.get_text() for text in ax.texts] == ["truth elsewhere: infinite"]


@pytest.mark.parametrize(("ceiling_bits", "drawn_levels"), [(3.0, 1), (3.4732, 0), (None, 0)])
def test_the_data_fill_the_information_plane(tmp_path: Path, ceiling_bits: float | None, drawn_levels: int) -> None:
    """I(T;Y) is about 3 bits here, I(X;T) about 6 and log2(n) 8.45: a level is drawn only if the data come near it."""
    figure = plane.figure(load(tmp_path, ceiling_bits=ceiling_bits), 350)
    for ax in figure.axes[:2]:
        points = np.concatenate([c.get_offsets() for c in ax.collections if isinstance(c, PathCollection)])
        spans = np.ptp(points, axis=0)
        assert np.ptp(ax.get_xlim()) < 2 * spans[0]
        assert np.ptp(ax.get_ylim()) < 2 * spans[1]
        assert len(ax.lines) == drawn_levels
    assert len(figure.legends) == 1 + drawn_levels


def test_the_loss_is_named(tmp_path: Path) -> None:
    assert drawn(load(tmp_path))["loss"].axes[0].get_ylabel() == "loss (MSELoss)"


def test_the_answer_is_of_the_network_that_all_its_estimators_measured(tmp_path: Path) -> None:
    results = load(tmp_path, ids=["ksg", "npeet"], only={"npeet": SHUFFLED})
    figure = answer.figure(results, {"npeet": "posted", "ksg": "right", "gone": "not configured"})
    assert [ax.get_title("left") for ax in figure.axes] == ["layer_2", "output"]
    for ax in figure.axes:
        for key in ("ksg", "npeet"):
            own = results.of(key, "y")
            own = own[(own["replicate"] == 0) & (own["layer"] == ax.get_title("left"))].sort_values("epoch")
            line = curve(ax, style.estimator(key, results.ids)["color"])
            np.testing.assert_array_equal(line.get_ydata(), own["mi_bits"])
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["posted", "right", "exact truth", "ceiling I(X;Y) = 3.4732 bits"]


def test_no_words_of_the_answer_lie_over_its_curves(tmp_path: Path) -> None:
    """Not even those on an estimator that is far off the truth."""
    layers = ["layer_1", "output"]
    load(tmp_path, layers=layers)
    write(tmp_path / "truth.csv", [(r, e, n, "y", 5.0) for r in range(3) for e in range(41) for n in layers], TRUTH)
    figure = answer.figure(tables.load_results(tmp_path, ["ksg", "npeet"]), {"npeet": "posted"})
    assert all(text.xy[0] > 1 for ax in figure.axes for text in ax.texts)
    (legend,) = figure.legends
    assert legend.get_texts()[0].get_text() == "posted: 3.00 in layer_1, 2.99 in output, bits on average"


def test_the_hidden_layer_of_the_answer_can_be_chosen_and_must_exist(tmp_path: Path) -> None:
    results = load(tmp_path)
    assert answer.figure(results, {}, "layer_1").axes[0].get_title("left") == "layer_1"
    with pytest.raises(InfoplaneError, match=r"plot\.hidden_layer: no layer 'layer_9'; choose one of layer_1, "):
        answer.figure(results, {}, "layer_9")


def test_an_estimator_keeps_its_colour_in_every_figure(tmp_path: Path) -> None:
    results = load(tmp_path, ids=["a", "b", "c"], only={"a": {"targets": ["y"]}})
    colors = {key: style.estimator(key, results.ids)["color"] for key in results.ids}
    assert len(set(colors.values())) == 3
    for figure in drawn(results).values():
        for text in [*figure.texts, *(ax.title for ax in figure.axes)]:
            if text.get_text() in colors:
                assert text.get_color() == colors[text.get_text()]


def test_the_first_ten_epochs_have_a_third_of_the_axis() -> None:
    ax = Figure().subplots()
    style.epoch_axis(ax, 500)
    (start, _), (tenth, _) = ax.transAxes.inverted().transform(ax.transData.transform([(0, 0), (10, 0)]))
    assert tenth - start > 1 / 3
    numbers = [int(text.get_text()) for text in ax.get_xticklabels()]
    assert numbers == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500]


def test_flag_shares_and_stretches() -> None:
    rows = [("ties:4;dpi", 0), ("", 0), ("ties:9", 1), ("ties:1", 1), ("", 5), ("dpi", 5)]
    table = pd.DataFrame(
        [{"estimator": "a", "target": "y", "layer": "l", "epoch": e, "flags": words} for words, e in rows]
    )
    shares = strip.shares(table).set_index(["flag", "epoch"])["share"].to_dict()
    assert shares == {("dpi", 0): 0.5, ("ties", 0): 0.5, ("ties", 1): 1.0, ("dpi", 5): 0.5}
    assert strip.names(strip.shares(table)) == ["dpi", "ties"]
    epochs = np.array([0, 1, 2, 10, 20])
    starts, ends = strip.stretches(np.array([True, True, False, False, True]), epochs)
    assert starts.tolist() == [-0.5, 15.0]
    assert ends.tolist() == [1.5, 20.5]


@pytest.mark.parametrize("seed", range(20))
def test_labels_move_apart_as_little_as_they_can(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, gap = np.sort(rng.normal(size=rng.integers(1, 8))), rng.uniform(0, 1)
    slots = gap * np.arange(len(values))
    moved = answer.apart(values, gap)
    assert (np.diff(moved) >= gap - 1e-12).all()
    np.testing.assert_allclose(moved, isotonic_regression(values - slots).x + slots)


@pytest.mark.parametrize(
    ("bits", "words"),
    [(0.004, "0.00"), (-0.004, "0.00"), (-0.3, "−0.30"), (1.255, "+1.25"), (-10.0, "−10.00")],
)
def test_signed_numbers(bits: float, words: str) -> None:
    assert style.signed(bits) == words


def project(root: Path, **run: Any) -> Path:
    write_run(root / "data", **run)
    np.savez(
        root / "data" / "dataset.npz",
        x=np.zeros((500, 1)),
        y=np.zeros((500, 1)),
        split=np.array(["train"] * 350 + ["test"] * 150),
        row_id=np.arange(500),
    )
    (root / "params.yaml").write_text(
        "train: {epochs: 1, replicates: 1, batch_size: 1, seed: 0, device: cpu,\n"
        "  optimizer: {_target_: torch.optim.SGD, lr: 0.1}, loss: {_target_: torch.nn.L1Loss}}\n"
        "extract: {split: train}\n"
        "estimators: {ksg: {estimator: ksg}, npeet: {estimator: npeet}}\n"
        "plot: {hidden_layer: null, answer: {ksg: right pairs}}\n"
        "compute: {workers: 0}\n"
    )
    return root / "data"


def test_two_runs_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another process, with another hash seed and another matplotlibrc."""
    data = project(tmp_path, uncertainty=True, flags="ties:3;dpi")
    monkeypatch.chdir(tmp_path)
    score.main()
    plot.main()
    first = {path.name: path.read_bytes() for path in (data / "figures").iterdir()}
    assert set(first) == {f"{name}.{suffix}" for name in ALL for suffix in ("png", "svg")}
    for path in (data / "figures").iterdir():
        path.unlink()
    (tmp_path / "matplotlibrc").write_text("font.size: 20\naxes.facecolor: pink\nsvg.hashsalt: other\n")
    subprocess.run([sys.executable, ROOT / "src" / "plot.py"], check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    again = {path.name: path.read_bytes() for path in (data / "figures").iterdir()}
    assert again.keys() == first.keys()
    assert [name for name in first if first[name] != again[name]] == []


def test_a_missing_table_is_one_line_and_leaves_the_figures_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = project(tmp_path)
    monkeypatch.chdir(tmp_path)
    score.main()
    (data / "figures").mkdir()
    (data / "figures" / "loss.png").write_bytes(b"earlier")
    (data / "estimates" / "npeet.csv").unlink()
    with pytest.raises(InfoplaneError, match=r"data/estimates/npeet\.csv: not there; run `dvc repro estimate@npeet`"):
        plot.main()
    assert [path.read_bytes() for path in (data / "figures").iterdir()] == [b"earlier"]


def test_the_scoreboard_names_a_winner_only_of_a_race() -> None:
    """Averages over other epochs, networks or layers cannot be compared."""
    rows = [(key, layer, 10, error) for key, error in (("ksg", 0.2), ("npeet", 0.1)) for layer in ("a", "b")]
    board = pd.DataFrame(rows, columns=["estimator", "layer", "values", "error_mean_abs_bits"])
    summary = pd.DataFrame({"error_mean_abs_bits": [0.1, 0.2]}, index=["npeet", "ksg"])
    assert scoreboard._title(board, summary).startswith("npeet is closest")
    for uneven in (board.assign(values=[10, 10, 9, 9]), board.iloc[:3]):
        assert "closest" not in scoreboard._title(uneven, summary)
