"""Layers as an estimator gets them: reduced or shuffled where that is asked for, with what is to be said of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import scaling
from ..core.seeding import generator
from . import flags, reduction
from .settings import Settings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """The activations `t` `(samples, units)` of one layer, and their flags.

    `deviations` are `scaling.deviations(t)`, for an estimator whose value depends on the scale of columns.
    """

    replicate: int
    epoch: int
    name: str
    t: NDArray[Any]
    flags: set[str]
    deviations: Floats | None


def prepared(
    array: NDArray[np.floating],
    replicates: Sequence[int],
    epoch: int,
    name: str,
    *,
    key: str,
    settings: Settings,
    seed: int,
    judge_scale: bool,
) -> list[Layer]:
    """A `Layer` of each replicate of `array` `(replicates, samples, units)`; `key` is the estimator's id."""
    ts: list[NDArray[Any]] = list(array)
    if settings.reduce is not None:
        ts = [reduction.principal_components(t, settings.reduce.components) for t in array]
    spread: Sequence[Floats | None] = [None] * len(ts)
    if judge_scale:
        spread = list(scaling.deviations(array)) if settings.reduce is None else [*map(scaling.deviations, ts)]
    layers = []
    for replicate, t, words, deviations in zip(replicates, ts, flags.of_layer(array), spread, strict=True):
        if settings.measure.pairs == "shuffled":
            t = t[generator(seed, key, "pairs", replicate, epoch, name).permutation(len(t))]
        layers.append(Layer(replicate, epoch, name, t, words, deviations))
    return layers
