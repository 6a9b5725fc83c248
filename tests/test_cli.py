"""The command `infoplane`, run as a person does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import infoplane as ip
from infoplane.estimators._shared import lookup
from scratch import ROOT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
Y = X[:, 0] + RNG.normal(size=200)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "several.npz", x=X)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:300])
    (tmp_path / "x.txt").write_text("1 2 3")
    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": Y, "kind": np.where(Y > 0, "cat", "dog")})
    table.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infoplane", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_gives_what_the_call_gives(folder: Path) -> None:
    asked = ["--estimator", "ksg", "--set", "k=5", "--set", "scale=rank", "--stderr", "5", "--permutations", "20"]
    done = run(folder, "mi", "x.npy", "y.npy", *asked, "--seed", "3", "--json")
    called = ip.mutual_information(X, Y, ip.KSG(k=5, scale="rank"), stderr=5, permutations=20, seed=3)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == called.to_dict()


def test_columns_of_a_table(folder: Path) -> None:
    done = run(folder, "mi", "data.csv:a,b", "data.csv:y", "--estimator", "ksg")
    assert done.stdout.strip() == str(ip.mutual_information(X, Y, "ksg"))
    assert "2 classes" in run(folder, "mi", "data.csv:a,b", "data.csv:kind").stdout


def test_a_parquet_file_is_read_or_its_reader_named(folder: Path) -> None:
    try:
        pd.read_csv(folder / "data.csv").to_parquet(folder / "data.parquet")
    except ImportError:
        (folder / "data.parquet").write_bytes(b"PAR1")
        done = run(folder, "mi", "data.parquet:a", "y.npy")
        assert (done.returncode, done.stderr) == (
            2,
            "infoplane: data.parquet: parquet files need pyarrow; `pip install pyarrow`\n",
        )
    else:
        assert run(folder, "mi", "data.parquet:a", "y.npy").returncode == 0


def test_warnings_are_lines_that_name_the_option(folder: Path) -> None:
    np.save(folder / "counts.npy", RNG.poisson(40, 200))
    done = run(folder, "mi", "x.npy", "counts.npy")
    assert done.returncode == 0
    assert done.stderr.startswith("infoplane: y: ")
    assert done.stderr.endswith("if they are numbers, add --numbers\n")
    assert run(folder, "mi", "x.npy", "counts.npy", "--numbers").stderr == ""


def test_the_estimators_are_listed(folder: Path) -> None:
    lines = run(folder, "estimators").stdout.splitlines()
    assert [line.split()[0] for line in lines] == lookup.names()


@pytest.mark.parametrize("arguments", [["--help"], ["mi", "--help"], ["estimators", "-h"], ["--version"]])
def test_help_is_there(folder: Path, arguments: list[str]) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 0
    assert done.stdout.startswith(("Usage: infoplane", f"infoplane, version {ip.__version__}"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("mi x.npy", "Missing argument 'Y'"),
        ("mi x.npy z.npy", "z.npy: no such file"),
        ("mi x.npy x.txt", "x.txt: not .npy, .csv or .parquet"),
        ("mi x.npy several.npz", "several.npz: not .npy"),
        ("mi x.npy objects.npy", "objects.npy: cannot be read: it holds Python objects, which are never unpickled"),
        ("mi x.npy cut.npy", "cut.npy: cannot be read"),
        ("mi x.npy:a y.npy", "x.npy: an array has no columns a"),
        ("mi data.csv:q y.npy", "data.csv: no column 'q'; there are a, b, y, kind"),
        ("mi data.csv y.npy", "x: mixes text with numbers"),
        ("mi x.npy y.npy --estimator kgs", "--estimator: unknown 'kgs'; choose one of"),
        ("mi x.npy y.npy --set k=5", "--set: name the estimator that it is for"),
        ("mi x.npy y.npy -e ksg --set k", "--set: 'k' is not KEY=VALUE"),
        ("mi x.npy y.npy -e ksg --set k=0", "k: Input should be greater than or equal to 1, got 0"),
        ("mi x.npy y.npy -e ksg --set q=0", "q: unknown key; known here: device, k, scale, variant"),
        ("mi x.npy y.npy --stderr many", "Invalid value for '--stderr'"),
        ("measure", "No such command 'measure'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(folder: Path, arguments: str, said: str) -> None:
    done = run(folder, *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"infoplane: {said}")
    assert done.stderr.count("\n") == 1
