"""Fixtures shared by the tests that drive real dvc."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from scratch import Scratch, repository, small


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A small experiment that was reproduced and committed. Shared by all tests: copy it, never change it."""
    parallel = "PYTEST_XDIST_WORKER" in os.environ  # then all workers share the one above their own folders
    folder = tmp_path_factory.getbasetemp().parent if parallel else tmp_path_factory.getbasetemp()
    path = folder / "reproduced"
    with FileLock(f"{path}.lock"):
        if not (path / "dvc.lock").exists():
            scratch = small(repository(path))
            scratch.run("dvc", "repro")
            scratch.commit("reproduced")
    return Scratch(path)


@pytest.fixture
def scratch(reproduced: Scratch, tmp_path: Path) -> Scratch:
    """A copy of `reproduced` to change at will."""
    return reproduced.copy(tmp_path / "scratch")


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], Scratch]:
    """A clone of a repository, without what dvc made."""

    def clone(source: Scratch, name: str = "clone") -> Scratch:
        source.run("git", "clone", "--quiet", ".", str(tmp_path / name))
        return Scratch(tmp_path / name)

    return clone
