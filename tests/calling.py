"""Estimators called as the library calls them: arrays pass the gate, and y is numbers unless labels are declared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infoplane.arrays import variables
from infoplane.arrays.variables import Variable
from infoplane.estimators._shared.base import Estimator

Floats = NDArray[np.float64]


def variable(y: Any, labels: bool = False) -> Variable:
    """y as an estimator takes it; nothing is guessed."""
    return variables.target(y, labels)


def estimate(estimator: Estimator, x: Any, y: Any, seed: int = 0, *, labels: bool = False) -> float:
    value = estimator._estimate(variables.numbers(x), variable(y, labels), np.random.default_rng(seed))
    assert isinstance(value, float)
    return value


def estimate_many(
    estimator: Estimator, xs: Sequence[Any], y: Any, seeds: Sequence[int] | None = None, *, labels: bool = False
) -> Floats:
    """The i-th with a generator seeded by i, or by the i-th of `seeds`."""
    return estimator._estimate_many([*map(variables.numbers, xs)], variable(y, labels), _rngs(seeds, len(xs)))


def estimate_flagged(
    estimator: Estimator, xs: Sequence[Any], y: Any, seeds: Sequence[int] | None = None, *, labels: bool = False
) -> tuple[Floats, list[set[str]]]:
    return estimator._estimate_flagged([*map(variables.numbers, xs)], variable(y, labels), _rngs(seeds, len(xs)))


def estimate_permuted(
    estimator: Estimator, x: Any, y: Any, permutations: NDArray[np.int64], seed: int = 0, *, labels: bool = False
) -> Floats:
    """Every draw with a generator of this one seed, so that it can be compared with `estimate`."""
    rngs = _rngs([seed] * len(permutations), len(permutations))
    return estimator._estimate_permuted(variables.numbers(x), variable(y, labels), permutations, rngs)


def input_information(estimator: Estimator, t: Any, seed: int = 0) -> float:
    return float(input_informations(estimator, [t], [seed])[0])


def input_informations(estimator: Estimator, ts: Sequence[Any], seeds: Sequence[int] | None = None) -> Floats:
    return estimator._input_information([*map(variables.numbers, ts)], _rngs(seeds, len(ts)))


def _rngs(seeds: Sequence[int] | None, count: int) -> list[np.random.Generator]:
    seeds = range(count) if seeds is None else seeds
    assert len(seeds) == count
    return [np.random.default_rng(seed) for seed in seeds]
