"""Resuming: 20 epochs, 10 and then 20, and a killed run that goes on give the same bytes."""

import hashlib
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from safetensors import safe_open

from infoplane.core.errors import InfoplaneError
from infoplane.datasets import quadratic
from infoplane.pipeline import checkpoints, scratch
from infoplane.pipeline.common import store
from infoplane.training.replicates import Snapshot

SRC = Path(__file__).resolve().parent.parent / "src"
RUNS = Path(".infoplane/train")
PARAMS = {
    "dataset": {"generator": "quadratic", "samples": 70, "test_fraction": 0.3, "probe_samples": 0, "seed": 0},
    "model": {"architecture": "mlp", "hidden": [4, 4], "activation": "relu"},
    "train": {
        "epochs": 20,
        "replicates": 2,
        "batch_size": 32,
        "seed": 0,
        "device": "cpu",
        "optimizer": {"_target_": "torch.optim.Adam", "lr": 0.01},
        "loss": {"_target_": "torch.nn.MSELoss"},
    },
}
Train = Callable[..., str]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Train]:
    """Runs src/train.py, with `train.*` changed, in a folder with a dataset; gives a hash of what it made."""
    monkeypatch.chdir(tmp_path)
    x, y = quadratic.make().sample(70, np.random.default_rng(0))
    split = np.array(["train"] * 50 + ["test"] * 20)
    store.save_dataset(Path("data"), store.Rows(x, y, split, np.arange(70)))
    threads = torch.get_num_threads()

    def run(**changes: Any) -> str:
        write(**changes)
        runpy.run_path(str(SRC / "train.py"))["main"]()
        return made()

    yield run
    torch.set_num_threads(threads)


def write(**changes: Any) -> None:
    OmegaConf.save(OmegaConf.create(PARAMS | {"train": PARAMS["train"] | changes}), "params.yaml")


