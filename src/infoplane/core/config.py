"""The experiment's configuration, validated once, at the edge.

`Config` takes what params.yaml holds as plain Python values and hands it out as typed, frozen sections. Keys that
belong to a dataset, model or estimator are checked against the signature of the function that takes them (`plugins`).
"""

import copy
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from . import plugins
from .errors import InfoplaneError
from .sections import Compute, Dataset, Estimator, Extract, Measure, Model, Plot, Section, Seed, Train, unordered

SECTIONS = {"seed", "dataset", "model", "train", "extract", "estimators", "plot", "compute"}
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class _Seed(Section):
    seed: Seed


class Config:
    """The experiment of params.yaml; each section is validated when it is first asked for, and only then.

    A stage pays for no more than what it uses: to look up an estimator's parameters imports its file.
    """

    def __init__(self, values: Any) -> None:
        self._values = _mapping(values, "params.yaml")

    @cached_property
    def seed(self) -> int:
        return plugins.checked(_Seed, {k: v for k, v in self._values.items() if k == "seed"}, "").seed

    @cached_property
    def dataset(self) -> Dataset:
        section = _with_params(self._section("dataset"), Dataset, "dataset", "datasets", "generator", "make")
        dataset = plugins.checked(Dataset, section, "dataset")
        if dataset.test_samples in (0, dataset.samples):
            raise InfoplaneError(
                f"dataset.test_fraction: {dataset.test_fraction} of {dataset.samples} samples leaves a split "
                "empty; move it away from the end or raise dataset.samples"
            )
        return dataset

    @cached_property
    def model(self) -> Model:
        section = _with_params(self._section("model"), Model, "model", "models", "architecture", "build")
        return plugins.checked(Model, section, "model")

    @cached_property
    def train(self) -> Train:
        return plugins.checked(Train, self._section("train"), "train")

    @cached_property
    def extract(self) -> Extract:
        return plugins.checked(Extract, self._section("extract"), "extract")

    @cached_property
    def plot(self) -> Plot:
        return plugins.checked(Plot, self._section("plot"), "plot")

    @cached_property
    def compute(self) -> Compute:
        return plugins.checked(Compute, self._section("compute"), "compute")

    @cached_property
    def estimator_ids(self) -> list[str]:
        """In the order of the configuration."""
        for key in self._section("estimators"):
            if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
                raise InfoplaneError(
                    f"estimators.{key}: an id is lower-case letters, digits and _, as it names a file; rename it"
                )
        return list(self._section("estimators"))

    def estimator(self, key: str) -> Estimator:
        if key not in self.estimator_ids:
            raise InfoplaneError(f"estimators.{key}: not configured; choose one of {', '.join(self.estimator_ids)}")
        where = f"estimators.{key}"
        values = self._section("estimators")[key]
        section = _with_params(values, Estimator, where, "estimators", "estimator", "estimate")
        return plugins.checked(Estimator, section | {"id": key}, where)

    @cached_property
    def unordered_ids(self) -> set[str]:
        """The `unordered` estimators. (`estimator` would tell too, but it imports their files.)"""
        found = set()
        for key in self.estimator_ids:
            values = _mapping(self._section("estimators")[key], f"estimators.{key}")
            measure = plugins.checked(Measure, values.get("measure", {}), f"estimators.{key}.measure")
            if unordered(measure, values.get("reduce")):
                found.add(key)
        return found

    def with_estimators(self, overrides: Mapping[str, Any]) -> "Config":
        """The same experiment with other settings of estimators, each by its dotted key: `{"ksg.k": 5}`."""
        estimators = copy.deepcopy(dict(self._section("estimators")))
        for key, value in overrides.items():
            *above, last = key.split(".")
            place = estimators
            for name in above:
                place = place.setdefault(name, {})
                _mapping(place, f"estimators.{key}")
            place[last] = value
        return Config({**self._values, "estimators": estimators})

    def validate(self) -> None:
        """Every section and what they say together. Raises `InfoplaneError` at the first that is wrong."""
        unknown = sorted(set(self._values) - SECTIONS)
        if unknown:
            raise InfoplaneError(f"{unknown[0]}: unknown key; known here: {', '.join(sorted(SECTIONS))}")
        _ = self.seed, self.model, self.train, self.plot, self.compute
        rows = {
            "train": self.dataset.samples - self.dataset.test_samples,
            "test": self.dataset.test_samples,
            "probe": self.dataset.probe_samples,
        }[self.extract.split]
        if rows == 0:
            raise InfoplaneError("dataset.probe_samples: 0, yet extract.split is probe; ask for some")
        for key in self.estimator_ids:
            self._check_reach(self.estimator(key), rows)

    def _check_reach(self, estimator: Estimator, rows: int) -> None:
        """That there is what an estimator asks for, which otherwise would show only after the training."""
        measure, where = estimator.measure, f"estimators.{estimator.id}"
        for name, asked, last in (
            ("epochs", measure.epochs or [0], self.train.epochs),
            ("replicates", [0] if measure.replicates == "all" else measure.replicates, self.train.replicates - 1),
        ):
            if max(asked) > last:
                raise InfoplaneError(f"{where}.measure.{name}: {max(asked)} is not trained; the last is {last}")
        samples = measure.samples or rows
        if samples > rows:
            raise InfoplaneError(f"{where}.measure.samples: {samples} of the {rows} there are; lower it")
        k = estimator.params.get("k")
        if isinstance(k, int) and k >= samples:
            raise InfoplaneError(f"{where}.k: {k} is not below the {samples} samples measured; lower it")
        if isinstance(k, int) and estimator.stderr is not None and k >= samples // 2:
            raise InfoplaneError(
                f"{where}.k: {k} is not below the {samples // 2} samples in a half, which stderr takes; lower it"
            )

    def _section(self, key: str) -> Mapping[str, Any]:
        return _mapping(self._values.get(key), key)


def _with_params(
    values: Any, section: type[Section], key: str, package: str, name: str, function: str
) -> dict[str, Any]:
    """The section's own keys, and all others as `params` of the function that the section names."""
    values = _mapping(values, key)
    if name not in values:
        raise InfoplaneError(f"{key}.{name}: missing; choose one of {', '.join(plugins.names(package))}")
    module = plugins.load(package, values[name], f"{key}.{name}")
    if not hasattr(module, function):
        raise InfoplaneError(f"{key}.{name}: {values[name]} offers no function {function}; see CONTRIBUTING.md")
    beside = section.model_fields.keys() - {"id", "params"}
    own = {k: v for k, v in values.items() if k in section.model_fields}
    rest = {k: v for k, v in values.items() if k not in section.model_fields}
    return own | {"params": plugins.parameters(getattr(module, function), rest, key, beside)}


def _mapping(values: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise InfoplaneError(f"{key}: {'missing' if values is None else 'not a mapping of keys'}; see conf/")
    return values
