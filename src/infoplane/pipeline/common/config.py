"""The experiment's configuration; each section is validated when it is used.

`Config` takes the contents of params.yaml as plain Python values and returns typed, frozen sections. Keys of a dataset
or a model are checked against the signature of the function that takes them (`plugins`), keys of an estimator against
its class (`measurements`).
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar

from ...core import plugins
from ...core.errors import InfoplaneError
from ...core.validation import Section, Seed, checked
from .sections import Compute, Dataset, Drawn, Extract, Model, Plot, Truth

SECTIONS = {"seed", "dataset", "model", "train", "extract", "truth", "estimators", "plot", "compute"}
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")

Schema = TypeVar("Schema", bound=Section)


class _Seed(Section):
    seed: Seed


class Config:
    """The experiment of params.yaml; each section is validated when it is first accessed, not before."""

    def __init__(self, values: Any) -> None:
        self.values = mapping(values, "params.yaml")
        if unknown := sorted(set(map(str, self.values)) - SECTIONS):
            raise InfoplaneError(f"{unknown[0]}: unknown key; known here: {', '.join(sorted(SECTIONS))}")

    @cached_property
    def seed(self) -> int:
        return checked(_Seed, {k: v for k, v in self.values.items() if k == "seed"}, "").seed

    @cached_property
    def dataset(self) -> Dataset:
        values = self.section("dataset")
        if values.get("generator") in plugins.names("datasets") and is_read(values["generator"]):
            return checked(
                Dataset, _with_params(values, Dataset, "dataset", "datasets", "generator", "read"), "dataset"
            )
        dataset = checked(Drawn, _with_params(values, Drawn, "dataset", "datasets", "generator", "make"), "dataset")
        if dataset.test_samples in (0, dataset.samples):
            raise InfoplaneError(
                f"dataset.test_fraction: {dataset.test_fraction} of {dataset.samples} samples leaves a split "
                "empty; move it away from the end or raise dataset.samples"
            )
        return dataset

    @cached_property
    def model(self) -> Model:
        section = _with_params(self.section("model"), Model, "model", "models", "architecture", "build")
        return checked(Model, section, "model")

    @cached_property
    def extract(self) -> Extract:
        return self.of(Extract, "extract")

    @cached_property
    def truth(self) -> Truth:
        return self.of(Truth, "truth")

    @cached_property
    def plot(self) -> Plot:
        return self.of(Plot, "plot")

    @cached_property
    def compute(self) -> Compute:
        return self.of(Compute, "compute")

    @cached_property
    def estimator_ids(self) -> list[str]:
        """In the order of the configuration."""
        for key in self.section("estimators"):
            if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
                raise InfoplaneError(
                    f"estimators.{key}: an id is lower-case letters, digits and _, as it names a file; rename it"
                )
        return list(self.section("estimators"))

    def of(self, schema: type[Schema], key: str) -> Schema:
        """The section `key` as a `schema`."""
        return checked(schema, self.section(key), key)

    def section(self, key: str) -> Mapping[str, Any]:
        return mapping(self.values.get(key), key)


def is_read(generator: str) -> bool:
    """Whether the data are read from files, not drawn from a law."""
    return hasattr(plugins.load("datasets", generator, "dataset.generator"), "read")


def mapping(values: Any, key: str) -> Mapping[str, Any]:
    """`values`, if they are a mapping; otherwise raises `InfoplaneError`, which names `key`."""
    if not isinstance(values, Mapping):
        raise InfoplaneError(f"{key}: {'missing' if values is None else 'not a mapping of keys'}; see conf/")
    return values


def _with_params(
    values: Mapping[str, Any], section: type[Section], key: str, package: str, name: str, function: str
) -> dict[str, Any]:
    """The section's own keys, with all others as `params` of the function that the section names."""
    if name not in values:
        raise InfoplaneError(f"{key}.{name}: missing; choose one of {', '.join(plugins.names(package))}")
    module = plugins.load(package, values[name], f"{key}.{name}")
    if not hasattr(module, function):
        raise InfoplaneError(f"{key}.{name}: {values[name]} offers no function {function}; see CONTRIBUTING.md")
    beside = section.model_fields.keys() - {"params"}
    own = {k: v for k, v in values.items() if k in section.model_fields}
    rest = {k: v for k, v in values.items() if k not in section.model_fields}
    return own | {"params": plugins.parameters(getattr(module, function), rest, key, beside)}