def made() -> str:
    digest = hashlib.sha256(Path("data/training.csv").read_bytes())
    for path in sorted(Path("data/checkpoints").iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def folder() -> Path:
    (only,) = RUNS.iterdir()
    return only


def saved_epoch() -> int:
    with safe_open(store.state_path(folder()), framework="numpy") as file:
        return int(json.loads(file.metadata()[checkpoints.KEY])["epoch"])


def test_20_epochs_are_10_and_then_20_or_30_and_then_20(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    whole = train(epochs=20)
    assert store.checkpoint_epochs(Path("data")) == list(range(21))
    shutil.rmtree(".infoplane")
    train(epochs=10)
    assert store.checkpoint_epochs(Path("data")) == list(range(11))
    assert train(epochs=20) == whole
    assert "epochs 0 to 10 are in" in capsys.readouterr().err
    train(epochs=30)
    assert train(epochs=20) == whole


def test_a_killed_run_goes_on(train: Train) -> None:
    """Killed outright, at whatever it was doing, some time after it first saved its state."""
    write(epochs=10**6)
    killed = subprocess.Popen([sys.executable, str(SRC / "train.py")], stderr=subprocess.DEVNULL)
    try:
        while not list(RUNS.glob("*/state.safetensors")):
            try:
                killed.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail("the run ended by itself")
    finally:
        killed.kill()
        killed.wait()
    assert not Path("data/checkpoints").exists(), "nothing that could be taken for a result"
    epochs = saved_epoch() + 5
    gone_on = train(epochs=epochs)
    shutil.rmtree(".infoplane")
    assert train(epochs=epochs) == gone_on


def test_a_run_that_diverges_leaves_no_checkpoints_but_those_in_scratch(train: Train) -> None:
    with pytest.raises(InfoplaneError, match="diverged at epoch"):
        train(optimizer={"_target_": "torch.optim.SGD", "lr": 100.0})
    assert not Path("data/checkpoints").exists()
    assert not Path("data/training.csv").exists()
    assert checkpoints.read(store.checkpoint_path(folder(), 0)).header.epoch == 0


def test_an_earlier_result_stays_when_a_run_fails(train: Train) -> None:
    before = train(epochs=2)
    with pytest.raises(InfoplaneError, match="diverged at epoch"):
        train(optimizer={"_target_": "torch.optim.SGD", "lr": 100.0})
    assert made() == before


@pytest.mark.parametrize("damage", ["state", "checkpoint", "another epoch's", "gone"])
def test_a_damaged_scratch_folder_only_costs_time(
    train: Train, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = train(epochs=5)
    path = store.checkpoint_path(folder(), 3)
    if damage == "state":
        path = store.state_path(folder())
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "checkpoint":
        path.write_bytes(path.read_bytes()[:-1])
    elif damage == "another epoch's":
        shutil.copyfile(store.checkpoint_path(folder(), 2), path)
    else:
        path.unlink()
    shutil.rmtree("data/checkpoints")
    capsys.readouterr()
    assert train(epochs=5) == whole
    assert "training from epoch 0: .infoplane" in capsys.readouterr().err


def test_few_runs_are_kept_and_the_latest_among_them(train: Train) -> None:
    for seed in range(scratch.KEPT + 3):
        train(epochs=0, seed=seed)
    assert len(list(RUNS.iterdir())) == scratch.KEPT + 1
    latest = store.checkpoint_path(Path("data/checkpoints"), 0).read_bytes()
    assert latest in [store.checkpoint_path(kept, 0).read_bytes() for kept in RUNS.iterdir()]


def test_the_fingerprint_tells_runs_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {"train x": np.zeros((3, 1)), "train y": np.ones((3, 1))}
    base = scratch.fingerprint({"lr": 0.1, "seed": 0}, arrays)
    assert scratch.fingerprint({"seed": 0, "lr": 0.1}, dict(reversed(arrays.items()))) == base
    assert scratch.fingerprint({"lr": 0.2, "seed": 0}, arrays) != base
    assert scratch.fingerprint({"lr": 0.1, "seed": 0}, arrays | {"train y": np.zeros((3, 1))}) != base
    copy = tmp_path / "infoplane"
    shutil.copytree(SRC / "infoplane", copy)
    monkeypatch.setattr(scratch, "__file__", str(copy / "pipeline" / "scratch.py"))
    assert scratch.fingerprint({"lr": 0.1, "seed": 0}, arrays) == base
    for name in ("training/trainers.py", "training/replicates.py", "models/mlp.py", "stacking.py", "core/seeding.py"):
        path = copy / name
        path.write_text(path.read_text() + "\n")
        changed = scratch.fingerprint({"lr": 0.1, "seed": 0}, arrays)
        assert changed != base
        base = changed


def test_the_state_of_any_optimiser_comes_back_as_it_was(tmp_path: Path) -> None:
    """Nested, with integer keys and shared tensors, as LBFGS has it; bfloat16, which numpy has not."""
    shared = torch.arange(3.0)
    state = {
        "state": {0: {"step": torch.tensor(2.0), "old": [shared, shared], "al": [None, 0.1], "n": 3, "ok": True}},
        "param_groups": [{"betas": (0.9, 0.999), "params": [0], "half": torch.ones(2, dtype=torch.bfloat16)}],
    }
    losses = np.arange(8, dtype=np.float32).reshape(4, 1, 2)
    path = tmp_path / "state.safetensors"
    scratch._write_state(path, Snapshot(3, {}, losses[-1], [state]), losses)
    epoch, found_losses, (found,) = scratch._read_state(path)
    assert epoch == 3
    np.testing.assert_array_equal(found_losses, losses)
    held, expected = found["state"][0], state["state"][0]  # type: ignore[index]
    assert {key: held[key] for key in ("al", "n", "ok")} == {key: expected[key] for key in ("al", "n", "ok")}
    assert torch.equal(held["step"], expected["step"])
    assert all(torch.equal(part, shared) for part in held["old"])
    assert found["param_groups"][0]["betas"] == (0.9, 0.999)
    assert found["param_groups"][0]["half"].dtype == torch.bfloat16


def test_a_state_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(InfoplaneError, match=r"train\.optimizer: its state holds a set"):
        scratch._pack([{1, 2}], {})
