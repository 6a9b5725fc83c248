"""The exact I(T;Y) and I(X;T) of every replicate, epoch and layer: `data/truth.csv`, and `data/ceiling.json`."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from infoplane import exact
from infoplane.core import plugins
from infoplane.laws import Array, KnownLaw
from infoplane.pipeline import checkpoints, computing
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.common.progress import track

DATA = Path("data")
BLOCK = 4  # epochs
COLUMNS = ["replicate", "epoch", "layer", "target", "mi_bits"]


def main() -> None:
    config = params.load()
    law = _law(config)
    ceiling_bits = exact.ceiling(law) if isinstance(law, KnownLaw) else None
    rows: list[dict[str, Any]] = []
    missing = _missing(config, law)
    if missing:
        print(f"infoplane: {missing}; so the truth has no rows, and the figures do not show it", file=sys.stderr)
    else:
        epochs = store.checkpoint_epochs(DATA)
        tasks = [(config, epochs[start : start + BLOCK]) for start in range(0, len(epochs), BLOCK)]
        found = computing.run(truth, tasks, config.compute)
        rows = [row for block in track(found, len(tasks), "truth") for row in _rows(*block)]
    files.save_table(DATA / "truth.csv", rows, COLUMNS)
    files.write_atomically(DATA / "ceiling.json", json.dumps({"mi_bits": ceiling_bits}).encode() + b"\n")


def truth(config: Config, epochs: list[int]) -> tuple[list[tuple[int, int]], list[str], Array]:
    """The networks of these epochs as (replicate, epoch), the names of their layers, and I(T;Y) and I(X;T) of each,
    `(networks, layers, 2)` bits."""
    law = _law(config)
    model = plugins.load("models", config.model.architecture, "model.architecture")
    networks, keys, names, activation = [], [], list[str](), ""
    for epoch in epochs:
        checkpoint = checkpoints.read(store.checkpoint_path(store.checkpoints_folder(DATA), epoch))
        for replicate in range(checkpoint.header.replicates):
            layers, activation = model.piecewise(checkpoint.replicate(replicate), **config.model.params)
            networks.append(list(layers.values()))
            names = list(layers)
            keys.append((replicate, epoch))
    # All in one call, so that a layer that training did not change is computed only once.
    return keys, names, exact.network_information_many(networks, law, activation=activation)


def _rows(keys: list[tuple[int, int]], names: list[str], found: Array) -> Iterator[dict[str, Any]]:
    """The rows of what `truth` returned, with layers in network order."""
    for (replicate, epoch), of_layer in zip(keys, found.tolist(), strict=True):
        for place, target in enumerate(("y", "x")):
            for layer, mi_bits in zip(names, of_layer, strict=True):
                yield dict(zip(COLUMNS, (replicate, epoch, layer, target, mi_bits[place]), strict=True))


def _law(config: Config) -> object:
    dataset = config.dataset
    return _made(dataset.generator, tuple(sorted(dataset.params.items())))


@lru_cache
def _made(generator: str, parameters: tuple[tuple[str, Any], ...]) -> object:
    """One object per process: the tables behind the exact values are cached by the law object."""
    return plugins.load("datasets", generator, "dataset.generator").make(**dict(parameters))


def _missing(config: Config, law: object) -> str:
    """Why there is no exact answer; empty where there is one."""
    if not isinstance(law, KnownLaw):
        return f"dataset.generator {config.dataset.generator} declares no one-dimensional law"
    model = plugins.load("models", config.model.architecture, "model.architecture")
    if not hasattr(model, "piecewise"):
        return f"model.architecture {config.model.architecture} offers no exact answer"
    return ""


if __name__ == "__main__":
    stage.run(main)
