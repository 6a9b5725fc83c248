"""What conf/ composes to, as a person who overrides keys would get it."""

from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from scratch import ROOT


def composed(*overrides: str) -> Any:
    """As plain values; what has to be given stays `???`."""
    with initialize_config_dir(str(ROOT / "conf"), version_base=None):
        return OmegaConf.to_container(compose("config", overrides=list(overrides)), resolve=True)
