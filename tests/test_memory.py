"""Estimates that are known are not computed again, and are the same numbers."""

from pathlib import Path

import pytest

from infoplane.pipeline.common.config import Config
from infoplane.pipeline.estimating.memory import Memory
from infoplane.pipeline.measurements import measurement
from scratch import Scratch

pytestmark = pytest.mark.pipeline


def test_what_is_known_is_recalled_and_what_changed_is_not(tmp_path: Path) -> None:
    def memory(k: int, dataset: bytes = b"rows") -> Memory:
        asked = measurement(Config({"estimators": {"ksg": {"estimator": "ksg", "k": k}}}), "ksg")
        return Memory(tmp_path, asked, 0, dataset)

    rows = [{"epoch": 3, "mi_bits": 0.1 + 0.2, "flags": ""}]
    key = memory(3).key(3, b"activations")
    assert memory(3).is_empty()
    memory(3).keep(key, rows)
    assert not memory(3).is_empty()
    assert memory(3).recall({3: key}) == {3: rows}
    others = [
        memory(3).key(3, b"other"), memory(3).key(4, b"activations"), memory(5).key(3, b"activations"),
        memory(3, b"other").key(3, b"activations"),
    ]  # fmt: skip
    assert len({key, *others}) == 5
    assert memory(3).recall(dict(enumerate(others))) == {}
    memory(3).forget_all_but(others)
    assert memory(3).recall({3: key}) == {}


def test_more_epochs_cost_only_the_new_ones(scratch: Scratch) -> None:
    scratch.edit("params.yaml", "epochs: 3", "epochs: 4")
    said = scratch.run("dvc", "repro")
    assert "estimate ksg: 4 of 5 epochs are known" in said
    path = scratch.path / "data/estimates/ksg.csv"
    recalled = path.read_bytes()
    scratch.run("rm", "-r", ".infoplane/estimates")
    assert "are known" not in scratch.run("python", "src/estimate.py", "ksg")
    assert path.read_bytes() == recalled
