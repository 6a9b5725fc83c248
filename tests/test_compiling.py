"""Compiled kernels are kept for all checkouts, and made again when their code changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "infoplane" / "compiling.py"
OUTER = """
from ..compiling import compiled
from ._inner import inner

@compiled
def outer(x):
    return inner(x) * 10
"""
INNER = """
from ..compiling import inlined

@inlined
def inner(x):
    return x + 1
"""
SCRIPT = "from p.kernels.outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"


def checkout(root: Path) -> Path:
    """A package with a kernel that takes another one in."""
    kernels = root / "p" / "kernels"
    kernels.mkdir(parents=True)
    shutil.copy(SOURCE, root / "p")
    for folder in (root / "p", kernels):
        (folder / "__init__.py").touch()
    (kernels / "outer.py").write_text(OUTER)
    (kernels / "_inner.py").write_text(INNER)
    return root


def run(root: Path, cache: str | Path) -> tuple[int, int]:
    """What the kernel gives for 1, and how often machine code was found, in a process of its own."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, env=environment, check=True, capture_output=True)
    value, hits = done.stdout.split()
    return int(value), int(hits)


def test_a_second_checkout_compiles_nothing(tmp_path: Path) -> None:
    first, second = checkout(tmp_path / "first"), checkout(tmp_path / "second")
    assert run(first, tmp_path / "cache") == (20, 0)
    assert run(first, tmp_path / "cache") == (20, 1)
    assert run(second, tmp_path / "cache") == (20, 1)


@pytest.mark.parametrize(("file", "old", "new", "value"), [("outer", "10", "100", 200), ("_inner", "1", "2", 30)])
def test_changed_code_is_compiled_again_and_so_is_what_takes_it_in(
    tmp_path: Path, file: str, old: str, new: str, value: int
) -> None:
    root = checkout(tmp_path / "root")
    run(root, tmp_path / "cache")
    path = root / "p" / "kernels" / f"{file}.py"
    before = path.read_text()
    path.write_text(before.replace(old, new))
    assert run(root, tmp_path / "cache") == (value, 0)
    path.write_text(before)
    assert run(root, tmp_path / "cache") == (20, 1)  # the former is still there


def test_without_a_place_to_write_it_compiles_each_time(tmp_path: Path) -> None:
    root = checkout(tmp_path / "root")
    (tmp_path / "file").touch()
    for _ in range(2):
        assert run(root, tmp_path / "file" / "cache") == (20, 0)
