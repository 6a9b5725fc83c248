"""The scoreboard against tables worked out by hand, and a plain loop."""

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import score
from infoplane import scoring
from infoplane.pipeline import tables
from infoplane.results import Results
from tables_on_disk import ESTIMATES, TRUTH, write, write_ceiling, write_run, write_training


def run(
    root: Path,
    estimates: Sequence[Sequence[Any]],
    truth: Sequence[Sequence[Any]],
    ceiling_bits: float | None = 2.0,
    epochs: int = 4,
) -> Results:
    """The results of one estimator `a`; `estimates` lack their first column."""
    write_training(root, 1, range(epochs))
    write_ceiling(root, ceiling_bits)
    write(root / "truth.csv", truth, TRUTH)
    write(root / "estimates/a.csv", [("a", *row) for row in estimates], [*ESTIMATES, "stderr_bits", "flags"])
    return tables.load_results(root, ["a"])


# One network, four epochs, two layers whose truth is 2.0 and 1.5 bits, under a ceiling of 2.0.
FIRST = [1.9, 2.0, 2.3, 2.0]  # errors -0.1, 0, 0.3, 0; 0.3 above the ceiling is more than 1.96 * 0.1
SECOND = [1.5, 2.3, 2.55, 1.0]  # errors 0, 0.8, 1.05, -0.5; above the first by -0.4, 0.3, 0.25, -1.0
PAIR = [(0, e, layer, "y", v, 0.1, "") for layer, row in (("l1", FIRST), ("l2", SECOND)) for e, v in enumerate(row)]
KNOWN = [(0, e, layer, "y", bits) for e in range(4) for layer, bits in (("l1", 2.0), ("l2", 1.5))]


def test_the_scoreboard_worked_out_by_hand(tmp_path: Path) -> None:
    first, second = scoring.scoreboard(run(tmp_path, PAIR, KNOWN))
    common = {"estimator": "a", "target": "y", "estimand": "plain", "values": 4, "estimand_gap_bits": 0.0}
    # Quantiles interpolate: the 5 % one of four values lies 0.15 of the way from the first to the second.
    assert first == common | {
        "layer": "l1",
        "error_median_bits": 0.0,
        "error_p05_bits": -0.085,
        "error_p95_bits": 0.255,
        "error_mean_abs_bits": 0.1,
        "error_max_abs_bits": 0.3,
        "ceiling_break_share": 0.25,
        "dpi_break_share": None,
    }
    # 0.3 is above the layer before by more than 1.96 sqrt(0.1² + 0.1²) = 0.277, and 0.25 is not.
    assert second == common | {
        "layer": "l2",
        "error_median_bits": 0.4,
        "error_p05_bits": -0.425,
        "error_p95_bits": 1.0125,
        "error_mean_abs_bits": 0.5875,
        "error_max_abs_bits": 1.05,
        "ceiling_break_share": 0.5,
        "dpi_break_share": 0.25,
    }


def test_an_estimator_weighs_its_layers_by_their_values(tmp_path: Path) -> None:
    rows = [row for row in PAIR if row[2] == "l1" or row[1] < 2]  # two values of l2: errors 0 and 0.8
    found = scoring.metrics(results := run(tmp_path, rows, KNOWN), scoring.scoreboard(results))
    assert found["scoreboard"]["a"] == {
        "error_mean_abs_bits": pytest.approx((0.1 + 0.3 + 0.8) / 6, rel=1e-5),
        "error_max_abs_bits": 0.8,
        "ceiling_break_share": pytest.approx(2 / 6, rel=1e-5),
        "dpi_break_share": 0.5,
    }


