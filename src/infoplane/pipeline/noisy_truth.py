"""The exact values of noisy layers, of the networks of a run, as the section `truth` asks for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..estimands import Noisy
from ..exact.noisy import noisy_points
from .common.config import Config
from .common.sections import Truth
from .networks import law_of, networks_at

COLUMNS = ["replicate", "epoch", "layer", "target", "estimand", "mi_bits"]  # of truth.csv and estimands.csv


def chosen_epochs(truth: Truth, available: Sequence[int]) -> list[int]:
    """Those that the section asks for."""
    last = available[-1]
    return [epoch for epoch in available if epoch <= truth.first or epoch % truth.every == 0 or epoch == last]


def estimand(truth: Truth) -> Noisy | None:
    """What the section asks for besides the plain values."""
    return None if truth.sigma is None else Noisy(truth.sigma, "layer" if truth.relative else "none")


def of_layers(
    wanted: Noisy, layers: Any, law: object, activation: str, stderr_bits: float
) -> list[tuple[float, float]]:
    """(I about Y, I about X) in bits of each layer; a layer that is constant holds nothing, whatever its noise."""
    points = noisy_points(layers, law, wanted, activation=activation, stderr_bits=stderr_bits)
    return [(0.0, 0.0) if point is None else (point.target_bits, point.input_bits) for point in points]


def values(config: Config, root: Path, epochs: list[int]) -> list[dict[str, Any]]:
    """The rows (see `COLUMNS`) of the networks of these epochs."""
    section, rows = config.truth, []
    wanted = estimand(section)
    if wanted is None:
        return []
    keys, names, networks, activation = networks_at(config, root, epochs, section.networks)
    for (replicate, epoch), layers in zip(keys, networks, strict=True):
        found = of_layers(wanted, layers, law_of(config), activation, section.stderr_bits)
        for place, target in enumerate(("y", "x")):
            for layer, pair in zip(names, found, strict=True):
                key = (replicate, epoch, layer, target, str(wanted), pair[place])
                rows.append(dict(zip(COLUMNS, key, strict=True)))
    return rows
