"""The walls of the house: import direction, complete deps, no list kept by hand, a README that is true."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from composing import composed
from infoplane.core import plugins
from infoplane.estimators._shared import lookup
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.measurements import measurement
from infoplane.training.settings import Train
from scratch import ROOT

SRC = ROOT / "src"
LIBRARY = sorted(path for path in (SRC / "infoplane").rglob("*.py") if "pipeline" not in path.parts)
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# Packages whose files are looked up by name: a stage lists the one file, or the one folder, that its parameters name.
NAMED = {"datasets": ".py", "estimators": "", "models": ".py"}


# Imported with any other file of ours. It imports none itself: its names are looked up when they are asked for.
FRONT = SRC / "infoplane/__init__.py"


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a file but those that only type checkers read."""
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from statements(child)


def local_imports(path: Path) -> set[Path]:
    """The files of ours that one file imports, anywhere in it."""
    found: set[Path] = set()
    for node in statements(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package(path, node.level) if node.level else ""
            module = ".".join(filter(None, [base, node.module or ""]))
            modules = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in modules:
            place = SRC / module.replace(".", "/")
            found |= {p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()}
    return found


def package(path: Path, level: int) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[: len(parts) - level])


def closure(path: Path) -> set[str]:
    """Every file of ours that a file leads to, docstring-only `__init__.py` and the front door's names aside."""
    seen, todo = set[Path](), [path]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo += local_imports(current)
    empty = {p for p in seen if p.name == "__init__.py" and len(ast.parse(p.read_text()).body) == 1}
    return {p.relative_to(ROOT).as_posix() for p in seen - empty - {FRONT}}


def test_the_front_door_imports_nothing_of_ours_by_itself() -> None:
    assert local_imports(FRONT) == set()
    code = "import infoplane, sys; print(*(name for name in sys.modules if name.startswith('infoplane')))"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["infoplane"]


