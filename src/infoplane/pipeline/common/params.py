"""Reads params.yaml as DVC and Hydra read it."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ...core.errors import InfoplaneError
from .config import Config


def parsed(text: str) -> Any:
    """One value as params.yaml would hold it: `3` is a number, `true` a boolean, `[1, 2]` a list."""
    try:
        return OmegaConf.to_container(OmegaConf.create(f"value: {text}"), resolve=False)["value"]  # type: ignore[index,call-overload]
    except (YAMLError, OmegaConfBaseException, KeyError, TypeError):
        raise InfoplaneError(f"{text!r}: not a value that params.yaml can hold; quote or fix it") from None


def load(path: Path = Path("params.yaml")) -> Config:
    """The configuration in `path`."""
    return Config(read(path))


def read(path: Path) -> Any:
    """The contents of a file, read with OmegaConf, for which 1e-3 is a number; interpolations stay unresolved."""
    try:
        return OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except FileNotFoundError:
        raise InfoplaneError(
            f"{path}: not there; run in the repository's folder, or make it with `python src/config.py --compose`"
        ) from None
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise InfoplaneError(f"{path}: not readable as YAML ({said}); fix it, or recompose it from conf/") from None
