"""The guard between conf/ and params.yaml, run as dvc runs it."""

import json
from pathlib import Path

import pytest

from scratch import Scratch, repository


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    scratch = repository(tmp_path_factory.mktemp("guard") / "house")
    scratch.compose()
    return scratch


@pytest.fixture
def house(composed: Scratch, tmp_path: Path) -> Scratch:
    """A working tree whose params.yaml has just been composed, to change at will."""
    return composed.copy(tmp_path / "house")


def drift(house: Scratch) -> dict[str, object]:
    return dict(json.loads((house.path / "data/drift.json").read_text())["drift"])


def test_params_as_composed_pass_in_silence(house: Scratch) -> None:
    assert house.run("python", "src/config.py") == ""
    assert drift(house) == {}


def test_an_edit_of_params_by_hand_is_warned_of_recorded_and_kept(house: Scratch) -> None:
    house.edit("params.yaml", "epochs: 500", "epochs: 7")
    said = house.run("python", "src/config.py")
    assert "train.epochs: 7 there, 500 in conf/" in said
    assert drift(house) == {"train.epochs": {"conf": 500, "params": 7}}
    assert house.run("python", "src/config.py") == said, "a warning once is a warning every time"


def test_an_edit_of_conf_without_recomposing_fails_and_names_the_command(house: Scratch) -> None:
    house.edit("conf/train/sgd.yaml", "epochs: 500", "epochs: 7")
    said = house.run("python", "src/config.py", ok=False)
    assert "python src/config.py --compose" in said
    assert len(said.strip().splitlines()) == 1
    house.compose()
    assert house.run("python", "src/config.py") == ""
    assert "epochs: 7" in (house.path / "params.yaml").read_text()


def test_a_comment_in_conf_is_no_drift(house: Scratch) -> None:
    house.edit("conf/train/sgd.yaml", "epochs: 500", "epochs: 500  # as asked")
    assert house.run("python", "src/config.py") == ""


def test_an_experiments_override_is_recorded_without_a_warning(house: Scratch) -> None:
    house.edit("params.yaml", "epochs: 500", "epochs: 7")
    assert house.run("python", "src/config.py", DVC_EXP_NAME="loud-name") == ""
    assert drift(house) == {"train.epochs": {"conf": 500, "params": 7}}


def test_without_its_record_the_guard_does_not_guess(house: Scratch) -> None:
    (house.path / "data/drift.json").unlink()
    assert house.run("python", "src/config.py") == ""
    (house.path / "data/drift.json").unlink()
    house.edit("params.yaml", "epochs: 500", "epochs: 7")
    assert "restore it with git" in house.run("python", "src/config.py", ok=False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("epochs: 500", "epochs: -1", "train.epochs: "),
        ("epochs: 500", "epochs: many", "train.epochs: "),
        ("epochs: 500", "epochs: ???", "train.epochs: still '???'"),
        ("batch_size: 32", "batch_size: 0", "train.batch_size: "),
        ("test_fraction: 0.3", "test_fraction: 1.3", "dataset.test_fraction: "),
        ("test_fraction: 0.3", "test_fraction: 0.0001", "dataset.test_fraction: "),
        ("generator: quadratic", "generator: cubic", "dataset.generator: unknown 'cubic'; choose one of "),
        ("generator: quadratic", "generator: ../../evil", "dataset.generator: unknown"),
        ("noise_std: 0.2", "noise_std: .nan", "dataset.noise_std: "),
        ("noise_std: 0.2", "noise_sd: 0.2", "dataset.noise_sd: unknown key"),
        ("architecture: mlp", "architecture: cnn", "model.architecture: unknown 'cnn'"),
        ("hidden_layer", "hiden_layer", "plot.hiden_layer: unknown key"),
        ("split: train", "split: probe", "dataset.probe_samples: 0, but extract.split is probe"),
        ("_target_: torch.optim.SGD", "_target_: os.system", "train.optimizer._target_: "),
        ("estimator: ksg", "estimator: kgs", "estimators.ksg.estimator: unknown 'kgs'"),
        ("variant: 1", "variant: 3", "estimators.ksg.variant: "),
        ("seed: 0", "sead: 0", "sead: unknown key"),
        ("compute:", "compote:", "compote: unknown key"),
        ("epochs: 500", "epochs: [500", "params.yaml: not readable as YAML"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_key(house: Scratch, old: str, new: str, said: str) -> None:
    house.edit("params.yaml", old, new)
    output = house.run("python", "src/config.py", ok=False)
    assert said in output
    assert len(output.strip().splitlines()) == 1
    assert drift(house) == {}, "nothing was recorded of a configuration that is wrong"


@pytest.mark.parametrize(("k", "said"), [("three", "estimators.ksg.k: "), ("350", "350 is not below the 350 samples")])
def test_a_wrong_k(house: Scratch, k: str, said: str) -> None:
    text = (house.path / "params.yaml").read_text()
    head, ksg = text.split("  ksg:\n")
    (house.path / "params.yaml").write_text(head + "  ksg:\n" + ksg.replace("k: 3", f"k: {k}", 1))
    assert said in house.run("python", "src/config.py", ok=False)


def test_conf_that_is_no_yaml_is_one_line_that_names_the_file(house: Scratch) -> None:
    house.edit("conf/train/sgd.yaml", "batch_size: 32", "batch_size: 32\nbatch_size: 64")
    output = house.run("python", "src/config.py", ok=False)
    assert "conf/train/sgd.yaml" in output
    assert len(output.strip().splitlines()) == 1


def test_a_traceback_only_when_asked_for(house: Scratch) -> None:
    house.edit("params.yaml", "epochs: 500", "epochs: -1")
    assert "Traceback" in house.run("python", "src/config.py", ok=False, INFOPLANE_TRACEBACK="1")