def test_without_a_standard_error_the_spread_is_that_of_neighbouring_errors(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    epochs = sorted(rng.choice(200, 60, replace=False).tolist())  # measured now and then: neighbours are measured ones
    value = {(r, e): rng.normal(1e3, 1 + e / 50) for r in range(3) for e in epochs}
    results = run(
        tmp_path,
        [(r, e, "l1", "y", v, "", "") for (r, e), v in value.items()],
        [(r, e, "l1", "y", 1.0 + r) for r, e in value],
        epochs=200,
    )
    judged = scoring.errors(results)
    assert len(judged) == 180
    for row in judged.itertuples():
        place = epochs.index(row.epoch)
        near = epochs[max(place - 10, 0) : place + 11]
        expected = statistics.stdev(value[r, e] - 1.0 - r for r in range(3) for e in near)
        assert row.spread_bits == pytest.approx(expected, rel=1e-9)


def test_a_single_value_has_no_spread_so_that_any_excess_is_a_break(tmp_path: Path) -> None:
    results = run(tmp_path, [(0, 0, "l1", "y", 2.001, "", "")], [(0, 0, "l1", "y", 2.0)], epochs=1)
    assert scoring.scoreboard(results)[0]["ceiling_break_share"] == 1.0


def test_layers_are_compared_in_network_order_and_only_with_the_one_before(tmp_path: Path) -> None:
    layers = ["zeta", "beta", "alpha"]
    truth = [(0, 0, layer, "y", 1.0) for layer in layers]
    rows = [(0, 0, layer, "y", bits, 0.0, "") for layer, bits in zip(layers, [1.0, 0.5, 0.7], strict=True)]
    board = scoring.scoreboard(run(tmp_path, rows, truth))
    assert [(row["layer"], row["dpi_break_share"]) for row in board] == [
        ("zeta", None),
        ("beta", 0.0),
        ("alpha", 1.0),
    ]
    skipping = scoring.scoreboard(run(tmp_path, [rows[0], rows[2]], truth))
    assert [row["dpi_break_share"] for row in skipping] == [None, None]


def test_layers_are_not_compared_where_the_inequality_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of shuffled pairs nothing is known, and a layer that was cut down may know less than the next."""
    data = stage(tmp_path, monkeypatch, ids=["whole", "mixed_up", "cut"])
    (tmp_path / "params.yaml").write_text(
        "estimators: {whole: {}, mixed_up: {measure: {pairs: shuffled}}, cut: {reduce: {components: 1}}}"
    )
    score.main()
    share = tables.load_scoreboard(data).set_index(["estimator", "layer"])["dpi_break_share"].notna()
    assert share.loc["whole"].tolist() == [False, True, True]
    assert not share.loc[["mixed_up", "cut"]].any()
    metrics = json.loads((data / "metrics.json").read_text())["scoreboard"]
    assert [key for key in metrics if "dpi_break_share" in metrics[key]] == ["whole"]


def test_each_is_judged_by_its_own_truth_and_how_far_that_is_from_the_plain_one_is_said_apart(tmp_path: Path) -> None:
    """The binned layers hold 0.5 and 0.25 bits less; the second reads more than the first, which binned layers may."""
    columns = [*TRUTH[:-1], "estimand", "mi_bits"]
    rows = [
        ("a", 0, e, layer, "y", "binned(width 4)", v, "") for e in range(4) for layer, v in (("l1", 1.4), ("l2", 1.5))
    ]
    own = [(0, e, layer, "y", "binned(width 4)", v) for e in (0, 3) for layer, v in (("l1", 1.5), ("l2", 1.25))]
    write_training(tmp_path, 1, range(4))
    write_ceiling(tmp_path, 2.0)
    write(tmp_path / "truth.csv", KNOWN, TRUTH)
    write(tmp_path / "estimands.csv", own, columns)
    write(tmp_path / "estimates/a.csv", rows, ["estimator", *columns, "flags"])
    board = scoring.scoreboard(tables.load_results(tmp_path, ["a"]))
    assert [(row["layer"], row["estimand"], row["values"]) for row in board] == [
        ("l1", "binned(width 4)", 2),
        ("l2", "binned(width 4)", 2),
    ]
    assert [row["error_median_bits"] for row in board] == [-0.1, 0.25]
    assert [row["estimand_gap_bits"] for row in board] == [-0.5, -0.25]
    assert [row["dpi_break_share"] for row in board] == [None, None]
    (tmp_path / "estimands.csv").unlink()
    assert scoring.scoreboard(tables.load_results(tmp_path, ["a"])) == [], "I(T;Y) is not its truth"


def test_only_values_with_a_finite_truth_are_judged(tmp_path: Path) -> None:
    rows = [(r, 0, "l1", target, 1.0, 0.1, "") for r in (0, 1) for target in ("y", "x")]
    truth = [(0, 0, "l1", "y", 1.25), (0, 0, "l1", "x", "inf"), (1, 0, "l1", "y", "inf")]
    (row,) = scoring.scoreboard(run(tmp_path, rows, truth))
    assert (row["values"], row["target"], row["error_median_bits"]) == (1, "y", -0.25)


def test_without_a_ceiling_its_share_is_not_given(tmp_path: Path) -> None:
    board = scoring.scoreboard(results := run(tmp_path, PAIR, KNOWN, ceiling_bits=None))
    assert {row["ceiling_break_share"] for row in board} == {None}
    found = scoring.metrics(results, board)
    assert "ceiling_bits" not in found
    assert "ceiling_break_share" not in found["scoreboard"]["a"]


def test_metrics_worked_out_by_hand(tmp_path: Path) -> None:
    values = {0: 1.0, 1: 1.2, 2: 1.9}
    rows = [
        (r, e, "l1", t, v + e, 0.1, f)
        for r, v in values.items()
        for e in (0, 3)
        for t, f in (("y", "ties:4;dpi"), ("x", ""))
    ]
    results = run(tmp_path, rows, [(r, 3, "l1", t, b) for r in values for t, b in (("y", 1 / 3), ("x", "inf"))])
    found = scoring.metrics(results, scoring.scoreboard(results))
    assert found["final_epoch"] == 3
    assert found["final_test_loss"] == 9.0 / 4
    assert found["final_train_loss"] == 8.0 / 4
    assert found["final_mi_bits"] == {"l1": {"a": 4.2}}
    assert found["final_truth_bits"] == {"l1": 0.333333}
    assert found["ceiling_bits"] == 2.0
    assert found["flags"] == {"a": {"dpi": 6, "ties": 6}}
    json.dumps(found, allow_nan=False)


def test_an_estimator_that_skipped_the_last_epoch_has_no_final_value(tmp_path: Path) -> None:
    results = run(tmp_path, PAIR[:3], KNOWN)
    assert scoring.metrics(results, [])["final_mi_bits"] == {}


@pytest.mark.parametrize(
    ("value", "rounded"), [(1 / 3, 0.333333), (-1e-17, -1e-17), (-0.0, 0.0), (123456789.0, 123457000.0)]
)
def test_six_significant_digits(value: float, rounded: float) -> None:
    found = scoring.rounded(value)
    assert found == rounded
    assert math.copysign(1, found) == math.copysign(1, rounded)


def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **run: Any) -> Path:
    write_run(tmp_path / "data", **run)
    (tmp_path / "params.yaml").write_text("estimators: {ksg: {estimator: ksg}, npeet: {estimator: npeet}}")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def test_the_stage_writes_what_the_plots_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = stage(tmp_path, monkeypatch)
    score.main()
    board = tables.load_scoreboard(data)
    assert list(board.columns) == scoring.COLUMNS
    assert len(board) == 2 * 3
    text = (data / "metrics.json").read_text()
    metrics = json.loads(text)
    assert metrics["final_mi_bits"].keys() == {"layer_1", "layer_2", "output"}
    assert text == json.dumps(metrics, indent=2, sort_keys=True) + "\n"


def test_without_truth_the_stage_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = stage(tmp_path, monkeypatch, truth=False)
    score.main()
    said = capsys.readouterr().err
    assert "no exact truth" in said
    assert said.count("\n") == 1
    assert tables.load_scoreboard(data).empty
    metrics = json.loads((data / "metrics.json").read_text())
    assert metrics["scoreboard"] == metrics["final_truth_bits"] == {}
