"""A person's own table in the pipeline: what is read, what is refused in one line, and real dvc from csv to figures."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from infoplane.core.errors import InfoplaneError
from infoplane.core.folder import Rows, load_dataset, save_dataset
from infoplane.datasets import table
from infoplane.pipeline import ceilings
from infoplane.pipeline.common import store
from infoplane.recording import run
from scratch import ROOT, Scratch, stages_run

FRAME = pd.DataFrame(
    {
        "height": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "width": [3, 1, 4, 1, 5, 9],
        "kind": ["b", "a", "b", "a", "b", "a"],
        "part": ["train", "train", "train", "test", "train", "test"],
    }
)


def read(path: Path, frame: pd.DataFrame = FRAME, **asked: Any) -> Rows:
    frame.to_csv(path / "t.csv", index=False)
    return table.read({"file": path / "t.csv"}, 0, **asked)


def test_columns_by_name_and_pattern_and_the_names_of_classes(tmp_path: Path) -> None:
    rows = read(tmp_path, y="kind", split="part", standardise=[])
    assert rows.classes is not None
    assert rows.classes.tolist() == ["a", "b"]
    assert rows.classes[rows.y[:, 0]].tolist() == FRAME["kind"].tolist()
    assert rows.x.tolist() == FRAME[["height", "width"]].to_numpy().tolist()
    assert rows.split.tolist() == FRAME["part"].tolist()
    of_patterns = read(tmp_path, x=["w*", "height"], y="kind", standardise=[])
    assert of_patterns.x.tolist() == FRAME[["width", "height"]].to_numpy().tolist()
    assert read(tmp_path, x="height", y="kind2", frame=FRAME.assign(kind2=[0, 1] * 3), stratify=True).has_labels, (
        "whole numbers are labels,"
    )
    numbers = read(tmp_path, x="height", y="width", labels=False)
    assert numbers.y.tolist() == FRAME[["width"]].to_numpy().tolist(), "unless they are said to be numbers"
    assert read(tmp_path, x="width", y="height").y.dtype == np.float64
    both = read(tmp_path, x="width", y=["height", "width2"], frame=FRAME.assign(width2=FRAME["width"]))
    assert both.y.shape == (6, 2)


def test_what_is_standardised_is_fitted_on_the_training_rows_and_kept(tmp_path: Path) -> None:
    rows = read(tmp_path, x=["height", "width"], y="height2", frame=FRAME.assign(height2=FRAME["height"] * 3 + 1),
                split="part", standardise=["x", "y"])  # fmt: skip
    fitted = FRAME["part"] == "train"
    own = FRAME[["height", "width"]].to_numpy()
    mean, std = own[fitted].mean(axis=0), own[fitted].std(axis=0)
    np.testing.assert_allclose(rows.x, (own - mean) / std)
    assert rows.x[fitted].mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    save_dataset(tmp_path, rows)
    with np.load(tmp_path / "dataset.npz", allow_pickle=False) as saved:
        np.testing.assert_allclose(saved["x"] * saved["x_std"] + saved["x_mean"], own)
        assert saved["x_columns"].tolist() == ["height", "width"]
        np.testing.assert_allclose(saved["y"] * saved["y_std"] + saved["y_mean"], 3 * own[:, :1] + 1)
    assert load_dataset(tmp_path, run.STEPS).y.shape == (6, 1)


def test_the_same_rows_from_parquet_npz_and_two_files(tmp_path: Path) -> None:
    expected = read(tmp_path, x=["height", "width"], y="kind")
    pytest.importorskip("pyarrow")
    FRAME.to_parquet(tmp_path / "t.parquet")
    np.savez(tmp_path / "t.npz", pixels=FRAME[["height", "width"]].to_numpy(), kind=FRAME["kind"].to_numpy(dtype=str))
    for name, x in (("t.parquet", ["height", "width"]), ("t.npz", "pixels")):
        rows = table.read({"file": tmp_path / name}, 0, x=x, y="kind")
        assert np.array_equal(rows.x, expected.x)
        assert np.array_equal(rows.y, expected.y)
        assert np.array_equal(rows.split, expected.split)
    FRAME[:4].to_csv(tmp_path / "one.csv")
    FRAME[4:].to_csv(tmp_path / "two.csv")
    rows = table.read({"file": tmp_path / "one.csv", "test_file": tmp_path / "two.csv"}, 0, x="height", y="kind")
    assert rows.split.tolist() == ["train"] * 4 + ["test"] * 2
    np.savez(tmp_path / "t.npz", pixels=np.array([{"a": 1}] * 6, dtype=object), kind=FRAME["kind"].to_numpy(dtype=str))
    with pytest.raises(InfoplaneError, match="never unpickled"):
        table.read({"file": tmp_path / "t.npz"}, 0, x="pixels", y="kind")


def test_the_split_is_drawn_once_a_seed_and_stratified_if_asked(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(200.0), "y": ["rare"] * 10 + ["usual"] * 190})
    rows = read(tmp_path, frame, y="y", stratify=True)
    tests = rows.y[rows.split == "test", 0]
    assert (tests == 0).sum() == 3
    assert (tests == 1).sum() == 57
    assert (read(tmp_path, frame, y="y", stratify=True).split == rows.split).all()
    assert (table.read({"file": tmp_path / "t.csv"}, 1, y="y").split != rows.split).any()


@pytest.mark.parametrize(
    ("change", "asked", "said"),
    [
        ({}, {"y": "knd"}, "dataset.y: .* has no column 'knd'; there are height, width, kind, part$"),
        ({}, {"y": "kind", "x": "h"}, "dataset.x: .* has no column 'h'"),
        ({}, {"y": "kind"}, "part holds 'train' in row 1, which is no number"),
        ({"width": [3, 1, "two", 1, 5, 9]}, {"y": "kind", "x": "width"}, "width holds 'two' in row 3, which is no"),
        (
            {"height": [1, np.nan, 3, np.nan, 5, 6], "width": [1, 1, np.inf, 1, 1, 1]},
            {"y": "kind", "x": ["height", "width"]},
            "t.csv: 3 rows have a missing or infinite value, the first is row 2 in height; fill or delete",
        ),
        ({"kind": "a"}, {"y": "kind", "x": "width"}, "kind has one class, 'a'; at least two are needed"),
        (
            {"kind": ["a", "b", "a", "c", "a", "b"]},
            {"y": "kind", "x": "width", "split": "part"},
            r"class 'c' of kind \(1 rows\) has no training row",
        ),
        ({"part": "train"}, {"y": "kind", "x": "width", "split": "part"}, "no rows for test"),
        ({"part": "both"}, {"y": "kind", "x": "width", "split": "part"}, "part holds 'both'; only train, test, probe"),
        ({"height": 1.5}, {"y": "height", "x": "width"}, "height is the same in every training row"),
        ({}, {"y": "kind", "x": ["kind", "width"]}, "dataset.x: takes 'kind', which is y or the split too"),
        ({}, {"y": "kind", "x": "width", "standardise": ["y"]}, "dataset.standardise: y holds labels"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, change: dict[str, Any], asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(InfoplaneError, match=said) as caught:
        read(tmp_path, FRAME.assign(**change), **asked)
    assert "\n" not in str(caught.value)


def test_the_ceiling_of_labels_is_their_entropy(tmp_path: Path) -> None:
    rows = store.Rows(**vars(read(tmp_path, x="width", y="kind", split="part")))
    found = ceilings.of(None, rows, "train")  # three b, one a
    assert found["mi_bits"] == pytest.approx(-(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)))
    assert found["of"] == "H(Y)"
    assert ceilings.of(None, store.Rows(**vars(read(tmp_path, x="width", y="height"))), "train")["mi_bits"] is None


@pytest.mark.pipeline
def test_the_page_on_ones_own_data(scratch: Scratch) -> None:
    """Every line of the page, from a csv to the right curves."""
    page = (ROOT / "docs/own-data.md").read_text()
    python = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(python) == 1
    commands = [line[2:] for line in page.splitlines() if line.startswith("$ ")]
    assert len(python[0].strip().splitlines()) + len(commands) <= 10
    scratch.run("python", "-c", python[0])
    scratch.edit("conf/experiment/classification.yaml", "epochs: 30", "epochs: 5")  # the curves are there by then
    said = scratch.run("bash", "-c", commands[0])
    assert {"generate", "train", "estimate@mixed_ksg", "plot"} <= set(stages_run(said))
    assert "up to date" in scratch.run("dvc", "repro"), "an unedited file changes nothing"
    queued = scratch.run("dvc", "exp", "run", "--temp", "-S", "experiment=digits", "-S", "dataset.x='*'", ok=False)
    assert "infoplane: dataset.file: digits.csv is not there" in queued
    assert "git add digits.csv" in queued
    for command in commands[1:]:
        scratch.run("bash", "-c", command)
        if command.endswith("experiment=digits"):
            check_digits(scratch.path / "data")
            scratch.edit("digits.csv", "0.0,0.0,5.0,13.0,", "0.0,1.0,5.0,13.0,")
            assert "digits.csv" in scratch.run("dvc", "status", "generate"), "an edited one does"


def check_digits(data: Path) -> None:
    """Between what a classifier proves and H(Y), after training; and flagged nowhere."""
    ceiling = json.loads((data / "ceiling.json").read_text())
    assert ceiling["of"] == "H(Y)"
    assert 3.32 < ceiling["mi_bits"] <= np.log2(10)
    values = {key: pd.read_csv(data / f"estimates/{key}.csv") for key in ("mixed_ksg", "decodable")}
    last = {key: own[own["epoch"] == 5].set_index("layer")["mi_bits"] for key, own in values.items()}
    assert (last["decodable"] > 2.9).all()
    assert (last["decodable"] - 0.02 < last["mixed_ksg"]).all()
    assert (last["mixed_ksg"] < ceiling["mi_bits"]).all()
    first = values["mixed_ksg"].query("epoch == 0").set_index("layer")["mi_bits"]
    assert first["layer_1"] > first["layer_2"] > first["output"]
    assert not values["mixed_ksg"]["flags"].astype(str).str.contains("ceiling").any()
    with np.load(data / "dataset.npz", allow_pickle=False) as saved:
        assert saved["y"].dtype == np.int64
        assert saved["classes"].tolist() == [str(digit) for digit in range(10)]


@pytest.mark.pipeline
def test_a_recorded_run_starts_at_estimate(scratch: Scratch) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 300)
    np.save(scratch.path / "y.npy", y)
    for epoch in range(2):
        hidden = (epoch + 1) * np.eye(4)[y] + rng.normal(size=(300, 4))
        (scratch.path / f"saved/epoch_{epoch}").mkdir(parents=True)
        np.save(scratch.path / f"saved/epoch_{epoch}/dense.npy", hidden)
    source = str(scratch.path / "src")
    scratch.run("python", "-m", "infoplane", "import", "saved", "runs/a", "--y", "y.npy", PYTHONPATH=source)
    asked = ("-S", "experiment=classification", "-S", "dataset=recorded", "-S", "dataset.folder=runs/a")
    said = scratch.run("dvc", "exp", "run", *asked)
    assert "nothing is trained" in said
    assert "up to date" in scratch.run("dvc", "repro")
    curve = pd.read_csv(scratch.path / "data/estimates/mixed_ksg.csv").set_index("epoch")["mi_bits"]
    assert 0 < curve[0] < curve[1] < 2
    assert {path.name for path in (scratch.path / "data/figures").glob("*.png")} == {
        "answer.png",
        "target_information.png",
    }
    (scratch.path / "runs/a/activations/epoch_0001.npz").unlink()
    assert "epoch_0001.npz: was recorded and is not there" in scratch.run("dvc", "repro", ok=False)
