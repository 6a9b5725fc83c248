"""Runs one estimator over saved activations, a block of epochs at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import scaling
from ..core import plugins, store
from ..core.errors import InfoplaneError
from ..core.sections import Estimator
from ..core.seeding import Generators, generator
from . import flags, reduction, uncertainty
from .interface import Method

Array = NDArray[Any]
Floats = NDArray[np.float64]

COLUMNS = ["estimator", "replicate", "epoch", "layer", "target", "mi_bits"]
NULL_COLUMNS = ["null_mean_bits", "null_p95_bits", "p_value"]


@dataclass(frozen=True)
class Layer:
    """The activations `t` `(samples, units)` of one layer, as the estimator gets them, and their flags.

    `deviations` are `scaling.deviations(t)`, for an estimator to which scale is something.
    """

    replicate: int
    epoch: int
    name: str
    t: Array
    flags: set[str]
    deviations: Floats | None


def columns(estimator: Estimator) -> list[str]:
    """Of the table of estimates; what the settings do not ask for has no column."""
    return [
        *COLUMNS,
        *(["stderr_bits"] if estimator.stderr else []),
        *(NULL_COLUMNS if estimator.permutations else []),
        "flags",
    ]


def chosen_epochs(estimator: Estimator, available: Sequence[int]) -> list[int]:
    """The epochs that `measure` asks for. Raises `InfoplaneError` for one that was not extracted."""
    measure = estimator.measure
    if measure.epochs is None:
        last = available[-1]
        return [e for e in available if e <= measure.first or e % measure.every == 0 or e == last]
    missing = sorted(set(measure.epochs) - set(available))
    if missing:
        raise InfoplaneError(
            f"estimators.{estimator.id}.measure.epochs: {missing[0]} was not extracted; the last is {available[-1]}"
        )
    return sorted(set(measure.epochs))


def estimate_epochs(root: Path, estimator: Estimator, seed: int, epochs: Sequence[int]) -> list[dict[str, Any]]:
    """One row (see `columns`) for every value that `estimator.measure` asks for at `epochs`.

    `flags` has all words but those that comparing tells (`flags.mark`). No value depends on what else is in the block.
    """
    module = plugins.load("estimators", estimator.estimator, f"estimators.{estimator.id}.estimator")
    methods = [Method(module, estimator.params, target) for target in ("y", "x") if target in estimator.measure.targets]
    dataset, layers = _load(root, estimator, seed, epochs, judge_scale=not methods[0].is_scale_invariant)
    rows = []
    for method in methods:
        try:
            rows += _estimate(method, estimator, seed, layers, dataset.y if method.target == "y" else dataset.x)
        except InfoplaneError as error:
            raise InfoplaneError(f"estimators.{estimator.id}: {error}") from error
    for row in rows:
        row["flags"] = flags.joined(row["flags"])
    return rows


def _estimate(
    method: Method, estimator: Estimator, seed: int, layers: Sequence[Layer], y: Floats
) -> list[dict[str, Any]]:
    """The rows of one target, whose samples are `y` `(samples, targets)`, in the order of `layers`."""
    xs = [layer.t for layer in layers]
    keys: list[uncertainty.Key] = [
        (estimator.id, layer.replicate, layer.epoch, layer.name, method.target) for layer in layers
    ]
    mi_bits, own_flags = method.values(xs, y, Generators(seed, keys))
    maximum_bits = method.saturated_bits(y)
    of_y, scales = scaling.deviations(y), method.scale_range
    beside = [of_y] if method.compares_scales else []
    stderr_bits = _stderr_bits(method, estimator, seed, xs, y, keys)
    orders = None
    if estimator.permutations is not None and method.has_pairs:
        orders = uncertainty.permutations(estimator.permutations, len(y), generator(seed, estimator.id, "permutations"))
    rows = []
    for place, layer in enumerate(layers):
        row: dict[str, Any] = dict(zip(COLUMNS, [*keys[place], float(mi_bits[place])], strict=True))
        words = row["flags"] = layer.flags | own_flags[place]
        if maximum_bits is not None and flags.is_saturated(row["mi_bits"], maximum_bits):
            words.add("saturated")
        if layer.deviations is not None and flags.differ_in_scale(layer.deviations, *beside):
            words.add("scale")
        if layer.deviations is not None and scales is not None and flags.beyond(scales, layer.deviations, of_y):
            words.add("scale")
        if estimator.stderr is not None:
            row["stderr_bits"] = stderr_bits.get(keys[place])
        if orders is not None:
            null_bits = uncertainty.null_bits(method, xs[place], y, keys[place], orders, seed)
            row |= uncertainty.null_summary(row["mi_bits"], null_bits)
            if flags.is_inside_null(row["p_value"]):
                words.add("inside_null")
        rows.append(row)
    return rows


def _stderr_bits(
    method: Method, estimator: Estimator, seed: int, xs: Sequence[Array], y: Floats, keys: Sequence[uncertainty.Key]
) -> dict[uncertainty.Key, float]:
    """By key; `estimator.stderr` asks for that of some epochs, or of none."""
    if estimator.stderr is None:
        return {}
    asked = [place for place, (_, _, epoch, *_) in enumerate(keys) if estimator.stderr.at(int(epoch))]
    if not asked:
        return {}
    those = [keys[place] for place in asked]
    found = uncertainty.stderr_bits(method, [xs[place] for place in asked], y, those, estimator.stderr.splits, seed)
    return dict(zip(those, found.tolist(), strict=True))


def _load(
    root: Path, estimator: Estimator, seed: int, epochs: Sequence[int], judge_scale: bool
) -> tuple[store.Rows, list[Layer]]:
    """The dataset in the order of the activations, and every layer, both as far as `measure` asks."""
    loaded = [(epoch, store.load_activations(root, epoch)) for epoch in epochs]
    row_id = loaded[0][1].row_id
    for epoch, activations in loaded:
        if not np.array_equal(activations.row_id, row_id):
            raise InfoplaneError(
                f"{store.activations_path(root, epoch)}: its rows are not in the order of epoch {epochs[0]}; "
                "run `dvc repro extract`"
            )
    places = _places(estimator, seed, len(row_id))
    dataset = store.load_dataset(root).select(row_id[places], str(store.activations_path(root, epochs[0])))
    layers = []
    for epoch, activations in loaded:
        for name, replicates, array in _chosen(estimator, activations):
            array = array[:, places]
            words = flags.of_layer(array)
            if estimator.reduce is None:
                ts: list[Array] = list(array)
            else:
                ts = [reduction.principal_components(t, estimator.reduce.components) for t in array]
            spread: Sequence[Floats | None] = [None] * len(ts)
            if judge_scale:
                spread = list(scaling.deviations(array)) if estimator.reduce is None else [*map(scaling.deviations, ts)]
            for replicate, t, found, deviations in zip(replicates, ts, words, spread, strict=True):
                if estimator.measure.pairs == "shuffled":
                    t = t[generator(seed, estimator.id, "pairs", replicate, epoch, name).permutation(len(t))]
                layers.append(Layer(replicate, epoch, name, t, found, deviations))
    return dataset, layers


def _places(estimator: Estimator, seed: int, samples: int) -> NDArray[np.int64] | slice:
    """The places of the samples to measure; each smaller number of them is a part of a larger one."""
    wanted = estimator.measure.samples
    if wanted is None:
        return slice(None)
    if wanted > samples:
        raise InfoplaneError(
            f"estimators.{estimator.id}.measure.samples: {wanted} of the {samples} there are; lower it"
        )
    return generator(seed, "samples").permutation(samples)[:wanted]


def _chosen(
    estimator: Estimator, activations: store.Activations
) -> Iterator[tuple[str, list[int], NDArray[np.float32]]]:
    """(layer, replicates, activations of these) for all that `measure` asks for, in network order."""
    measure, where = estimator.measure, f"estimators.{estimator.id}.measure"
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
