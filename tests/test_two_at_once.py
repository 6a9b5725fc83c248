"""Two processes that run one stage at once: the second says so in one line, and nothing is mixed."""

import subprocess
import sys
from pathlib import Path

import pytest

from infoplane.core.errors import InfoplaneError
from infoplane.pipeline.common import files, stage

SRC = Path(__file__).resolve().parent.parent / "src"
HOLD = """
import sys
from infoplane.pipeline.common import stage
stage.alone("train")
print("held", flush=True)
sys.stdin.read()
"""


def test_one_process_at_a_time_and_a_dead_one_blocks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stage, "PATIENCE_S", 0.0)
    monkeypatch.setenv("PYTHONPATH", str(SRC))
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdin is not None
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InfoplaneError, match=f"^train: process {other.pid} runs this stage here now"):
            stage.alone("train")
        stage.alone("extract")  # another stage
    finally:
        other.kill()
        other.wait()
        other.stdin.close()
        other.stdout.close()
    left = tmp_path / "data/.checkpoints.1.new/checkpoints"
    left.mkdir(parents=True)
    (tmp_path / "data/.training.csv.1.new").touch()
    stage.alone("train", Path("data/checkpoints"), Path("data/training.csv"))
    stage.alone("train")  # this process has it already
    assert list((tmp_path / "data").iterdir()) == []


def test_two_processes_never_share_an_unfinished_folder(tmp_path: Path) -> None:
    code = "from pathlib import Path; from infoplane.core import files; print(files.unfinished(Path('a')))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=True
    )
    other = done.stdout.strip()
    assert other.startswith(".a.")
    with files.replacing(tmp_path / "a") as root:
        assert root.name.startswith(".a.")
        assert root.name != other
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
