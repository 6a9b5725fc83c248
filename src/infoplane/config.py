"""The experiment's configuration, validated once, at the edge.

`read` takes what params.yaml holds as plain Python values and returns it as typed, frozen models. Keys that belong to a
dataset, model or estimator are checked against the signature of the function that takes them (`plugins`).
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from . import plugins
from .errors import InfoplaneError

Count = Annotated[int, Field(ge=1)]
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class Section(BaseModel):
    """No unknown key, no coerced type ('3' is not 3), no NaN, no change after validation."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Dataset(Section):
    generator: str
    samples: Count
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    probe_samples: Annotated[int, Field(ge=0)]
    seed: Annotated[int, Field(ge=0)]
    params: dict[str, Any]


class Model(Section):
    architecture: str
    params: dict[str, Any]


class Optimizer(BaseModel):
    """A class of torch.optim by name, and its arguments; nothing else can be named, so no config runs code."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False, frozen=True)
    target: Annotated[str, Field(alias="_target_", pattern=r"^torch\.optim\.[A-Z]\w*$")]
    lr: Annotated[float, Field(gt=0)]
    __pydantic_extra__: dict[str, float | bool | list[float]]


class Loss(Section):
    """A loss of torch.nn by name."""

    target: Annotated[str, Field(alias="_target_", pattern=r"^torch\.nn\.[A-Z]\w*Loss$")]


class Train(Section):
    epochs: Annotated[int, Field(ge=0)]
    replicates: Count
    batch_size: Count
    seed: Annotated[int, Field(ge=0)]
    device: Literal["cpu", "cuda", "auto"]
    optimizer: "Optimizer"
    loss: "Loss"


class Extract(Section):
    split: Literal["train", "test", "probe"]


class Measure(Section):
    """Which values an estimator is run on, so that a slow one costs what a person chooses."""

    every: Count = 1
    epochs: list[Annotated[int, Field(ge=0)]] | None = None
    targets: Annotated[list[Literal["y", "x"]], Field(min_length=1)] = ["y", "x"]  # noqa: RUF012 (a model copies it)
    replicates: Literal["all"] | list[Annotated[int, Field(ge=0)]] = "all"
    layers: Literal["all"] | list[str] = "all"


class Estimator(Section):
    id: str
    estimator: str
    measure: Measure
    params: dict[str, Any]


class Compute(Section):
    workers: Annotated[int, Field(ge=0)]


class Config(Section):
    seed: Annotated[int, Field(ge=0)]
    dataset: Dataset
    model: Model
    train: Train
    extract: Extract
    estimators: dict[str, Estimator]
    compute: Compute


def read(values: Mapping[str, Any]) -> Config:
    """The whole configuration. Raises one `InfoplaneError` line that names every wrong key."""
    sections = dict(_mapping(values, "params.yaml"))
    sections["dataset"] = _with_params(Dataset, sections.get("dataset"), "dataset", "datasets", "generator", "make")
    sections["model"] = _with_params(Model, sections.get("model"), "model", "models", "architecture", "build")
    estimators = _mapping(sections.get("estimators"), "estimators")
    sections["estimators"] = {key: _estimator(key, value) for key, value in estimators.items()}
    config = plugins.checked(Config, sections, "")
    train_rows = config.dataset.samples - round(config.dataset.samples * config.dataset.test_fraction)
    if train_rows in (0, config.dataset.samples):
        raise InfoplaneError(
            f"dataset.test_fraction: {config.dataset.test_fraction} of {config.dataset.samples} samples leaves "
            "a split empty; move it away from the end or raise dataset.samples"
        )
    rows = {
        "train": train_rows,
        "test": config.dataset.samples - train_rows,
        "probe": config.dataset.probe_samples,
    }[config.extract.split]
    if rows == 0:
        raise InfoplaneError("extract.split: probe needs dataset.probe_samples above 0")
    for key, estimator in config.estimators.items():
        k = estimator.params.get("k")
        if isinstance(k, int) and k >= rows:
            raise InfoplaneError(f"estimators.{key}.k: {k} is not below the {rows} measured samples; lower it")
    return config


def _estimator(key: str, values: Any) -> dict[str, Any]:
    where = f"estimators.{key}"
    if not IDENTIFIER.fullmatch(key):
        raise InfoplaneError(f"{where}: an id is lower-case letters, digits and _, as it names a file; rename it")
    section = _with_params(Estimator, values, where, "estimators", "estimator", "estimate")
    return section | {"id": key}


def _with_params(
    section: type[Section], values: Any, key: str, package: str, name: str, function: str
) -> dict[str, Any]:
    """The section's own keys, and all others as `params` of the function that the section names."""
    values = _mapping(values, key)
    if name not in values:
        raise InfoplaneError(f"{key}.{name}: missing; choose one of {', '.join(plugins.names(package))}")
    module = plugins.load(package, values[name], f"{key}.{name}")
    own = {k: v for k, v in values.items() if k in section.model_fields}
    rest = {k: v for k, v in values.items() if k not in section.model_fields}
    return own | {"params": plugins.parameters(getattr(module, function), rest, key)}


def _mapping(values: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise InfoplaneError(f"{key}: {'missing' if values is None else 'not a mapping of keys'}; see conf/")
    return values
