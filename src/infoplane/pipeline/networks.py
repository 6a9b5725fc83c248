"""The trained networks as the exact values take them, and the law of their data."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from ..core import plugins
from ..laws import KnownLaw
from . import checkpoints
from .common import store
from .common.config import Config, is_read


def law_of(config: Config) -> object:
    """What the dataset returns: a law, where it has one; None for data that are read."""
    if is_read(config.dataset.generator):
        return None
    return _made(config.dataset.generator, tuple(sorted(config.dataset.params.items())))


@lru_cache
def _made(generator: str, parameters: tuple[tuple[str, Any], ...]) -> object:
    """One object per process: the tables behind the exact values are cached by the law object."""
    return plugins.load("datasets", generator, "dataset.generator").make(**dict(parameters))


def missing(config: Config) -> str:
    """Why there is no exact answer; empty where there is one."""
    if not isinstance(law_of(config), KnownLaw):
        return f"dataset.generator {config.dataset.generator} declares no one-dimensional law"
    model = plugins.load("models", config.model.architecture, "model.architecture")
    if not hasattr(model, "piecewise"):
        return f"model.architecture {config.model.architecture} offers no exact answer"
    return ""


def networks_at(
    config: Config, root: Path, epochs: list[int], most: int | None = None
) -> tuple[list[tuple[int, int]], list[str], list[list[Any]], str]:
    """The networks of these epochs as (replicate, epoch), the names of their layers, the layers of each, and the
    activation. `most` takes the first so many replicates."""
    model = plugins.load("models", config.model.architecture, "model.architecture")
    networks, keys, names, activation = [], [], list[str](), ""
    for epoch in epochs:
        checkpoint = checkpoints.read(store.checkpoint_path(store.checkpoints_folder(root), epoch))
        replicates = checkpoint.header.replicates
        for replicate in range(replicates if most is None else min(most, replicates)):
            layers, activation = model.piecewise(checkpoint.replicate(replicate), **config.model.params)
            networks.append(list(layers.values()))
            names = list(layers)
            keys.append((replicate, epoch))
    return keys, names, networks, activation