def deps(stage: str) -> list[str]:
    body = STAGES[stage]
    return list(body.get("do", body)["deps"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_every_file_it_imports(stage: str) -> None:
    listed = set(deps(stage))
    needed = closure(SRC / f"{stage}.py")
    for dep in deps(stage):
        if "$" in dep and not dep.startswith("${dataset."):  # a person's own files
            match = re.fullmatch(r"src/infoplane/(\w+)/\$\{[\w.]+\}((?:\.py)?)", dep)
            assert match, f"{dep}: not understood"
            assert match[2] == NAMED[match[1]], dep
            for name in plugins.names(match[1]):
                own = ROOT / re.sub(r"\$\{[\w.]+\}", name, dep)
                assert own.exists(), "what the parameters may name has the form that the stage lists"
                needed |= {file for file in closure_of(own) if not (ROOT / file).is_relative_to(own)}
    folders = {dep for dep in listed if (ROOT / dep).is_dir()}
    missing = {p for p in needed - listed if not any(p.startswith(f"{folder}/") for folder in folders)}
    assert not missing
    ours = {d for d in listed if d.startswith("src/") and "$" not in d}
    assert all((ROOT / d).exists() for d in ours)
    unused = {d for d in ours if d not in needed and not any(p.startswith(f"{d}/") for p in needed)}
    assert not unused, "what no stage needs must not rerun it"


def closure_of(place: Path) -> set[str]:
    """Of a file, or of every file of a folder, since DVC hashes all of it."""
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return set[str]().union(*map(closure, files))


@pytest.mark.parametrize("name", lookup.names())
def test_an_estimators_folder_is_whole_and_its_own(name: str) -> None:
    """All of its files are of use, and it needs none of another estimator: a change there would rerun nothing here."""
    folder = SRC / "infoplane/estimators" / name
    assert (folder / "__init__.py").is_file()
    reached = closure(folder / "__init__.py")
    own = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*.py")}
    assert own <= reached, "a file that the estimator never imports"
    others = [SRC / "infoplane/estimators" / other for other in lookup.names() if other != name]
    assert not {p for p in reached if any((ROOT / p).is_relative_to(other) for other in others)}
    assert not [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]


def test_each_estimator_is_a_folder_and_each_folder_an_estimator() -> None:
    entries = {path.name for path in (SRC / "infoplane/estimators").iterdir() if not path.name.startswith("_")}
    assert entries == set(lookup.names())
    for name in lookup.names():
        assert lookup.named(name).__module__ == f"infoplane.estimators.{name}"


def place(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


# A run to compare may be a revision; this file alone asks DVC for it, and is imported only then.
REVISIONS = SRC / "infoplane/comparing/revisions.py"


@pytest.mark.parametrize("path", sorted({*(SRC / "infoplane").rglob("*.py")} - {REVISIONS}), ids=place)
def test_no_dvc_and_no_hydra_is_imported(path: Path) -> None:
    assert not re.search(r"^\s*(import|from) (dvc|hydra)\b", path.read_text(), re.MULTILINE)
    assert all(imported.parent != SRC for imported in local_imports(path)), "no stage is imported"


# Their docstrings name the folder in which whoever adds to them has a file to write.
CONTRACTS = {f"infoplane/{package}/__init__.py" for package in NAMED}


@pytest.mark.parametrize("path", [path for path in LIBRARY if path != REVISIONS], ids=place)
def test_the_library_knows_nothing_of_the_pipeline(path: Path) -> None:
    pipeline = SRC / "infoplane/pipeline"
    assert not [imported for imported in local_imports(path) if imported.is_relative_to(pipeline)]
    tree = ast.parse(path.read_text())
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert not [each for each in strings if re.search(r"dvc|params\.yaml|hydra", each, re.IGNORECASE)]
    if place(path) in CONTRACTS:
        strings.remove(ast.get_docstring(tree, clean=False) or "")
    assert not [each for each in strings if "conf/" in each]


IMPORT_ALL = """
import importlib, pkgutil, sys, infoplane
names = [each.name for each in pkgutil.walk_packages(infoplane.__path__, "infoplane.")]
for name in names:
    if not name.endswith(".__main__"):
        importlib.import_module(name)
assert not [name for name in sys.modules if name.startswith("infoplane.pipeline")]
assert not {"dvc", "hydra", "omegaconf"} & set(sys.modules)
import numpy as np
x = np.random.default_rng(0).normal(size=(200, 1))
y = x + 0.1 * np.random.default_rng(1).normal(size=(200, 1))
print(len(names), infoplane.__file__, infoplane.mutual_information(x, y, infoplane.KSG(k=3), stderr=2).mi_bits)
table = infoplane.measure({"a": x, "b": np.maximum(x, 0)}, y, ["binning", "sheared_ksg"], x)
assert len(table) == 8
"""


def test_the_library_runs_where_the_pipeline_is_not(tmp_path: Path) -> None:
    shutil.copytree(SRC / "infoplane", tmp_path / "infoplane", ignore=shutil.ignore_patterns("pipeline", "__pycache__"))
    assert not (tmp_path / "infoplane/pipeline").exists()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    count, file, mi_bits = done.stdout.split()
    modules = [path for path in LIBRARY if path != SRC / "infoplane/__init__.py"]
    assert int(count) == len(modules)
    assert Path(file).is_relative_to(tmp_path)
    assert 2 < float(mi_bits) < 4


@pytest.mark.parametrize("group", ["dataset", "model", "train", "extract", "plot", "compute"])
def test_every_conf_file_is_a_valid_choice(group: str) -> None:
    options = sorted((ROOT / "conf" / group).glob("*.yaml"))
    assert options
    for option in options:
        config = Config(composed(f"{group}={option.stem}"))
        assert config.of(Train, "train") if group == "train" else getattr(config, group)


def test_every_estimator_has_a_conf_file_and_every_conf_file_an_estimator() -> None:
    used = set()
    for path in sorted((ROOT / "conf/estimators").glob("*.yaml")):
        values = OmegaConf.to_container(OmegaConf.load(path))
        assert isinstance(values, dict)
        assert list(values) == [path.stem], f"{path.name} holds one key, its id"
        used.add(measurement(Config({"estimators": values}), path.stem).estimator.name)
    assert used == set(lookup.names())


def test_params_is_what_conf_composes_to() -> None:
    """What is committed is in step; `python src/config.py --compose` brings it there."""
    assert composed() == OmegaConf.to_container(OmegaConf.load(ROOT / "params.yaml"))


def test_the_readme_draws_the_tree_as_it_is() -> None:
    tree = re.search(r"```\n(dvc\.yaml .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert tree
    for line in tree[1].splitlines():
        name = line.split()[0]
        if "NAME" not in name:
            assert (ROOT / name).exists(), name


def test_nothing_is_unpickled() -> None:
    for path in SRC.rglob("*.py"):
        assert not re.search(
            r"allow_pickle=True|import pickle|torch\.load\((?!.*weights_only=True)|joblib", path.read_text()
        ), path
