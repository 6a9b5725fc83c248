"""Estimates every layer and epoch of a recorded folder: `estimates/ID.csv`, with the columns of the pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import variables
from ..arrays.variables import Variable
from ..choice import suitable
from ..core import cores, files, folder
from ..core.errors import InfoplaneError
from ..core.folder import Rows
from ..estimation import bound, flags, values
from ..estimation.layers import prepared
from ..estimation.method import Method, Target
from ..estimation.settings import Settings
from ..estimators._shared.base import Estimator
from . import names, progress, run

NOTHING_MORE = Settings()
GROUP = 256 * 2**20  # bytes of layers that are read at once; of larger layers one at a time


@dataclass(frozen=True)
class Asked:
    """What to estimate: estimators by id, or nothing for what suits the data, of the layers that patterns match."""

    estimators: Mapping[str, Estimator] = field(default_factory=dict)
    settings: Settings = NOTHING_MORE
    inputs: bool = False
    layers: Sequence[str] | None = None
    seed: int = 0
    workers: int | None = None


def estimate(root: Path, asked: Asked) -> dict[str, list[dict[str, Any]]]:
    """The rows (see `values.columns`) by id of the estimator, which are also written to `estimates/ID.csv`.

    Raises `InfoplaneError` for a folder without epochs, for files that are damaged, of another run or of other rows,
    and for what an estimator is not for.
    """
    epochs, dataset = run.epochs(root), folder.load_dataset(root, run.STEPS)
    if asked.inputs and not dataset.x.shape[1]:
        raise InfoplaneError(f"{folder.dataset_path(root)}: x was left out; leave --inputs out too")
    layers = _layers(root, epochs, dataset, asked.layers)
    estimators = dict(asked.estimators) or _suitable(root, epochs[0], dataset, layers)
    sent = dataset if asked.inputs else replace(dataset, x=dataset.x[:, :0])  # each process gets one
    one = partial(_epoch, root, sent, layers, estimators, asked)
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in estimators}
    done = cores.run(one, [(epoch,) for epoch in epochs], asked.workers)
    for rows in progress.track(done, len(epochs), f"estimate {root}"):
        for key, own in rows.items():
            found[key] += own
    for key, own in found.items():
        truth = flags.Truth(flags.label_ceiling_bits(_target(dataset)))
        if run.is_whole(root):
            flags.mark(own, asked.settings, truth)
        else:
            flags.mark_truth(own, flags.standard_errors(own), truth, shuffled=False)
        files.save_table(path(root, key), own, values.columns(asked.settings))
        run.note_asked(root, key, _words(estimators[key], asked))
    return found


def _words(estimator: Estimator, asked: Asked) -> str:
    more = asked.settings.model_dump_json(exclude_defaults=True)
    return f"{estimator}, seed {asked.seed}" + ("" if more == "{}" else f", {more}")


def path(root: Path, key: str) -> Path:
    return root / "estimates" / f"{key}.csv"


def _layers(root: Path, epochs: Sequence[int], dataset: Rows, patterns: Sequence[str] | None) -> list[str]:
    """The layers to estimate. Looks into every file before the first estimate, which may take hours."""
    known: list[str] = []
    for epoch in epochs:
        with run.opened(root, epoch) as file:
            known = known or file.layers
            if file.layers != known:
                raise InfoplaneError(
                    f"{file.path}: holds the layers {names.listed(file.layers)}, and epoch {epochs[0]} "
                    f"{names.listed(known)}; {run.STEPS.damaged}"
                )
            dataset.places(file.row_id, str(file.path), run.STEPS)
            if len(file.row_id) < variables.FEWEST:
                raise InfoplaneError(
                    f"{file.path}: has {len(file.row_id)} rows; at least {variables.FEWEST} are needed"
                )
    return known if patterns is None else names.chosen(patterns, known, "--layers")


def _target(dataset: Rows) -> Variable:
    return variables.target(dataset.y, dataset.has_labels)


def _suitable(root: Path, epoch: int, dataset: Rows, layers: Sequence[str]) -> dict[str, Estimator]:
    """What suits the widest layer, so that all of them are measured alike."""
    with folder.opened(root, epoch, run.STEPS) as file:
        here = dataset.at(dataset.places(file.row_id, str(file.path), run.STEPS))
        widest = max((file.layer(name)[0] for name in layers), key=lambda t: t.shape[1])
    chosen = suitable(widest, _target(here))
    return {chosen.name: chosen}


def _epoch(
    root: Path,
    dataset: Rows,
    layers: Sequence[str],
    estimators: Mapping[str, Estimator],
    asked: Asked,
    epoch: int,
) -> dict[str, list[dict[str, Any]]]:
    """The rows of one epoch by id, in network order."""
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in estimators}
    for row_id, group in _groups(root, epoch, layers):
        here = dataset.at(dataset.places(row_id, str(folder.activations_path(root, epoch)), run.STEPS))
        targets: dict[Target, Variable] = {"y": _target(here)}
        if asked.inputs:
            targets["x"] = Variable(variables.numbers(here.x))
        for key, estimator in estimators.items():
            of_layers = [
                layer
                for name, array in group.items()
                for layer in prepared(
                    array,
                    range(len(array)),
                    epoch,
                    name,
                    key=key,
                    settings=asked.settings,
                    seed=asked.seed,
                    judge_scale=not estimator.scale_invariant,
                )
            ]
            for letter, target in targets.items():
                method = Method(estimator, letter)
                try:
                    own = values.rows(method, key, of_layers, target, settings=asked.settings, seed=asked.seed)
                except InfoplaneError as error:
                    raise InfoplaneError(f"{root}: {key}: {error}") from None
                if letter == "y":
                    bound.mark(own, of_layers, target, asked.settings, asked.seed)
                found[key] += own
    for rows in found.values():
        rows.sort(key=lambda row: row["target"] == "x")  # a stable sort: layers stay in network order
        for row in rows:
            row["flags"] = flags.joined(row["flags"])
    return found


def _groups(
    root: Path, epoch: int, layers: Sequence[str]
) -> Iterator[tuple[NDArray[np.int64], dict[str, NDArray[np.floating]]]]:
    """The rows' ids, and layers that are together no larger than `GROUP`, or one that is."""
    with folder.opened(root, epoch, run.STEPS) as file:
        group: dict[str, NDArray[np.floating]] = {}
        for name in layers:
            group[name] = file.layer(name)
            if sum(array.nbytes for array in group.values()) > GROUP:
                yield file.row_id, group
                group = {}
        if group:
            yield file.row_id, group
