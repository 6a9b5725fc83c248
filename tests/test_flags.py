"""Each word is there when, and only when, what it says is so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from infoplane.arrays.scaling import deviations
from infoplane.core.seeding import generator
from infoplane.estimation import flags
from infoplane.estimation.flags import Truth

ROOT = Path(__file__).resolve().parent.parent
WORDS = [
    *("above_ceiling", "below_bound", "blind", "constant", "dead_units", "dpi", "infinite", "inside_null"),
    *("not_converged", "repeated_rows", "saturated", "scale", "target_ties", "ties", "time_order"),
]


def float32(*layers: Any) -> NDArray[np.float32]:
    return np.array(layers, dtype=np.float32)


def row(layer: str, mi_bits: float, **others: Any) -> dict[str, Any]:
    fixed = {"replicate": 0, "epoch": 0, "layer": layer, "target": "y", "mi_bits": mi_bits}
    return fixed | {"flags": set()} | others


def moving(samples: int, units: int) -> NDArray[np.float32]:
    return generator(0, "moving").normal(size=(samples, units)).astype(np.float32)


def test_a_layer_that_moves_without_ties_has_no_flag() -> None:
    assert flags.of_layer(moving(350, 8)[None]) == [set()]


def test_constant_and_dead_units_count_what_does_not_move() -> None:
    alive, one_dead, one_value = moving(50, 3), moving(50, 3), np.full((50, 3), 0.1, dtype=np.float32)
    one_dead[:, 1] = 7.0
    assert flags.of_layer(float32(alive, one_dead, one_value)) == [set(), {"dead_units:1"}, {"constant"}]


@pytest.mark.parametrize(("samples", "expected"), [(200, {"ties:1"}), (201, set())])
def test_ties_count_rows_that_are_not_alone_from_1_percent_on(samples: int, expected: set[str]) -> None:
    t = moving(samples, 4)
    t[17] = t[42]
    assert flags.of_layer(t[None]) == [expected]


def test_a_row_is_tied_only_where_all_units_are() -> None:
    t = moving(100, 2)
    t[:60, 0] = 0.0
    assert flags.of_layer(t[None]) == [set()]
    t[:60, 1] = 0.0
    assert flags.of_layer(t[None]) == [{"ties:60"}]


def test_zeros_of_either_sign_are_equal_and_the_nearest_numbers_are_not() -> None:
    t = moving(50, 1)
    t[:2, 0] = 0.0, -0.0
    assert flags.of_layer(t[None]) == [{"ties:4"}]
    t[:2, 0] = 1.0, np.nextafter(np.float32(1), np.float32(2))
    assert flags.of_layer(t[None]) == [set()]


@pytest.mark.parametrize("units", [1, 2, 3, 64])
@pytest.mark.parametrize("values", [2, 5, 300])
def test_ties_are_those_of_comparing_whole_rows(units: int, values: int) -> None:
    """Few round values in many units: where a careless hash of rows would collide."""
    t = generator(0, "rows", units, values).integers(values, size=(4, 350, units)).astype(np.float32)
    t[:, ::5] = t[:, :1]
    for found, one in zip(flags.of_layer(t), t, strict=True):
        _, places, counts = np.unique(one, axis=0, return_inverse=True, return_counts=True)
        share = (counts[places.reshape(-1)] > 1).mean()
        assert f"ties:{round(100 * share)}" in found


@pytest.mark.parametrize(("factor", "expected"), [(900.0, False), (1100.0, True)])
def test_scale_is_a_thousandfold_between_moving_columns(factor: float, expected: bool) -> None:
    t = np.repeat(moving(50, 1), 3, axis=1)
    t[:, 1] *= factor
    t[:, 2] = 5.0  # a dead unit has no scale
    moving_apart, still = deviations(float32(t, np.zeros_like(t)))
    assert flags.differ_in_scale(moving_apart) == expected
    assert not flags.differ_in_scale(still)
    assert flags.differ_in_scale(deviations(t.astype(np.float64))) == expected


@pytest.mark.parametrize(("factor", "expected"), [(900.0, False), (1100.0, True), (1 / 900, False), (1 / 1100, True)])
def test_scale_may_be_between_units_and_targets(factor: float, expected: bool) -> None:
    units, targets = (deviations(np.repeat(moving(50, 1), 2, axis=1) * by) for by in (1.0, factor))
    assert flags.differ_in_scale(units, targets) == expected
    assert not flags.differ_in_scale(units, deviations(np.full((50, 1), factor)))


def test_saturated_begins_at_95_percent_of_the_maximum() -> None:
    assert flags.is_saturated(9.5, 10.0)
    assert not flags.is_saturated(9.4, 10.0)


def test_inside_the_null_ends_at_5_percent() -> None:
    assert flags.is_inside_null(0.051)
    assert not flags.is_inside_null(0.05)


def gains(*rows: dict[str, Any]) -> list[str]:
    for row in rows:
        row["flags"] = ""
    flags.mark_gains(rows, flags.standard_errors(rows))
    return [row["layer"] for row in rows if "dpi" in row["flags"]]


def test_a_layer_cannot_know_more_than_the_one_before() -> None:
    assert gains(row("a", 2.0), row("b", 1.0), row("c", 1.5), row("d", 1.5)) == ["c"]


def test_a_gain_counts_beyond_196_of_both_errors_in_quadrature() -> None:
    """Errors of 3 and 4 make 5 together: the gain must pass 9.8."""
    first = row("a", 0.0, stderr_bits=3.0)
    assert gains(first, row("b", 9.7, stderr_bits=4.0)) == []
    assert gains(first, row("b", 9.9, stderr_bits=4.0)) == ["b"]


def test_an_epoch_without_a_standard_error_takes_what_the_others_make_of_it() -> None:
    """Else a curve would be flagged at the epochs between, and nowhere else."""
    rows = [row("a", 1.0, epoch=epoch) for epoch in range(6)]
    rows[1] |= {"stderr_bits": 0.1}
    rows[4] |= {"stderr_bits": 0.4}
    others = [row("a", 1.0, epoch=4, **of) for of in ({"replicate": 1}, {"target": "x"})] + [row("b", 1.0, epoch=4)]
    found = flags.standard_errors([*rows, *others])
    assert found[:6] == pytest.approx([0.1, 0.1, 0.2, 0.3, 0.4, 0.4])
    assert found[6:] == [None, None, None]


def test_gains_are_within_one_replicate_and_epoch_and_about_y() -> None:
    assert gains(row("a", 1.0), row("b", 2.0, replicate=1), row("c", 2.0, epoch=1)) == []
    assert gains(row("a", 1.0, target="x"), row("b", 2.0, target="x")) == []
    assert gains(row("a", 1.0), row("a", 1.0, replicate=1), row("b", 2.0)) == ["b"]


def test_with_noise_bins_or_a_decoder_a_layer_may_hold_more_than_the_one_before() -> None:
    assert gains(row("a", 1.0, estimand="noisy(0.1)"), row("b", 2.0, estimand="noisy(0.1)")) == []


def marked(found: dict[str, Any], truth: Truth, shuffled: bool = False) -> str:
    found = found | {"flags": flags.joined(found["flags"])}
    flags.mark_truth([found], [found.get("stderr_bits")], truth, shuffled)
    return str(found["flags"])


def test_the_ceiling_is_passed_beyond_196_standard_errors() -> None:
    truth = Truth(ceiling_bits=3.0)
    assert marked(row("a", 3.1), truth) == "above_ceiling"
    assert marked(row("a", 3.0), truth) == ""
    assert marked(row("a", 3.19, stderr_bits=0.1), truth) == ""
    assert marked(row("a", 3.20, stderr_bits=0.1), truth) == "above_ceiling"
    assert marked(row("a", 3.1, target="x"), truth) == ""
    assert marked(row("a", 3.1), truth, shuffled=True) == "above_ceiling"
    assert marked(row("a", 3.1), Truth()) == ""


def test_infinite_is_said_of_the_one_value_whose_truth_is() -> None:
    truth = Truth(infinite=frozenset({(0, 0, "a", "x")}))
    assert marked(row("a", 6.0, target="x"), truth) == "infinite"
    assert marked(row("a", 6.0, target="x"), truth, shuffled=True) == ""
    for other in (
        row("a", 6.0, target="x", estimand="noisy(0.1)"),
        row("a", 6.0),
        row("b", 6.0, target="x"),
        row("a", 6.0, target="x", epoch=1),
    ):
        assert marked(other, truth) == ""


def test_words_are_sorted_and_kept() -> None:
    found = row("a", 6.0, flags={"ties:3", "dead_units:1"})
    assert marked(found, Truth(ceiling_bits=3.0)) == "above_ceiling;dead_units:1;ties:3"


def test_every_word_is_documented() -> None:
    headings = [
        line.removeprefix("## ").split("`")[1].partition(":")[0]
        for line in (ROOT / "docs/flags.md").read_text().splitlines()
        if line.startswith("## `")
    ]
    assert sorted(headings) == WORDS
