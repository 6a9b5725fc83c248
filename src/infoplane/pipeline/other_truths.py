"""The exact values of noisy, binned and usable information, of the networks of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InfoplaneError
from ..estimands import Binned, Estimand, Noisy, Plain, Target, Usable
from ..estimators._shared.edges import inner_edges
from ..exact.binned import cut_information
from ..exact.noisy import noisy_points
from ..exact.usable import linearly_usable_information
from ..laws import KnownLaw
from . import networks_file, noisy_truth
from .common import store
from .common.config import Config
from .common.sections import Truth
from .measurements import measurement
from .networks import law_of

BLOCK = 2  # epochs a task
Asked = tuple[Estimand, Target]
Row = dict[str, Any]


def of_the_estimators(config: Config) -> dict[Asked, set[int]]:
    """What the estimators of the run are estimates of, and of which replicates, apart from the plain values and those
    of the section `truth`.

    Not of an estimator that reduces its layers first: its layers are others.
    """
    found: dict[Asked, set[int]] = {}
    first, known = set(range(config.truth.networks)), noisy_truth.estimand(config.truth)
    for key in config.estimator_ids:
        asked = measurement(config, key)
        measure = asked.settings.measure
        replicates = first if measure.replicates == "all" else first & set(measure.replicates)
        for target in measure.targets if asked.settings.reduce is None else ():
            estimand = asked.estimator.estimand.about(target)
            # By name, as the tables tell them apart: a square root of 0.001 and 0.0316227766 are one.
            if not isinstance(estimand, Plain) and str(estimand) != str(known):
                named = {str(each): each for each, of in found if of == target}
                found.setdefault((named.get(str(estimand), estimand), target), set()).update(replicates)
    return found


def unknown(law: KnownLaw, asked: Asked) -> str:
    """Why an estimand has no exact value; empty where it has one."""
    estimand, target = asked
    if isinstance(estimand, Usable) and (estimand.family != "linear" or target == "x"):
        return f"{estimand} of target {target} has no exact value"
    if isinstance(estimand, Noisy) and estimand.target_sigma is not None:
        try:
            noisy_points([(np.ones((1, 1)), np.zeros(1))], law, estimand, stderr_bits=1.0)
        except InfoplaneError as error:
            return f"{estimand} has no exact value: {error}"
    return ""


def values(config: Config, root: Path, epochs: list[int], asked: Mapping[Asked, set[int]]) -> list[Row]:
    """The rows (see `noisy_truth.COLUMNS`) of the networks of these epochs, as the section `truth` asks for."""
    section, law, rows, networks = config.truth, law_of(config), list[Row](), networks_file.load(root)
    for epoch in epochs:
        cuts = _Cuts(root, epoch) if any(isinstance(estimand, Binned) for estimand, _ in asked) else None
        for replicate in range(networks.replicates):
            layers = networks.layers(epoch, replicate)
            known: dict[Estimand, Any] = {}
            for (estimand, target), replicates in asked.items():
                if replicate not in replicates:
                    continue
                if estimand not in known:
                    known[estimand] = _of_layers(estimand, layers, law, networks.activation, section, cuts, replicate)
                for layer, pair in zip(networks.weights, known[estimand], strict=True):
                    mi_bits = pair[0] if target == "y" else pair[1]
                    key = (replicate, epoch, layer, target, str(estimand), mi_bits)
                    rows.append(dict(zip(noisy_truth.COLUMNS, key, strict=True)))
    return rows


class _Cuts:
    """The edges of the bins of a `Binned`, as `binning` sets them on the rows of an epoch."""

    def __init__(self, root: Path, epoch: int) -> None:
        self.activations = store.load_activations(root, epoch)
        source = str(store.activations_path(root, epoch))
        self.y = store.load_dataset(root).select(self.activations.row_id, source).y

    def of_layers(self, cut: Binned, replicate: int) -> list[list[NDArray[np.float64]]]:
        layers = (array[replicate] for array in self.activations.layers.values())
        return [inner_edges(t, cut.rule, cut.bins, cut.range) for t in layers]

    def of_y(self, cut: Binned) -> NDArray[np.float64] | None:
        return None if cut.bins_y is None else inner_edges(self.y, cut.rule, cut.bins_y, None)[0]


def _of_layers(
    estimand: Estimand,
    layers: Any,
    law: object,
    activation: str,
    section: Truth,
    cuts: _Cuts | None,
    replicate: int,
) -> list[tuple[float, float]]:
    """(I about Y, I about X) in bits of each layer; what an estimand does not have is NaN."""
    if isinstance(estimand, Noisy):
        return noisy_truth.of_layers(estimand, layers, law, activation, section.stderr_bits)
    if isinstance(estimand, Usable):
        return [(bits, np.nan) for bits in linearly_usable_information(layers, law, activation=activation)]
    assert isinstance(estimand, Binned)
    assert cuts is not None
    edges, of_y = cuts.of_layers(estimand, replicate), cuts.of_y(estimand)
    found = cut_information(layers, law, edges, of_y, activation=activation)
    return [(point.target_bits, point.input_bits) for point in found]
