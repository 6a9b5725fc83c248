"""Every command and every Python line of the pages on one's own loop and one's own arrays."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from scratch import ROOT

BLOCK = re.compile(r"```(python|console)\n(.*?)```", re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / "docs" / page).read_text())


def environment(folder: Path) -> dict[str, str]:
    """With `infoplane` and `python` as commands."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, arguments in (("python", ""), ("infoplane", "-m infoplane")):
        place = bin_folder / name
        place.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        place.chmod(0o755)
    return os.environ | {"PYTHONPATH": str(ROOT / "src"), "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}


def follow(page: str, folder: Path) -> str:
    """Python blocks go into one file, `loop.py`, which is run where the page says so or at once; all that was said."""
    env, said = environment(folder), ""
    python = [text for kind, text in blocks(page) if kind == "python"]
    named = "loop.py" in (ROOT / "docs" / page).read_text()
    (folder / "loop.py").write_text(python[0])
    (folder / "all.py").write_text("\n".join(python))
    commands = [
        line[2:] for kind, text in blocks(page) if kind == "console" for line in text.splitlines() if line[:2] == "$ "
    ]
    for command in [*([] if named else ["python all.py"]), *commands]:
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        said += done.stdout + done.stderr
    if named and len(python) > 1:
        text = (folder / "all.py").read_text().replace("runs/a", "runs/z")
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="the pages' commands are for a shell")
def test_the_page_on_ones_own_loop(tmp_path: Path) -> None:
    said = follow("own-loop.md", tmp_path)
    shown = re.search(r"```\n(infoplane: .*?)```", (ROOT / "docs/own-loop.md").read_text(), re.DOTALL)
    assert shown
    assert shown[1] in said
    table = pd.read_csv(tmp_path / "runs/a/estimates/decodable.csv")
    last = table[table["epoch"] == 5].set_index("layer")["mi_bits"]
    assert ((last > 2.5) & (last < 3.33)).all(), "between what a classifier reads of ten digits and H(Y)"
    assert (last > table[table["epoch"] == 0].set_index("layer")["mi_bits"]).all()
    assert (tmp_path / "runs/both/target_information.png").exists()
    loop = blocks("own-loop.md")[0][1]
    assert len([line for line in loop.splitlines() if "recorder" in line]) == 2
    assert (tmp_path / "runs/b/run.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the pages' commands are for a shell")
def test_the_page_on_arrays_from_elsewhere(tmp_path: Path) -> None:
    follow("own-arrays.md", tmp_path)
    (table,) = (pd.read_csv(path) for path in (tmp_path / "runs/arrays/estimates").glob("*.csv"))
    curve = table[table["layer"] == "dense_1"].set_index("epoch")["mi_bits"]
    assert 0 < curve[0] < curve[1] < curve[2] < 2, "noise hides less and less of four classes"
    written = {f"{key}.{kind}" for key in ("ksg", "decodable") for kind in ("csv", "json")}
    assert {path.name for path in (tmp_path / "runs/two/estimates").iterdir()} == written


def test_each_is_short() -> None:
    for page, most in (("own-loop.md", 10), ("own-arrays.md", 10)):
        kind, text = blocks(page)[0]
        assert kind == "python"
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("import", "from"))]
        assert len(lines) <= most
