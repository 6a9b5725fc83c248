"""`infoplane estimate` and `infoplane plot` on folders that were recorded, run as a person does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import infoplane as ip
from infoplane.core import folder as files
from infoplane.pipeline.common import store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.estimating.epochs import estimate_epochs
from infoplane.pipeline.measurements import measurement
from infoplane.recording import estimating
from scratch import ROOT

RNG = np.random.default_rng(0)
SAMPLES = 150
Y = RNG.integers(0, 3, SAMPLES)
X = (RNG.normal(size=(SAMPLES, 4)) + 2 * np.eye(3, 4)[Y]).astype(np.float32)
NAMES = np.array(["cat", "dog", "eel"])


def recorded(folder: Path, y: Any = NAMES[Y], seed: int = 0, epochs: int = 4) -> Path:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    recorder = ip.ActivationRecorder(model, X, y=y, folder=folder, quiet=True)
    for epoch in range(epochs):
        recorder.save(epoch)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.from_numpy(X)), torch.from_numpy(Y)).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of seeds, `a` and `b`, both estimated by two estimators."""
    root = tmp_path_factory.mktemp("runs")
    recorded(root / "a")
    recorded(root / "b", seed=1)
    done = run(root, "estimate", "a", "b", "-e", "mixed_ksg", "-e", "decodable", "--set", "mixed_ksg.k=4", "--inputs")
    assert done.returncode == 0, done.stderr
    (root / "said").write_text(done.stdout)
    return root


@pytest.fixture
def runs(shared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shared, tmp_path / "runs"))


