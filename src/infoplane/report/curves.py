"""The curves of a run as plain lists, which the page's script draws."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from .. import palette
from ..results import Results, flag_counts
from . import words
from .run import Run

MOST = 160  # epochs of a curve; a screen shows no more
LINEAR = 10  # the axis of epochs is linear up to here, and logarithmic after it


def content(run: Run) -> dict[str, Any]:
    """Everything that is drawn: see the comments in `report.js`, which reads it."""
    results = run.results
    used = sorted(results.estimates["replicate"].unique())
    replicates = sorted({*used, *results.training.get("replicate", pd.Series(dtype="int64")).unique()})
    truths = pd.concat([results.truth, results.other_truths], ignore_index=True)
    wanted = dict.fromkeys(["plain", *truths["estimand"]])
    return {
        "layers": list(results.layers),
        "layer_colours": palette.layers(len(results.layers)),
        "networks": [run.networks[number] for number in replicates],
        "ceiling": results.ceiling_bits,
        "ceiling_name": results.ceiling_name,
        "linear": LINEAR,
        "estimators": [_estimator(run, key, replicates) for key in results.ids],
        "truths": [
            {"estimand": name, "words": words.quantity(name), "curves": curves}
            for name in wanted
            if (curves := _curves(truths[truths["estimand"] == name], results, replicates))
        ],
        "loss": _loss(results.training, replicates),
    }


def _estimator(run: Run, key: str, replicates: list[int]) -> dict[str, Any]:
    own = run.results.estimates[run.results.estimates["estimator"] == key]
    colour, dashes = palette.estimator(key, run.results.ids)
    estimand = run.estimand(key)
    return {
        "id": key,
        "estimand": estimand,
        "words": words.quantity(estimand),
        "colour": colour,
        "dashes": dashes,
        "shuffled": key in run.shuffled,
        "curves": _curves(own, run.results, replicates, flags=True),
    }


def _curves(
    table: pd.DataFrame, results: Results, replicates: list[int], *, flags: bool = False
) -> dict[str, dict[str, Any]]:
    """By target, `epochs` and `layers`: the values in bits by the place of the layer and then of the network."""
    found: dict[str, dict[str, Any]] = {}
    for target in ("y", "x"):
        own = table[(table["target"] == target) & np.isfinite(table["mi_bits"])]
        if own.empty:
            continue
        epochs = shown(own["epoch"].unique().tolist())
        own = own[own["epoch"].isin(epochs)]
        found[target] = {"epochs": epochs, "values": _by_layer(own, "mi_bits", epochs, results, replicates)}
        if flags:
            if own["bar_bits"].notna().any():
                found[target]["bars"] = _by_layer(own, "bar_bits", epochs, results, replicates)
            found[target]["flags"] = _flags(own, epochs, results)
    return found


def _by_layer(
    table: pd.DataFrame, value: str, epochs: list[int], results: Results, replicates: list[int]
) -> dict[str, dict[str, list[float | None]]]:
    layer = {name: str(place) for place, name in enumerate(results.layers)}
    network: dict[Hashable, str] = {number: str(place) for place, number in enumerate(replicates)}
    found: dict[str, dict[str, list[float | None]]] = {}
    for (name, number), own in table.groupby(["layer", "replicate"], observed=True):
        column = own.set_index("epoch")[value].reindex(epochs)
        values = [None if np.isnan(each) else round(float(each), 4) + 0.0 for each in column]
        found.setdefault(layer[str(name)], {})[network[number]] = values
    return found


def _flags(table: pd.DataFrame, epochs: list[int], results: Results) -> dict[str, dict[str, list[list[int]]]]:
    """By layer and flag, stretches of places in `epochs`, first and last, where any network carries it."""
    places: dict[Hashable, int] = {epoch: place for place, epoch in enumerate(epochs)}
    found: dict[str, dict[str, list[list[int]]]] = {}
    counts = flag_counts(table, ["layer", "epoch"])
    for (name, flag), own in counts.groupby(["layer", "flag"], observed=True):
        there = np.array(sorted(places[epoch] for epoch in own["epoch"].unique()))
        runs = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1)
        place = str(results.layers.index(str(name)))
        found.setdefault(place, {})[str(flag)] = [[int(each[0]), int(each[-1])] for each in runs]
    return found


def _loss(training: pd.DataFrame, replicates: list[int]) -> dict[str, Any] | None:
    if training.empty:
        return None
    epochs = shown(training["epoch"].unique().tolist())
    place: dict[Hashable, str] = {number: str(at) for at, number in enumerate(replicates)}
    found: dict[str, Any] = {"epochs": epochs}
    for name in ("train_loss", "test_loss"):
        table = training.pivot(index="epoch", columns="replicate", values=name).reindex(index=epochs)
        found[name] = {
            place[number]: [float(f"{each:.5g}") if np.isfinite(each) else None for each in column]
            for number, column in table.items()
        }
    return found


def shown(epochs: list[int]) -> list[int]:
    """At most `MOST` of these, dense where the axis is wide, and always the first and the last."""
    there = np.array(sorted(epochs))
    if len(there) <= MOST:
        return [int(each) for each in there]
    places = axis(there)
    grid = np.linspace(places[0], places[-1], MOST)
    nearest = np.abs(places[:, None] - grid[None]).argmin(axis=0)
    return [int(each) for each in there[np.unique(nearest)]]


def axis(epochs: np.ndarray) -> np.ndarray:
    """Where epochs lie on the axis, in units of its linear part."""
    late = np.maximum(epochs, LINEAR) / LINEAR
    return np.where(epochs <= LINEAR, epochs / LINEAR, 1 + np.log10(late))
