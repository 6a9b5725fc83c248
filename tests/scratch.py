"""A scratch copy of this repository in which tests drive real dvc."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    # `python` in dvc.yaml is the interpreter that runs the tests
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "a test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "DVC_NO_ANALYTICS": "1",
    "COLUMNS": "200",
}


class Scratch:
    """A git repository with dvc in it. `run` fails the test unless the command succeeds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *command: str, ok: bool = True, **environment: str) -> str:
        """What the command printed, both streams. `ok=False`: it must fail."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=os.environ | ENVIRONMENT | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert (done.returncode == 0) == ok, f"{' '.join(command)} -> {done.returncode}\n{done.stdout}"
        return done.stdout

    def repro(self, *arguments: str) -> list[str]:
        """The stages that `dvc repro` ran, in order."""
        return stages_run(self.run("dvc", "repro", *arguments))

    def commit(self, message: str = "edit") -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.path / file
        text = path.read_text()
        assert old in text, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new))

    def compose(self, *overrides: str) -> str:
        return self.run("python", "src/config.py", "--compose", *overrides)

    def copy(self, path: Path) -> "Scratch":
        shutil.copytree(self.path, path, symlinks=True)
        return Scratch(path)


def stages_run(output: str) -> list[str]:
    return re.findall(r"Running stage '([^']+)'", output)


def repository(path: Path) -> Scratch:
    """The working tree's own files, committed to a new repository, with an experiment that takes seconds."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, path / name)
    scratch = Scratch(path)
    scratch.run("git", "init", "--quiet", "--initial-branch", "main")
    for lock in ("dvc.lock", "data/metrics.json"):
        (path / lock).unlink(missing_ok=True)
    return scratch


def small(scratch: Scratch) -> Scratch:
    """A small experiment, written into conf/ as a person would, composed and committed."""
    scratch.edit("conf/train/sgd.yaml", "epochs: 500", "epochs: 3")
    scratch.edit("conf/train/sgd.yaml", "replicates: 8", "replicates: 2")
    scratch.edit("conf/dataset/quadratic.yaml", "samples: 500", "samples: 100")
    scratch.compose()
    scratch.commit("a small experiment")
    return scratch
