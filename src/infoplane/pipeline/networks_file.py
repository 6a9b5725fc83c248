"""The networks that exact values of other estimands are of, in one small file: whoever has it needs no checkpoints."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .common import files
from .common.config import Config
from .networks import networks_at


@dataclass(frozen=True)
class Networks:
    """Those of some epochs, `replicates` of each; `weights` and `biases` of each layer, by its name in network order,
    `(epochs, replicates, out, in)` and `(epochs, replicates, out)`."""

    epochs: list[int]
    replicates: int
    activation: str
    weights: dict[str, NDArray[np.float32]]
    biases: dict[str, NDArray[np.float32]]

    def layers(self, epoch: int, replicate: int) -> list[tuple[Any, Any]]:
        place = self.epochs.index(epoch)
        return [(self.weights[name][place, replicate], self.biases[name][place, replicate]) for name in self.weights]


def path(root: Path) -> Path:
    return root / "networks.npz"


def save(config: Config, root: Path, epochs: list[int]) -> None:
    """Those of the first `truth.networks` replicates at these epochs; of none, where there is no exact answer."""
    arrays: dict[str, NDArray[Any]] = {"epochs": np.array(epochs, np.int64)}
    names, activation = list[str](), ""
    if epochs:
        keys, names, found, activation = networks_at(config, root, epochs, config.truth.networks)
        shape = len(epochs), len(keys) // len(epochs)
        for place, name in enumerate(names):
            for part, kind in enumerate(("weight", "bias")):
                stacked = np.stack([layers[place][part] for layers in found])
                arrays[f"{name}.{kind}"] = stacked.reshape(*shape, *stacked.shape[1:])
    files.save_npz(path(root), arrays | {"layers": np.array(names, dtype=str), "activation": np.array(activation)})


def load(root: Path) -> Networks:
    arrays = files.load_npz(path(root))
    names = [str(name) for name in arrays["layers"].tolist()]
    weights, biases = ({name: arrays[f"{name}.{kind}"] for name in names} for kind in ("weight", "bias"))
    replicates = weights[names[0]].shape[1] if names else 0
    return Networks(arrays["epochs"].tolist(), replicates, str(arrays["activation"]), weights, biases)
