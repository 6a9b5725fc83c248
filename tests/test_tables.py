"""What reads the tables: what is there comes back, and what should not be there is said in one line."""

from pathlib import Path

import numpy as np
import pytest

from infoplane.core.errors import InfoplaneError
from infoplane.pipeline import tables
from tables_on_disk import ESTIMATES, TRUTH, write, write_ceiling, write_run


def test_what_was_written_comes_back_in_network_order(tmp_path: Path) -> None:
    layers = ["wide", "narrow", "alpha"]  # not in the order of the alphabet
    write_run(tmp_path, layers=layers, only={"ksg": {"layers": ["alpha", "wide"], "replicates": [1]}})
    results = tables.load_results(tmp_path, ["ksg", "npeet"])
    assert results.layers == layers
    assert results.ceiling_bits == 3.4732
    assert list(results.estimates["layer"].cat.categories) == layers
    assert set(results.of("ksg", "y")["layer"]) == {"alpha", "wide"}
    assert len(results.of("npeet", "x")) == 3 * 41 * 3
    assert results.estimates["stderr_bits"].isna().all()
    assert np.isinf(results.truth.loc[results.truth["target"] == "x", "mi_bits"]).all()


def test_numbers_read_back_as_the_same_doubles(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1 / 3, -1e-17, 3.4731801695670534]
    write(
        tmp_path / "estimates/a.csv",
        [("a", r, 0, "l", "y", v, "") for r, v in enumerate(values)],
        [*ESTIMATES, "flags"],
    )
    assert tables.load_estimates(tmp_path, "a")["mi_bits"].tolist() == values


def test_only_the_configured_ids_are_read(tmp_path: Path) -> None:
    write_run(tmp_path, ids=["ksg"])
    (tmp_path / "estimates" / "removed.csv").write_text("left over from an estimator that is no longer configured")
    assert set(tables.load_results(tmp_path, ["ksg"]).estimates["estimator"]) == {"ksg"}


def test_a_missing_file_of_a_configured_id_is_named_with_what_to_run(tmp_path: Path) -> None:
    write_run(tmp_path, ids=["ksg"])
    with pytest.raises(InfoplaneError, match=r"estimates/binning\.csv: not there; run `dvc repro estimate@binning`"):
        tables.load_results(tmp_path, ["ksg", "binning"])


@pytest.mark.parametrize("name", ["training.csv", "truth.csv", "ceiling.json"])
def test_every_missing_file_is_named(tmp_path: Path, name: str) -> None:
    write_run(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InfoplaneError, match=f"{name}: not there; run"):
        tables.load_results(tmp_path, ["ksg"])


ROW = "ksg,0,0,output,y,plain,1.5,\n"
HEADER = "estimator,replicate,epoch,layer,target,estimand,mi_bits,flags\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER.replace("epoch", "step") + ROW, "column epoch is missing"),
        (HEADER.replace("flags", "flags,mood") + "ksg,0,0,output,y,plain,1.5,,sad\n", "column 'mood' is unknown"),
        (
            HEADER.replace("flags", "flags,epoch") + "ksg,0,0,output,y,plain,1.5,,0\n",
            "column 'epoch' is unknown or comes twice",
        ),
        (HEADER + ROW.replace("1.5", "nan"), "mi_bits in line 2 is 'nan', not a number"),
        (HEADER + ROW + ROW.replace("1.5", ""), "mi_bits in line 3 is '', not a number"),
        (HEADER + ROW.replace("1.5", "inf"), "mi_bits holds infinity"),
        (HEADER + ROW.replace("1.5", "much"), "mi_bits in line 2 is 'much', not a number"),
        (HEADER + ROW.replace("0,0", "0,0.5"), "epoch in line 2 is '0.5', not a number"),
        (HEADER + ROW + ROW.replace("0,0", "1,0").replace("1.5,", "1.5,,"), "cannot be read"),
        (HEADER + ROW.replace("1.5,\n", "1."), "its last line is cut short"),
        (HEADER + ROW.replace(",y,", ",z,"), 'a target is neither "y" nor "x"'),
        (HEADER + ROW.replace("ksg", "npeet"), "holds values of 'npeet'"),
        (HEADER + ROW + ROW, "replicate 0, epoch 0, layer output, target y comes twice"),
        (HEADER, "has no rows"),
        ("", "column estimator is missing"),
    ],
)
def test_a_wrong_table_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "estimates").mkdir()
    (tmp_path / "estimates" / "ksg.csv").write_text(text)
    with pytest.raises(InfoplaneError) as caught:
        tables.load_estimates(tmp_path, "ksg")
    assert f"estimates/ksg.csv: {said}" in str(caught.value)
    assert "dvc repro" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InfoplaneError, match=r"truth\.csv: not text"):
        tables.load_truth(tmp_path)


def test_truth_may_be_infinite_and_may_have_no_rows_but_is_a_number(tmp_path: Path) -> None:
    write(tmp_path / "truth.csv", [], TRUTH)
    assert tables.load_truth(tmp_path).empty
    write(tmp_path / "truth.csv", [(0, 0, "output", "x", "nan")], TRUTH)
    with pytest.raises(InfoplaneError, match="mi_bits in line 2 is 'nan', not a number"):
        tables.load_truth(tmp_path)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "3.47", "{", '{"mi_bits": "3.47"}', '{"mi_bits": true}', '{"mi_bits": NaN}']
)
def test_a_wrong_ceiling_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "ceiling.json").write_text(text)
    with pytest.raises(InfoplaneError, match=r"ceiling\.json: .*run `dvc repro truth`"):
        tables.load_ceiling(tmp_path)


def test_a_ceiling_may_be_unknown(tmp_path: Path) -> None:
    write_ceiling(tmp_path, None)
    assert tables.load_ceiling(tmp_path) == (None, "I(X;Y)")
