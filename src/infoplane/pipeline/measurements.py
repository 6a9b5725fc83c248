"""The section `estimators` of the configuration: each id as an estimator with its settings."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.errors import InfoplaneError
from ..estimation.settings import Settings
from ..estimators._shared import lookup
from ..estimators._shared.base import Estimator
from .asked import settings
from .common.config import Config, mapping


@dataclass(frozen=True)
class Measurement:
    """One id of `estimators`."""

    id: str
    estimator: Estimator
    settings: Settings


def measurement(config: Config, key: str) -> Measurement:
    """The measurement of one id. Raises `InfoplaneError` if it is not configured, or names each wrong key."""
    if key not in config.estimator_ids:
        raise InfoplaneError(f"estimators.{key}: not configured; choose one of {', '.join(config.estimator_ids)}")
    where = f"estimators.{key}"
    values = mapping(config.section("estimators")[key], where)
    if "estimator" not in values:
        raise InfoplaneError(f"{where}.estimator: missing; choose one of {', '.join(lookup.names())}")
    kind = lookup.named(values["estimator"], f"{where}.estimator")
    beside = {"estimator", *Settings.model_fields}
    estimator = kind.of({k: v for k, v in values.items() if k not in beside}, where, beside)
    return Measurement(key, estimator, settings(config, key))


def with_estimators(config: Config, overrides: Mapping[str, Any]) -> Config:
    """The same experiment with other estimator settings, each given by its dotted key: `{"ksg.k": 5}`."""
    estimators = copy.deepcopy(dict(config.section("estimators")))
    for key, value in overrides.items():
        *above, last = key.split(".")
        place = estimators
        for name in above:
            place = place.setdefault(name, {})
            mapping(place, f"estimators.{key}")
        place[last] = value
    return Config({**config.values, "estimators": estimators})
