"""Finds an estimator by the name that configurations and the command line call it by."""

from ...core import plugins
from ...core.errors import InfoplaneError
from .base import Estimator


def names() -> list[str]:
    """Of all estimators there are."""
    return plugins.names("estimators")


def named(name: object, key: str = "estimator") -> type[Estimator]:
    """The class of that name; `key` is the configuration key or argument to name in an error."""
    module = plugins.load("estimators", name, key)
    wanted = str(name).replace("_", "")
    for label, value in vars(module).items():
        if label.lower() == wanted and isinstance(value, type) and issubclass(value, Estimator):
            return value
    raise InfoplaneError(f"{key}: {module.__name__} defines no Estimator named {wanted}, in any capitals; name it so")
