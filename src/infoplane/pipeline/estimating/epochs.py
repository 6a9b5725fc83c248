"""Runs one estimator over the activations on disk, one block of epochs at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import variables
from ...core.errors import InfoplaneError
from ...core.seeding import generator
from ...estimation import flags, values
from ...estimation.layers import Layer, prepared
from ...estimation.method import Method
from ..common import store
from ..measurements import Measurement


def chosen_epochs(measurement: Measurement, available: Sequence[int]) -> list[int]:
    """The epochs that `measure` asks for. Raises `InfoplaneError` for one that was not extracted."""
    measure = measurement.settings.measure
    if measure.epochs is None:
        last = available[-1]
        return [e for e in available if e <= measure.first or e % measure.every == 0 or e == last]
    missing = sorted(set(measure.epochs) - set(available))
    if missing:
        raise InfoplaneError(
            f"estimators.{measurement.id}.measure.epochs: {missing[0]} was not extracted; the last is {available[-1]}"
        )
    return sorted(set(measure.epochs))


def estimate_epochs(
    root: Path, measurement: Measurement, seed: int, epochs: Sequence[int], law_is_known: bool = False
) -> list[dict[str, Any]]:
    """One row (see `values.columns`) for every value that `measure` asks for at `epochs`.

    `flags` lacks the words that need a comparison of values (`flags.mark`). No value depends on the rest of the block.
    """
    settings = measurement.settings
    dataset, layers = _load(root, measurement, seed, epochs)
    rows = []
    for target in ("y", "x"):
        if target not in settings.measure.targets:
            continue
        if target == "x" and not dataset.x.shape[1]:
            raise InfoplaneError(
                f"{store.dataset_path(root)}: x was left out; set estimators.{measurement.id}.measure.targets to [y]"
            )
        y = variables.target(dataset.y, dataset.has_labels) if target == "y" else variables.Variable(dataset.x)
        try:
            method = Method(measurement.estimator, target)
            rows += values.rows(
                method, measurement.id, layers, y, settings=settings, seed=seed, law_is_known=law_is_known
            )
        except InfoplaneError as error:
            raise InfoplaneError(f"estimators.{measurement.id}: {error}") from error
    for row in rows:
        row["flags"] = flags.joined(row["flags"])
    return rows


def _load(root: Path, measurement: Measurement, seed: int, epochs: Sequence[int]) -> tuple[store.Rows, list[Layer]]:
    """The dataset in the order of the activations, and every layer; both hold only what `measure` asks for."""
    loaded = [(epoch, store.load_activations(root, epoch)) for epoch in epochs]
    row_id = loaded[0][1].row_id
    for epoch, activations in loaded:
        if not np.array_equal(activations.row_id, row_id):
            raise InfoplaneError(
                f"{store.activations_path(root, epoch)}: its rows are not in the order of epoch {epochs[0]}; "
                "run `dvc repro extract`"
            )
    places = _places(measurement, seed, len(row_id))
    dataset = store.load_dataset(root).select(row_id[places], str(store.activations_path(root, epochs[0])))
    layers = []
    for epoch, activations in loaded:
        for name, replicates, array in _chosen(measurement, activations):
            layers += prepared(
                array[:, places],
                replicates,
                epoch,
                name,
                key=measurement.id,
                settings=measurement.settings,
                seed=seed,
                judge_scale=not measurement.estimator.scale_invariant,
            )
    return dataset, layers


def _places(measurement: Measurement, seed: int, samples: int) -> NDArray[np.int64] | slice:
    """The places of the samples to measure; a smaller number of samples is a subset of a larger one."""
    wanted = measurement.settings.measure.samples
    if wanted is None:
        return slice(None)
    if wanted > samples:
        raise InfoplaneError(
            f"estimators.{measurement.id}.measure.samples: {wanted}, but there are only {samples}; lower it"
        )
    if measurement.settings.block is not None:
        return slice(wanted)  # a stretch of a series is still one
    return generator(seed, "samples").permutation(samples)[:wanted]


def _chosen(
    measurement: Measurement, activations: store.Activations
) -> Iterator[tuple[str, list[int], NDArray[np.float32]]]:
    """(layer, replicates, their activations) for all that `measure` asks for, in network order."""
    measure, where = measurement.settings.measure, f"estimators.{measurement.id}.measure"
    names = list(activations.layers)
    if measure.layers != "all":
        unknown = [layer for layer in measure.layers if layer not in names]
        if unknown:
            raise InfoplaneError(f"{where}.layers: no layer {unknown[0]!r}; there are {', '.join(names)}")
        names = [name for name in names if name in measure.layers]
    for name in names:
        array = activations.layers[name]
        if measure.replicates == "all":
            yield name, list(range(len(array))), array
            continue
        replicates = sorted(set(measure.replicates))
        if replicates[-1] >= len(array):
            raise InfoplaneError(f"{where}.replicates: no replicate {replicates[-1]}; the last is {len(array) - 1}")
        yield name, replicates, array[replicates]
