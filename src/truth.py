"""The exact I(T;Y) and I(X;T) of every replicate, epoch and layer, and of noisy layers at some: `data/truth.csv`,
`data/ceiling.json`, and `data/networks.npz`, the networks that the stage `score` asks more of."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infoplane import exact
from infoplane.laws import Array
from infoplane.pipeline import ceilings, computing, networks, networks_file, noisy_truth
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.common.progress import track

DATA = Path("data")
BLOCK = 4  # epochs
COLUMNS = noisy_truth.COLUMNS


def main() -> None:
    config = params.load()
    stage.alone("truth", DATA / "truth.csv", DATA / "ceiling.json", networks_file.path(DATA))
    law = networks.law_of(config)
    ceiling = ceilings.of(law, store.load_dataset(DATA), config.extract.split)
    rows: list[dict[str, Any]] = []
    chosen: list[int] = []
    missing = networks.missing(config)
    if missing:
        print(f"infoplane: {missing}; so the truth has no rows, and the figures do not show it", file=sys.stderr)
    else:
        epochs = store.checkpoint_epochs(DATA)
        tasks = [(config, epochs[start : start + BLOCK]) for start in range(0, len(epochs), BLOCK)]
        found = computing.run(truth, tasks, config.compute)
        rows = [row for block in track(found, len(tasks), "truth") for row in _rows(*block)]
        chosen = noisy_truth.chosen_epochs(config.truth, epochs)
        rows += noisy_rows(config, chosen)
    networks_file.save(config, DATA, chosen)
    files.save_table(DATA / "truth.csv", rows, COLUMNS)
    files.write_atomically(DATA / "ceiling.json", json.dumps(ceiling).encode() + b"\n")


def truth(config: Config, epochs: list[int]) -> tuple[list[tuple[int, int]], list[str], Array]:
    """The networks of these epochs as (replicate, epoch), the names of their layers, and I(T;Y) and I(X;T) of each,
    `(networks, layers, 2)` bits."""
    keys, names, found, activation = networks.networks_at(config, DATA, epochs)
    # All in one call, so that a layer that training did not change is computed only once.
    return keys, names, exact.network_information_many(found, networks.law_of(config), activation=activation)


def noisy_rows(config: Config, epochs: list[int]) -> list[dict[str, Any]]:
    """Those of noisy layers, if the section `truth` asks for any."""
    if config.truth.sigma is None:
        return []
    tasks = [(config, DATA.resolve(), [epoch]) for epoch in epochs]
    found = computing.run(noisy_truth.values, tasks, config.compute)
    return [row for block in track(found, len(tasks), "noisy truth") for row in block]


def _rows(keys: list[tuple[int, int]], names: list[str], found: Array) -> Iterator[dict[str, Any]]:
    """The rows of what `truth` returned, with layers in network order."""
    for (replicate, epoch), of_layer in zip(keys, found.tolist(), strict=True):
        for place, target in enumerate(("y", "x")):
            for layer, mi_bits in zip(names, of_layer, strict=True):
                yield dict(zip(COLUMNS, (replicate, epoch, layer, target, "plain", mi_bits[place]), strict=True))


if __name__ == "__main__":
    stage.run(main)
