"""Runs one estimator over saved activations, a block of epochs at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import plugins, store
from .config import Estimator
from .errors import InfoplaneError
from .seeding import Generators, generator

Array = NDArray[np.float64]
COLUMNS = ["estimator", "replicate", "epoch", "layer", "target", "mi_bits", "flags"]


def chosen_epochs(estimator: Estimator, available: Sequence[int]) -> list[int]:
    """The epochs that `measure` asks for. Raises `InfoplaneError` for one that was not extracted."""
    measure = estimator.measure
    if measure.epochs is None:
        return [epoch for epoch in available if epoch % measure.every == 0]
    missing = sorted(set(measure.epochs) - set(available))
    if missing:
        raise InfoplaneError(
            f"estimators.{estimator.id}.measure.epochs: {missing[0]} was not extracted; the last is {available[-1]}"
        )
    return sorted(set(measure.epochs))


def estimate_epochs(root: Path, estimator: Estimator, seed: int, epochs: Sequence[int]) -> list[dict[str, Any]]:
    """One row (see `COLUMNS`) for every value that `estimator.measure` asks for at `epochs`."""
    module = plugins.load("estimators", estimator.estimator, f"estimators.{estimator.id}.estimator")
    dataset = store.load_dataset(root)
    loaded = [(epoch, store.load_activations(root, epoch)) for epoch in epochs]
    row_id = loaded[0][1].row_id
    for epoch, activations in loaded:
        if not np.array_equal(activations.row_id, row_id):
            raise InfoplaneError(
                f"{store.activations_path(root, epoch)}: its rows are not in the order of epoch {epochs[0]}; "
                "run `dvc repro extract`"
            )
    rows = dataset.select(row_id, str(store.activations_path(root, epochs[0])))
    keys, xs = [], []
    for epoch, activations in loaded:
        for replicate, layer, x in _chosen(estimator, activations):
            keys.append((replicate, epoch, layer))
            if estimator.measure.pairs == "shuffled":
                x = x[generator(seed, estimator.id, "pairs", replicate, epoch, layer).permutation(len(x))]
            xs.append(x)
    return [
        {
            "estimator": estimator.id,
            "replicate": replicate,
            "epoch": epoch,
            "layer": layer,
            "target": target,
            "mi_bits": float(value),
            "flags": "",
        }
        for target, y in (("y", rows.y), ("x", rows.x))
        if target in estimator.measure.targets
        for (replicate, epoch, layer), value in zip(
            keys, values(module, estimator, xs, y, target, _generators(seed, estimator, keys, target)), strict=True
        )
    ]


def values(
    module: ModuleType, estimator: Estimator, xs: Sequence[Array], y: Array, target: str, rngs: Generators
) -> Array:
    """The estimate, in bits, of each `x` of `xs` with `y`, by the cheapest function that the estimator offers."""
    try:
        if target == "x" and hasattr(module, "input_information"):
            if hasattr(module, "input_information_many"):
                found = module.input_information_many(xs, rngs=rngs, **estimator.params)
            else:
                found = [
                    module.input_information(x, rng=rng, **estimator.params)
                    for x, rng in zip(xs, rngs, strict=True)
                ]
        elif hasattr(module, "estimate_many"):
            found = module.estimate_many(xs, y, rngs=rngs, **estimator.params)
        else:
            found = [module.estimate(x, y, rng=rng, **estimator.params) for x, rng in zip(xs, rngs, strict=True)]
    except InfoplaneError as error:
        raise InfoplaneError(f"estimators.{estimator.id}: {error}") from error
    return np.asarray(found, dtype=np.float64)


def _chosen(estimator: Estimator, activations: store.Activations) -> Iterator[tuple[int, str, NDArray[np.float32]]]:
    """(replicate, layer, activation) for every one that `measure` asks for."""
    measure, where = estimator.measure, f"estimators.{estimator.id}.measure"
    layers = list(activations.layers) if measure.layers == "all" else measure.layers
    for layer in layers:
        if layer not in activations.layers:
            raise InfoplaneError(f"{where}.layers: no layer {layer!r}; there are {', '.join(activations.layers)}")
        array = activations.layers[layer]
        replicates = range(len(array)) if measure.replicates == "all" else measure.replicates
        for replicate in replicates:
            if replicate >= len(array):
                raise InfoplaneError(f"{where}.replicates: no replicate {replicate}; the last is {len(array) - 1}")
            yield replicate, layer, array[replicate]


def _generators(seed: int, estimator: Estimator, keys: Sequence[tuple[int, int, str]], target: str) -> Generators:
    return Generators(seed, [(estimator.id, *key, target) for key in keys])
