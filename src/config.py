"""Checks params.yaml against conf/, since `dvc repro` reads params.yaml and never looks at conf/.

`python src/config.py` is the first stage. `python src/config.py --compose [KEY=VALUE ...]` rewrites params.yaml from
conf/, as `dvc exp run -S KEY=VALUE` would.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from infoplane.core.errors import InfoplaneError
from infoplane.pipeline import whole
from infoplane.pipeline.common import files, params, stage

CONF, PARAMS = Path("conf"), Path("params.yaml")
RECORD, STAMP = Path("data/drift.json"), Path("data/config.stamp")
SHOWN = 5  # differences that are named in a line
RECOMPOSE = "python src/config.py --compose"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compose", nargs="*", metavar="KEY=VALUE", help="rewrite params.yaml from conf/")
    overrides = parser.parse_args().compose
    if overrides is not None:
        composed = composition(overrides)
        files.write_atomically(PARAMS, OmegaConf.to_yaml(composed).encode())
    config = params.load(PARAMS)
    whole.validate(config)
    found = differences(composition([]), OmegaConf.load(PARAMS))
    conf_sha256 = fingerprint(CONF)
    if found and overrides is None and "DVC_EXP_NAME" not in os.environ:
        drifted(found, conf_sha256)
    files.write_atomically(RECORD, json.dumps({"conf_sha256": conf_sha256, "drift": found}, indent=1).encode() + b"\n")
    # The content is constant: the file makes this stage run before the others and never makes them rerun.
    files.write_atomically(STAMP, b"params.yaml was checked\n")


def drifted(found: dict[str, Any], conf_sha256: str) -> None:
    """Raises if params.yaml differs because conf/ was edited; accepts hand edits of params.yaml with a warning."""
    listed = "; ".join(f"{key}: {d['params']} there, {d['conf']} in conf/" for key, d in list(found.items())[:SHOWN])
    if len(found) > SHOWN:
        listed += f"; and {len(found) - SHOWN} more, see {RECORD}"
    if not RECORD.exists():
        raise InfoplaneError(
            f"params.yaml: differs from conf/ ({listed}) and {RECORD}, which tells which one was edited, is missing; "
            f"restore it with git, or recompose with `{RECOMPOSE}`"
        )
    if json.loads(RECORD.read_text()).get("conf_sha256") != conf_sha256:
        raise InfoplaneError(
            f"params.yaml: conf/ was edited, but params.yaml was not recomposed from it ({listed}); "
            f"run `{RECOMPOSE}`, then `dvc repro`"
        )
    print(
        f"infoplane: params.yaml was edited by hand ({listed}); continuing with it. The next `dvc exp run` will "
        "undo the edit unless conf/ says the same.",
        file=sys.stderr,
    )


def composition(overrides: list[str]) -> DictConfig:
    """What conf/ composes to, with interpolations resolved, as DVC does it. Validation reports any `???`."""
    try:
        with initialize_config_dir(str(CONF.resolve()), version_base=None):
            composed = compose(config_name="config", overrides=overrides)
        OmegaConf.resolve(composed)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise InfoplaneError(f"conf/: cannot be composed ({' '.join(str(error).split())}); fix it") from None
    return composed


def differences(composed: DictConfig, edited: Any) -> dict[str, Any]:
    """The dotted keys whose values differ; a key that one side lacks is null there."""
    ours, theirs = flat(OmegaConf.to_container(composed)), flat(OmegaConf.to_container(edited))
    return {
        key: {"conf": ours.get(key), "params": theirs.get(key)}
        for key in sorted(ours.keys() | theirs.keys())
        if (key in ours, ours.get(key)) != (key in theirs, theirs.get(key))
    }


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one mapping with dotted keys; lists stay whole."""
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    return {k: v for key, below in value.items() for k, v in flat(below, f"{prefix}.{key}".lstrip(".")).items()}


def fingerprint(folder: Path) -> str:
    """A hash of the names and bytes of all configuration files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        digest.update(f"{path.as_posix()}\0{len(path.read_bytes())}\0".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    stage.run(main)
