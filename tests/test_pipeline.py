"""What people do with the pipeline, with real dvc: each change reruns what lies downstream of it and no more."""

import json
import re
from collections.abc import Callable

import pytest

from scratch import Scratch, stages_run

pytestmark = pytest.mark.pipeline

# What the contract says is there after `dvc repro`, estimates and figures aside.
FILES = [
    "dataset.npz", "checkpoints/epoch_0000.safetensors", "checkpoints/epoch_0003.safetensors", "training.csv",
    "activations/epoch_0000.npz", "activations/epoch_0003.npz", "truth.csv", "ceiling.json", "scoreboard.csv",
    "networks.npz", "estimands.csv",
    "metrics.json", "drift.json",
]  # fmt: skip


def after_estimates(stages: list[str]) -> set[str]:
    """The stages that ran, those aside that follow from any new estimate."""
    after = {"plot", "report"}
    assert (stages[-3:-2] == ["score"] and set(stages[-2:]) == after) or not {"score", *after} & set(stages)
    return set(stages) - {"score", *after}


def test_everything_is_made_and_a_second_repro_does_nothing(scratch: Scratch) -> None:
    for name in FILES:
        assert (scratch.path / "data" / name).stat().st_size > 0, name
    figures = {path.stem for path in (scratch.path / "data/figures").glob("*.png")}
    assert figures
    assert figures == {path.stem for path in (scratch.path / "data/figures").glob("*.svg")}
    assert "up to date" in scratch.run("dvc", "repro")


def test_another_k_reruns_one_estimator_and_what_follows_it(scratch: Scratch) -> None:
    ran = scratch.run("dvc", "exp", "run", "-S", "estimators.ksg.k=5")
    stages = stages_run(ran)
    assert after_estimates(stages) == {"config", "estimate@ksg"}
    assert json.loads((scratch.path / "data/drift.json").read_text())["drift"] == {
        "estimators.ksg.k": {"conf": 3, "params": 5}
    }
    assert "estimators.ksg.k" in scratch.run("dvc", "params", "diff")
    assert "metrics.json" in scratch.run("dvc", "metrics", "diff")


def test_the_files_of_an_estimator_rerun_its_ids_only(scratch: Scratch) -> None:
    for name in ("__init__.py", "numbering.py"):
        path = scratch.path / "src/infoplane/estimators/binning" / name
        path.write_text(path.read_text() + "\n# a comment\n")
        assert after_estimates(scratch.repro()) == {"estimate@binning"}


def test_a_comment_in_train_reruns_train_alone(scratch: Scratch) -> None:
    (scratch.path / "src/train.py").write_text((scratch.path / "src/train.py").read_text() + "\n# a comment\n")
    assert scratch.repro() == ["train"]


def test_training_longer_reruns_from_train_on(scratch: Scratch) -> None:
    scratch.edit("params.yaml", "epochs: 3", "epochs: 4")
    stages = scratch.repro()
    assert stages[:3] == ["config", "train", "extract"]
    assert "generate" not in stages
    assert (scratch.path / "data/activations/epoch_0004.npz").exists()


def test_removing_an_estimator_leaves_no_trace_of_it_in_the_results(scratch: Scratch) -> None:
    scratch.run("dvc", "exp", "run", "-S", "~estimators.binning")
    assert "binning" not in (scratch.path / "data/scoreboard.csv").read_text()
    assert "binning" not in (scratch.path / "data/metrics.json").read_text()


def test_twice_from_nothing_gives_the_same_lock(reproduced: Scratch, fresh: Callable[..., Scratch]) -> None:
    clone = fresh(reproduced)
    lock = (clone.path / "dvc.lock").read_text()
    stages = clone.repro()
    assert stages[0] == "config" or stages[0] == "generate"
    assert (clone.path / "dvc.lock").read_text() == lock


def test_a_second_clone_reestimates_on_pulled_activations_without_training(
    scratch: Scratch, fresh: Callable[..., Scratch]
) -> None:
    remote = scratch.path.parent / "remote"
    scratch.run("dvc", "remote", "add", "--default", "shared", str(remote))
    scratch.run("dvc", "push")
    scratch.commit("a remote")
    clone = fresh(scratch)
    files = ("dataset.npz", "activations", "truth.csv", "ceiling.json", "networks.npz", "training.csv")
    clone.run("dvc", "pull", *(f"data/{name}" for name in files))
    clone.run("dvc", "pull", "estimate")
    ran = stages_run(clone.run("dvc", "exp", "run", "--allow-missing", "-S", "estimators.ksg.k=5"))
    assert after_estimates(ran) == {"config", "estimate@ksg"}
    clone.edit("params.yaml", "bins: ", "bins: 1")
    assert after_estimates(clone.repro("--allow-missing")) == {"config", "estimate@binning"}
    assert not (clone.path / "data/checkpoints").exists(), "training was neither run nor pulled"


def test_experiments_in_a_queue(reproduced: Scratch, fresh: Callable[..., Scratch]) -> None:
    clone = fresh(reproduced)  # without remote and without cache
    clone.run("dvc", "exp", "run", "--queue", "--name", "wide", "-S", "estimators.binning.bins=5")
    clone.run("dvc", "exp", "run", "--run-all")
    assert "wide" in clone.run("dvc", "exp", "show", "--csv")
    assert "wide" in clone.run("dvc", "exp", "list", "--name-only")
    assert "bins" in clone.run("dvc", "params", "diff", "HEAD", "wide")


def test_what_dvc_shows(scratch: Scratch) -> None:
    assert "final_test_loss" in scratch.run("dvc", "metrics", "show", "--json")
    assert "estimate@ksg" in scratch.run("dvc", "dag")
    assert "file://" in scratch.run("dvc", "plots", "show")
    assert "file://" in scratch.run("dvc", "plots", "diff")
    assert "epochs" in scratch.run("dvc", "exp", "show", "--csv")


def test_training_that_diverges_says_when_and_leaves_results(scratch: Scratch) -> None:
    estimates = (scratch.path / "data/estimates/ksg.csv").read_bytes()
    scratch.edit("params.yaml", "lr: 0.001", "lr: 1e6")
    said = scratch.run("dvc", "repro", ok=False)
    assert re.search(r"diverged at epoch \d", said)
    assert "Traceback" not in said
    assert not (scratch.path / "data/checkpoints").exists()
    assert (scratch.path / "data/estimates/ksg.csv").read_bytes() == estimates
    scratch.run("git", "checkout", "params.yaml")
    assert scratch.run("dvc", "checkout")
    assert "train" not in scratch.repro(), "the earlier checkpoints came back from the cache"


def test_a_damaged_npz_is_named(scratch: Scratch) -> None:
    path = scratch.path / "data/activations/epoch_0002.npz"
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[: len(whole) // 2])
    said = scratch.run("python", "src/estimate.py", "ksg", ok=False)
    assert "data/activations/epoch_0002.npz" in said
    assert "Traceback" not in said
