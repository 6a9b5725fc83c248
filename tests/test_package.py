"""What `pip install infoplane` gives a person outside the repository: built, installed in a clean environment, used."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from filelock import FileLock

from scratch import ROOT

HEAVY = ("dvc", "hydra", "torch", "matplotlib", "sklearn", "omegaconf", "npeet_plus")


def run(*command: str | Path, cwd: Path) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command, cwd=cwd, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it asks for, in the versions pinned here."""
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if parallel else tmp_path_factory.getbasetemp()
    environment = folder / "installed"
    found = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    with FileLock(f"{environment}.lock"):
        if not (environment / "done").exists():
            wheels = folder / "wheels"
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
            source = folder / "source"  # a copy, as building leaves files in the tree
            shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
            for name in ("pyproject.toml", "README.md", "LICENSE"):
                shutil.copyfile(ROOT / name, source / name)
            run(*pip, "wheel", "--no-deps", "--wheel-dir", wheels, source, cwd=folder)
            (wheel,) = wheels.glob("infoplane-*.whl")
            venv.create(environment, with_pip=True)
            pins = folder / "pins.txt"  # a constraint file takes no extras, and ours has none
            pins.write_text((ROOT / "requirements.txt").read_text())
            run(found, *pip[1:], "install", "--constraint", pins, wheel, cwd=folder)
            (environment / "done").touch()
    return found


def test_it_is_light(python: Path, tmp_path: Path) -> None:
    code = f"from importlib.util import find_spec; print([name for name in {HEAVY} if find_spec(name)])"
    assert run(python, "-c", code, cwd=tmp_path).strip() == "[]"
    listed = run(python, "-m", "pip", "--disable-pip-version-check", "list", "--format=freeze", cwd=tmp_path)
    assert len(listed.splitlines()) < 30, "it was 122 packages once"


def test_the_python_lines_of_the_readme_run_there(python: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    assert "import infoplane" in blocks[0]
    assert len(blocks[0].strip().splitlines()) <= 7, "five lines and what they print"
    said = run(python, "-W", "error", "-c", "\n".join(blocks), cwd=tmp_path)
    assert re.search(r"\d\.\d{3} bits of mutual information \(standard error \d\.\d{3}", said)


def test_the_command_is_there(python: Path, tmp_path: Path) -> None:
    assert "aligned_ksg" in run(python.with_name("infoplane"), "estimators", cwd=tmp_path)


def test_types_come_with_it(python: Path, tmp_path: Path) -> None:
    code = "import infoplane, pathlib; print((pathlib.Path(infoplane.__file__).parent / 'py.typed').exists())"
    assert run(python, "-c", code, cwd=tmp_path).strip() == "True"


def test_what_is_not_installed_is_named(python: Path, tmp_path: Path) -> None:
    code = """
import infoplane as ip
for name in ("neural", "sklearn"):
    try:
        ip.mutual_information(range(40), [0.5 * i for i in range(40)], name)
    except ip.InfoplaneError as error:
        print(error)
"""
    assert run(python, "-c", code, cwd=tmp_path).splitlines() == [
        "neural: needs PyTorch; `pip install 'infoplane[torch]'`",
        "sklearn: needs scikit-learn; `pip install scikit-learn`",
    ]


def test_every_estimator_has_its_own_help(python: Path, tmp_path: Path) -> None:
    code = "import infoplane as ip; help(ip); help(ip.KSG); help(ip.mutual_information)"
    said = run(python, "-c", code, cwd=tmp_path)
    assert "Kraskov" in said
    assert "holds" in said or "hold" in said
