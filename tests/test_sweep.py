"""The sweep command on saved activations, as a person runs it."""

import pandas as pd
import pytest

from scratch import Scratch

pytestmark = pytest.mark.pipeline


def test_at_the_configured_setting_the_sweep_is_the_pipelines_own_value(scratch: Scratch) -> None:
    said = scratch.run("python", "src/sweep.py", "ksg", "k=1,3,10", "--epochs", "0,3", "--layers", "layer_4,output")
    assert said.splitlines()[-1] == "data/sweeps/ksg_k.png"
    table = pd.read_csv(scratch.path / "data/sweeps/ksg_k.csv")
    assert sorted(table["k"].unique()) == [1, 3, 10]
    assert sorted(table["epoch"].unique()) == [0, 3]
    own = pd.read_csv(scratch.path / "data/estimates/ksg.csv")
    key = ["replicate", "epoch", "layer", "target"]
    both = table[table["k"] == 3].merge(own, on=key, suffixes=("", "_own"))
    assert len(both) == 2 * 2 * 2
    assert (both["mi_bits"] == both["mi_bits_own"]).all()
    assert (scratch.path / "data/sweeps/ksg_k.png").read_bytes()[:4] == b"\x89PNG"
    assert scratch.run("git", "status", "--porcelain") == "", "a sweep changes no result"
    assert "up to date" in scratch.run("dvc", "repro")


def test_against_n_the_whole_sample_gives_the_pipelines_own_value(scratch: Scratch) -> None:
    scratch.run("python", "src/sweep.py", "ksg", "measure.samples=20,70", "--epochs", "3", "--layers", "layer_1")
    table = pd.read_csv(scratch.path / "data/sweeps/ksg_measure_samples.csv")
    own = pd.read_csv(scratch.path / "data/estimates/ksg.csv")
    whole = own[(own["epoch"] == 3) & (own["layer"] == "layer_1") & (own["target"] == "y")]
    swept = table[table["measure.samples"] == 70]
    assert swept["mi_bits"].tolist() == pytest.approx(whole["mi_bits"].tolist(), abs=1e-9), "rows in another order"


def test_an_estimator_that_the_experiment_leaves_out(scratch: Scratch) -> None:
    """With the settings of its file; at the largest noise a layer tells least."""
    scratch.run("python", "src/sweep.py", "kde", "noise_variance=0.01,1.0", "--epochs", "0", "--layers", "layer_1")
    table = pd.read_csv(scratch.path / "data/sweeps/kde_noise_variance.csv")
    little, much = (table.loc[table["noise_variance"] == noise, "mi_bits"] for noise in (0.01, 1.0))
    assert (little.to_numpy() > much.to_numpy()).all()
    assert len(little) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ksg", "k=three"], "estimators.ksg.k: "),
        (["ksg", "kk=3"], "estimators.ksg.kk: unknown key"),
        (["nope", "k=3"], "estimators.nope: not configured"),
        (["ksg", "k"], "not SETTING=V1,V2"),
        (["ksg", "k=3", "--epochs", "zero"], "--epochs: 'zero'"),
        (["ksg", "k=3", "--epochs", "77"], "77 was not extracted"),
        (["ksg", "k=3", "--layers", "layer_9"], "no layer 'layer_9'"),
    ],
)
def test_a_wrong_argument_is_one_line(reproduced: Scratch, arguments: list[str], said: str) -> None:
    output = reproduced.run("python", "src/sweep.py", *arguments, ok=False)
    assert said in output
    assert "Traceback" not in output
