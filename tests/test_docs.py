"""Every command in the README and the recipes works, and CONTRIBUTING's lines add an estimator."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from infoplane.estimators._shared import lookup
from scratch import ROOT, Scratch, stages_run

pytestmark = pytest.mark.pipeline


def commands(document: str) -> list[str]:
    """The lines that begin with `$` in the document's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def set_up(scratch: Scratch) -> None:
    """A `.venv` as `make repro` would leave it: the environment that runs the tests."""
    environment = scratch.path / ".venv"
    environment.mkdir()
    for entry in Path(sys.prefix).iterdir():
        if not entry.name.startswith("pinned"):
            (environment / entry.name).symlink_to(entry)
    for name in ("requirements.txt", "requirements-dev.txt"):
        os.utime(scratch.path / name, (0, 0))
    for name in ("pinned", "pinned-dev"):
        (environment / name).touch()


def test_every_command_of_the_readme(scratch: Scratch, tmp_path: Path) -> None:
    """In the order they stand, in one checkout, with a remote beside it."""
    set_up(scratch)
    todo = commands("README.md")
    assert "make repro" in todo
    assert "make test" in todo
    place = scratch
    for command in todo:
        if command == "make test":
            command = "make --dry-run test"  # these tests are what it runs
        command = command.replace("/path/to/shared/folder", str(tmp_path / "remote"))
        if command.startswith("git clone "):
            place.run("git", "clone", "--quiet", ".", str(tmp_path / "second"))
        elif command.startswith("cd "):
            place = Scratch(tmp_path / "second")
        elif command != "source .venv/bin/activate":  # the tests' environment is active
            place.run("bash", "-c", command)


def test_every_recipe(scratch: Scratch) -> None:
    """With no more estimators than the recipes name: each recipe trains and estimates anew."""
    scratch.edit(
        "conf/config.yaml", "[npeet, npeet_shuffled, ksg, aligned_ksg, binning, noisy, decodable]", "[ksg, binning]"
    )
    scratch.compose()
    scratch.commit("fewer estimators")
    for command in commands("docs/recipes.md"):
        if "--run-all" not in command:  # test_pipeline.py runs a queue
            scratch.run("bash", "-c", command)


def test_contributing_adds_an_estimator(scratch: Scratch) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    files = re.findall(r"^`((?:src|conf)/[\w./]+)`:\n\n```\w+\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    assert [name for name, _ in files] == [
        "src/infoplane/estimators/correlation/__init__.py",
        "conf/estimators/correlation.yaml",
    ]
    for name, content in files:
        (scratch.path / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch.path / name).write_text(content)
    (command,) = commands("CONTRIBUTING.md")
    stages = stages_run(scratch.run(*shlex.split(command)))
    assert set(stages) == {"config", "estimate@correlation", "score", "plot", "report"}
    assert (scratch.path / "data/estimates/correlation.csv").exists()
    assert "correlation" in (scratch.path / "data/scoreboard.csv").read_text()
    contract = ["-m", "pytest", "-n0", "tests/test_estimators_contract.py", "-k", "correlation"]
    assert " passed" in scratch.run(sys.executable, *contract)


def test_contributing_and_the_docs_name_what_is_there() -> None:
    table = (ROOT / "docs/estimators.md").read_text()
    for name in lookup.names():
        assert f"`{name}`" in table, f"docs/estimators.md says nothing of {name}"
