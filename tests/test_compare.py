"""`infoplane compare`: differences against scipy's tests, folders and revisions, and what it refuses."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from scipy import stats

from infoplane import cli
from infoplane.comparing import differences, runs
from scratch import Scratch

COLUMNS = ["estimator", "replicate", "epoch", "layer", "target", "estimand", "mi_bits", "stderr_bits", "flags"]


def write(folder: Path, values: np.ndarray, layers: tuple[str, ...] = ("fc1",), stderr_bits: float | str = "") -> Path:
    """`values` `(networks, epochs)` of every layer by ksg, as a folder that was estimated."""
    rows = [
        ["ksg", network, epoch, layer, "y", "plain", values[network, epoch], stderr_bits, ""]
        for layer in layers
        for network in range(values.shape[0])
        for epoch in range(values.shape[1])
    ]
    (folder / "estimates").mkdir(parents=True)
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "estimates/ksg.csv", index=False)
    return folder


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, ["compare", *map(str, arguments)])


def last(*folders: Path) -> pd.Series:
    table = differences.table([runs.load(folder.name, [folder]) for folder in folders])
    return table[table["epoch"] == table["epoch"].max()].iloc[-1]


def test_runs_with_the_same_networks_are_compared_network_by_network(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6, 3))
    found = last(write(tmp_path / "a", a), write(tmp_path / "b", b))
    paired = stats.ttest_rel(b[:, -1], a[:, -1])
    low, high = paired.confidence_interval()
    assert found["difference_bits"] == pytest.approx(np.mean(b[:, -1] - a[:, -1]))
    assert (found["difference_low_bits"], found["difference_high_bits"]) == pytest.approx((low, high))


def test_runs_with_other_networks_are_independent(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(5, 2)), 3 * rng.normal(size=(9, 2))
    found = last(write(tmp_path / "a", a), write(tmp_path / "b", b))
    low, high = stats.ttest_ind(b[:, -1], a[:, -1], equal_var=False).confidence_interval()
    assert (found["difference_low_bits"], found["difference_high_bits"]) == pytest.approx((low, high))


def test_single_networks_have_the_errors_of_their_rows_or_none(tmp_path: Path) -> None:
    a, b = (
        write(tmp_path / "a", np.ones((1, 1)), stderr_bits=0.3),
        write(tmp_path / "b", np.zeros((1, 1)), stderr_bits=0.4),
    )
    found = last(a, b)
    assert found["difference_stderr_bits"] == pytest.approx(0.5)
    assert found["difference_high_bits"] == pytest.approx(-1 + 0.5 * stats.norm.ppf(0.975))
    c = write(tmp_path / "c", np.zeros((1, 1)))
    assert np.isnan(last(a, c)["difference_stderr_bits"])


def test_folders_give_a_table_and_a_figure(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    parts = [write(tmp_path / name, rng.normal(size=(1, 3)), ("fc1", "out")) for name in "abcd"]
    out = tmp_path / "out"
    one, other = f"{parts[0]},{parts[1]}", f"{parts[2]},{parts[3]}"
    done = compare(one, other, "--out", out)
    assert done.exit_code == 0, done.output
    assert "I(T;Y) in bits at epoch 2" in done.output
    written = pd.read_csv(out / "comparison.csv")
    assert set(written["networks"]) == {2}
    assert set(written["run"]) == {one, other}
    first = (out / "target_information.png").read_bytes()
    assert compare(one, other, "--out", out).exit_code == 0
    assert (out / "target_information.png").read_bytes() == first


def test_a_revision_of_the_pipeline_is_a_run(reproduced: Scratch, tmp_path: Path) -> None:
    said = reproduced.run(
        "python", "-m", "infoplane", "compare", ".", "HEAD", "-e", "ksg", "--out", str(tmp_path), PYTHONPATH="src"
    )
    assert "ksg  layer_1" in said
    table = pd.read_csv(tmp_path / "comparison.csv")
    own = pd.read_csv(reproduced.path / "data/estimates/ksg.csv")
    here = table[(table["run"] == "HEAD") & (table["target"] == "y")].set_index(["layer", "epoch"])["mi_bits"]
    mean = own[own["target"] == "y"].groupby(["layer", "epoch"])["mi_bits"].mean()
    pd.testing.assert_series_equal(here.sort_index(), mean.sort_index(), check_names=False)
    assert (table["difference_bits"].dropna() == 0).all()
    assert not reproduced.run("git", "status", "--short")
    refused = reproduced.run("python", "-m", "infoplane", "compare", ".", "nope", ok=False, PYTHONPATH="src")
    assert refused.startswith("infoplane: nope: no folder, and no revision")
    assert "Traceback" not in refused


def test_what_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    a = write(tmp_path / "a", np.ones((1, 2)))
    other = write(tmp_path / "b", np.ones((1, 2)), ("conv",))
    for arguments, said in (
        ([a], "one run has nothing to be compared with"),
        ([a, a], "named twice"),
        ([a, other], "no layer is in all runs"),
        ([a, f"{other},{tmp_path / 'none'}"], "no folder there"),
        ([a, write(tmp_path / "c", np.ones((1, 1))), "--epoch", 1], "--epoch: 1 was not measured in all runs"),
        ([a, other, "-e", "kde"], "kde.csv: not there"),
    ):
        done = compare(*arguments)
        assert done.exit_code == 2
        assert said in done.output
        assert len(done.output.strip().splitlines()) == 1
