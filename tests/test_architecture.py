"""The walls of the house: import direction, complete deps, no list kept by hand, a README that is true."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from infoplane.core import plugins
from infoplane.pipeline.common.config import Config
from scratch import ROOT

SRC = ROOT / "src"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# Packages whose files are looked up by name: a stage lists the one file that its parameters name.
NAMED = {"datasets", "estimators", "models"}


def local_imports(path: Path) -> set[Path]:
    """The files of ours that one file imports, anywhere in it."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text())):
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
    """Every file of ours that a file leads to, docstring-only `__init__.py` aside."""
    seen, todo = set[Path](), [path]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo += local_imports(current)
    empty = {p for p in seen if p.name == "__init__.py" and len(ast.parse(p.read_text()).body) == 1}
    return {p.relative_to(ROOT).as_posix() for p in seen - empty}


def deps(stage: str) -> list[str]:
    body = STAGES[stage]
    return list(body.get("do", body)["deps"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_every_file_it_imports(stage: str) -> None:
    listed = set(deps(stage))
    needed = closure(SRC / f"{stage}.py")
    for dep in deps(stage):
        match = re.fullmatch(r"src/infoplane/(\w+)/\$\{[\w.]+\}(?:\.py)?", dep)
        if match and match[1] in NAMED:
            for name in plugins.names(match[1]):
                needed |= closure(SRC / "infoplane" / match[1] / f"{name}.py") - {f"src/infoplane/{match[1]}/{name}.py"}
    folders = {dep for dep in listed if (ROOT / dep).is_dir()}
    missing = {p for p in needed - listed if not any(p.startswith(f"{folder}/") for folder in folders)}
    assert not missing
    unused = {d for d in listed if d.startswith("src/") and "$" not in d and (ROOT / d).is_file()} - needed
    assert not unused, "what no stage needs must not rerun it"


@pytest.mark.parametrize("path", sorted((SRC / "infoplane").rglob("*.py")), ids=lambda p: p.stem)
def test_the_library_knows_no_dvc_and_no_hydra(path: Path) -> None:
    assert not re.search(r"^\s*(import|from) (dvc|hydra)\b", path.read_text(), re.MULTILINE)
    assert all(imported.parent != SRC for imported in local_imports(path)), "the library imports no stage"


@pytest.mark.parametrize("group", ["dataset", "model", "train", "extract", "plot", "compute"])
def test_every_conf_file_is_a_valid_choice(group: str) -> None:
    options = sorted((ROOT / "conf" / group).glob("*.yaml"))
    assert options
    for option in options:
        values = OmegaConf.to_container(OmegaConf.load(option))
        assert isinstance(values, dict)
        if group in {"dataset", "train"}:
            values["seed"] = 0
        assert getattr(Config({group: values}), group)


def test_every_estimator_has_a_conf_file_and_every_conf_file_an_estimator() -> None:
    used = set()
    for path in sorted((ROOT / "conf/estimators").glob("*.yaml")):
        values = OmegaConf.to_container(OmegaConf.load(path))
        assert isinstance(values, dict)
        assert list(values) == [path.stem], f"{path.name} holds one key, its id"
        used.add(Config({"estimators": values}).estimator(path.stem).estimator)
    assert used == set(plugins.names("estimators"))


def test_params_is_what_conf_composes_to() -> None:
    """What is committed is in step; `python src/config.py --compose` brings it there."""
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(ROOT / "conf"), version_base=None):
        composed = compose("config")
    assert OmegaConf.to_container(composed, resolve=True) == OmegaConf.to_container(
        OmegaConf.load(ROOT / "params.yaml")
    )


def test_the_readme_draws_the_tree_as_it_is() -> None:
    tree = re.search(r"```\n(dvc\.yaml .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert tree
    for line in tree[1].splitlines():
        name = line.split()[0]
        if "NAME" not in name:
            assert (ROOT / name).exists(), name


def test_nothing_is_unpickled() -> None:
    for path in SRC.rglob("*.py"):
        assert not re.search(r"allow_pickle=True|import pickle|torch\.load\(|joblib", path.read_text()), path