def run(folder: Path, *arguments: str, code: int | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "infoplane", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert code is None or done.returncode == code, done.stderr
    return done


def test_the_numbers_are_those_of_measure_and_of_the_pipeline(shared: Path) -> None:
    table = pd.read_csv(shared / "a/estimates/mixed_ksg.csv", keep_default_na=False)
    config = Config({"estimators": {"mixed_ksg": {"estimator": "mixed_ksg", "k": 4}}})
    for epoch in range(4):
        activations = store.load_activations(shared / "a", epoch)
        said = ip.measure(activations.layers, NAMES[Y], ip.MixedKSG(k=4), X, epoch=epoch)
        here = table[table["epoch"] == epoch].reset_index(drop=True).astype({"layer": str})
        assert here.to_dict("records") == said.to_dict("records")
        rows = estimate_epochs(shared / "a", measurement(config, "mixed_ksg"), 0, [epoch])
        assert [row["mi_bits"] for row in rows] == said["mi_bits"].tolist()
    assert set(table["layer"]) == {1, 2}


def test_a_table_is_printed(shared: Path) -> None:
    said = (shared / "said").read_text().splitlines()
    assert said[0].split() == ["I(T;Y)", "in", "bits", "by", "mixed_ksg,", "epoch", "0", "1", "2", "3"]
    assert [line.split()[0] for line in said[1:3]] == ["1", "2"]
    values = [
        pd.read_csv(shared / name / "estimates/mixed_ksg.csv").query("layer == 1 and target == 'y'")["mi_bits"]
        for name in "ab"
    ]
    middle = np.median(values, axis=0)
    assert [float(cell) for cell in said[1].split()[1:5]] == pytest.approx(middle, abs=5e-4)
    assert said[-4:] == [f"wrote {name}/estimates/{key}.csv" for name in "ab" for key in ("mixed_ksg", "decodable")]


def test_what_suits_the_data_is_chosen(tmp_path: Path) -> None:
    y = X[:, 0] + 0.5 * RNG.normal(size=SAMPLES)
    recorded(tmp_path / "numbers", y=y, epochs=1)
    recorded(tmp_path / "labels", epochs=1)
    run(tmp_path, "estimate", "numbers", "--stderr", "3", "--permutations", "19", "--layers", "1", code=0)
    run(tmp_path, "estimate", "labels", code=0)
    (t,) = store.load_activations(tmp_path / "numbers", 0).layers["1"]
    chosen = ip.mutual_information(t, y)
    table = pd.read_csv(tmp_path / f"numbers/estimates/{chosen.estimator.name}.csv")
    assert table["mi_bits"].tolist() == [chosen.mi_bits]
    assert {"stderr_bits", "p_value"} <= set(table.columns)
    assert table["layer"].tolist() == [1]
    assert (tmp_path / "labels/estimates/mixed_ksg.csv").exists()


def test_workers_change_nothing(runs: Path) -> None:
    before = (runs / "a/estimates/mixed_ksg.csv").read_bytes()
    for workers in ("1", "2"):
        (runs / "a/estimates/mixed_ksg.csv").unlink()
        asked = ("-e", "mixed_ksg", "--set", "k=4", "--inputs")
        done = run(runs, "estimate", "a", *asked, "--workers", workers, code=0)
        assert "estimate a: 4/4" in done.stderr
        assert (runs / "a/estimates/mixed_ksg.csv").read_bytes() == before


def test_rows_in_another_order_are_paired_by_their_id(runs: Path) -> None:
    before = pd.read_csv(runs / "a/estimates/mixed_ksg.csv")
    order = RNG.permutation(SAMPLES)
    for epoch in range(4):
        with files.opened(runs / "a", epoch, store._steps(Path())) as file:
            layers = {name: file.layer(name)[:, order] for name in file.layers}
            row_id, run_id = file.row_id[order], file.run_id
        files.save_activations(runs / "a", epoch, layers, row_id, run_id)
    run(runs, "estimate", "a", "-e", "mixed_ksg", "--set", "k=4", "--inputs", code=0)
    after = pd.read_csv(runs / "a/estimates/mixed_ksg.csv")
    np.testing.assert_allclose(before["mi_bits"], after["mi_bits"], atol=1e-12)


def test_figures_need_no_truth_and_no_losses(runs: Path) -> None:
    done = run(runs, "plot", "a", code=0)
    names = ["target_information.png", "target_information.svg", "input_information.png", "input_information.svg"]
    assert done.stdout.split("\n")[:-1] == [f"wrote a/figures/{name}" for name in names]
    assert (runs / "a/figures/target_information.png").read_bytes().startswith(b"\x89PNG")
    assert "mixed_ksg" in re.sub(r"[^a-z_]", "", (runs / "a/figures/target_information.svg").read_text())
    one = (runs / "a/figures/target_information.png").read_bytes()
    run(runs, "plot", "a", "b", "--out", "both", "-e", "mixed_ksg", code=0)
    assert (runs / "both/target_information.png").read_bytes() != one


def test_where_matplotlib_is_missing_one_line_says_so(runs: Path) -> None:
    (runs / "matplotlib.py").write_text("raise ModuleNotFoundError('No module named matplotlib', name='matplotlib')")
    code = "import sys; sys.argv = ['infoplane', 'plot', 'a']; from infoplane.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": f"{runs}{os.pathsep}{ROOT / 'src'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=runs, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "infoplane: plot: needs matplotlib; `pip install 'infoplane[plot]'`\n")


def other_run(root: Path) -> None:
    shutil.copy(root / "b/activations/epoch_0001.npz", root / "a/activations/epoch_0001.npz")


def cut(root: Path) -> None:
    place = root / "a/activations/epoch_0002.npz"
    place.write_bytes(place.read_bytes()[:200])


def change(root: Path, **changes: Any) -> None:
    """Epoch 2 of `a`, with some of its arrays changed or left out (None)."""
    place = files.activations_path(root / "a", 2)
    with np.load(place, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(place, **{name: array for name, array in arrays.items() if array is not None})


def rename(root: Path, name: str) -> None:
    with np.load(files.activations_path(root / "a", 2), allow_pickle=False) as file:
        first = file["1"]
    change(root, layers=np.array([name, "2"]), **{name: first})


def no_epochs(root: Path) -> None:
    shutil.rmtree(root / "a/activations")


BAD = {
    "no folder": (lambda root: shutil.rmtree(root / "a"), "a: holds no activations/epoch_0000.npz"),
    "no epochs": (no_epochs, "a: holds no activations/epoch_0000.npz"),
    "no dataset": (lambda root: (root / "a/dataset.npz").unlink(), "a/dataset.npz: not there; record a run"),
    "half a file": (cut, "a/activations/epoch_0002.npz: cannot be read"),
    "another run": (other_run, "a/activations/epoch_0001.npz: is of another run than a/run.json"),
    "an epoch lost": (
        lambda root: (root / "a/activations/epoch_0002.npz").unlink(),
        "a/activations/epoch_0002.npz: was recorded and is not there",
    ),
    "strange run": (
        lambda root: (root / "a/run.json").write_text('{"run_id": "a", "layers": 3}'),
        "a/run.json: is dam",
    ),
    "damaged run": (lambda root: (root / "a/run.json").write_text("{"), "a/run.json: is damaged"),
    "other rows": (
        lambda root: change(root, row_id=np.arange(SAMPLES) + 1),
        "a/activations/epoch_0002.npz: row 150 is",
    ),
    "twice": (lambda root: change(root, row_id=np.zeros(SAMPLES, int)), "a/activations/epoch_0002.npz: row_id holds"),
    "fewer layers": (
        lambda root: change(root, layers=np.array(["1"])),
        "a/activations/epoch_0002.npz: holds the layers",
    ),
    "missing layer": (lambda root: change(root, **{"1": None}), "a/activations/epoch_0002.npz: 1 is missing"),
    "NaN": (
        lambda root: change(root, **{"1": np.full((1, SAMPLES, 3), np.nan, np.float32)}),
        "a/activations/epoch_0002.npz: 1 holds NaN or infinity; delete the epochs from there on",
    ),
    "a path": (lambda root: rename(root, "../../up"), "a/activations/epoch_0002.npz: '../../up' is no name of a layer"),
    "a formula": (lambda root: rename(root, "=1+1"), "a/activations/epoch_0002.npz: '=1+1' is no name of a layer"),
    "lines": (lambda root: rename(root, "a\nb"), "a/activations/epoch_0002.npz: 'a\\nb' is no name of a layer"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_with_a_folder_is_one_line_and_nothing_is_lost(name: str, runs: Path) -> None:
    spoil, said = BAD[name]
    spoil(runs)
    before = {path: path.read_bytes() for path in runs.rglob("*.csv")}
    done = run(runs, "estimate", "a", "-e", "mixed_ksg", "--workers", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"infoplane: {said}")
    assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in runs.rglob("*.csv")} == before
    assert "dvc" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("estimate a --layers fc*", "--layers: 'fc*' matches no layer; there are 1, 2"),
        ("estimate a -e kgs", "--estimator: unknown 'kgs'"),
        ("estimate a --set k=3", "--set: 'k=3': name the estimator that it is for"),
        ("estimate a -e ksg -e mixed_ksg --set k=3", "--set: 'k=3': say whose, as ksg.k"),
        ("estimate a -e ksg --set kde.k=3", "--set: kde is not asked for; add --estimator kde"),
        ("estimate a -e npeet", "a: npeet: y: npeet is not for labels (3 classes)"),
        ("estimate a --permutations 3", "permutations: Input should be greater"),
        ("estimate", "Missing argument 'FOLDER...'"),
        ("plot c", "c: holds no estimates; run `infoplane estimate c` first"),
        ("plot a -e ksg", "a/estimates/ksg.csv: not there; run `infoplane estimate a`"),
    ],
)
def test_what_is_wrong_with_the_options_is_one_line(arguments: str, said: str, runs: Path) -> None:
    (runs / "c").mkdir()
    done = run(runs, *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"infoplane: {said}")
    assert done.stderr.count("\n") == 1


def test_a_table_cut_short_is_not_drawn(runs: Path) -> None:
    place = runs / "a/estimates/mixed_ksg.csv"
    place.write_bytes(place.read_bytes()[:-3])
    done = run(runs, "plot", "a", code=2)
    assert done.stderr == (
        "infoplane: a/estimates/mixed_ksg.csv: its last line is cut short; run `infoplane estimate a`\n"
    )


def test_layers_read_one_by_one_give_the_same_numbers(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (runs / "a/estimates/mixed_ksg.csv").read_bytes()
    monkeypatch.setattr(estimating, "GROUP", 1)
    asked = estimating.Asked({"mixed_ksg": ip.MixedKSG(k=4)}, inputs=True, workers=1)
    estimating.estimate(runs / "a", asked)
    assert (runs / "a/estimates/mixed_ksg.csv").read_bytes() == before


def test_where_x_was_left_out_one_line_says_so(tmp_path: Path) -> None:
    model = nn.Embedding(9, 2)
    ip.ActivationRecorder(model, RNG.integers(0, 9, SAMPLES), y=Y, folder=tmp_path / "run", quiet=True).save(0)
    assert "x" not in np.load(tmp_path / "run/dataset.npz")
    done = run(tmp_path, "estimate", "run", "--inputs", code=2)
    assert done.stderr == "infoplane: run/dataset.npz: x was left out; leave --inputs out too\n"
    config = Config({"estimators": {"mixed_ksg": {"estimator": "mixed_ksg"}}})
    with pytest.raises(ip.InfoplaneError, match=r"x was left out; set estimators.mixed_ksg.measure.targets to \[y\]"):
        estimate_epochs(tmp_path / "run", measurement(config, "mixed_ksg"), 0, [0])


def test_dpi_is_not_said_of_layers_that_were_averaged(tmp_path: Path) -> None:
    """The first layer holds y in the difference of two places, which a mean over them loses."""
    sign = np.where(Y == 0, -1.0, 1.0)[:, None, None]
    images = np.concatenate([sign, -sign], axis=2) + 0.1 * RNG.normal(size=(SAMPLES, 1, 2))
    model = nn.Sequential(nn.Conv1d(1, 1, 1), nn.Flatten(), nn.Linear(2, 2)).double()
    model[0].weight.data.fill_(1)
    for how in ("mean", "flatten"):
        ip.ActivationRecorder(model, images, y=Y > 0, folder=tmp_path / how, reduce=how, quiet=True).save(0)
        run(tmp_path, "estimate", how, "--workers", "1", code=0)
    mean, flat = (pd.read_csv(tmp_path / how / "estimates/mixed_ksg.csv") for how in ("mean", "flatten"))
    assert mean["mi_bits"][1] > mean["mi_bits"][0] + 0.5
    assert "dpi" not in str(mean["flags"][1])
    assert flat["mi_bits"][0] == pytest.approx(flat["mi_bits"][1], abs=0.1)
