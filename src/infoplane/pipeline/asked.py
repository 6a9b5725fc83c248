"""The settings of each id of `estimators`, without importing its estimator."""

from ..core.validation import checked
from ..estimation.settings import Settings
from .common.config import Config, mapping


def settings(config: Config, key: str) -> Settings:
    """The settings of one id. Raises `InfoplaneError` that names each wrong key."""
    where = f"estimators.{key}"
    values = mapping(config.section("estimators")[key], where)
    return checked(Settings, {k: v for k, v in values.items() if k in Settings.model_fields}, where)


def unordered_ids(config: Config) -> set[str]:
    """The ids whose values may rise with depth."""
    return {key for key in config.estimator_ids if settings(config, key).unordered}
