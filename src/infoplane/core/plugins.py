"""Finds a dataset, model or estimator by name, and checks its parameters against its own signature.

There is no list to keep: a name is a file of the package, and a function's keyword-only parameters, with their
annotations and defaults, are the schema of its configuration.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from .errors import InfoplaneError

# What the caller hands over itself, so that it is no key of a configuration.
NOT_CONFIGURED = {"rng", "rngs"}

Model = TypeVar("Model", bound=BaseModel)


def names(package: str) -> list[str]:
    """The names that `infoplane.PACKAGE` offers; files that begin with an underscore are helpers."""
    parent = importlib.import_module(f"infoplane.{package}")
    return sorted(m.name for m in pkgutil.iter_modules(parent.__path__) if not m.name.startswith("_"))


def load(package: str, name: object, key: str) -> ModuleType:
    """The module `infoplane.PACKAGE.NAME`; `key` is the configuration key to name in an error."""
    known = names(package)
    if name not in known:
        raise InfoplaneError(f"{key}: unknown {name!r}; choose one of {', '.join(known)}")
    return importlib.import_module(f"infoplane.{package}.{name}")


def parameters(function: Callable[..., Any], params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """`params` checked against the keyword-only parameters of `function`, with its defaults filled in.

    Raises `InfoplaneError` that names each wrong key below `key`.
    """
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in NOT_CONFIGURED:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (parameter.annotation, default)
    schema = create_model("Parameters", __base__=_Strict, **fields)
    return dict(checked(schema, params, key))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)


def checked(schema: type[Model], values: Any, key: str) -> Model:
    """`values` as a `schema`, or one `InfoplaneError` line that lists every wrong key below `key`."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise InfoplaneError("; ".join(_say(key, e, schema) for e in error.errors())) from None


def _say(key: str, error: Any, schema: type[BaseModel]) -> str:
    """`a.b.c: what is wrong, what it was`; a missing or unknown key is said to be so."""
    where = ".".join([key, *map(str, error["loc"])]).strip(".")
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(schema.model_fields)) if len(error["loc"]) == 1 else "the documented ones"
        return f"{where}: unknown key; known here: {known}"
    if error["type"] == "missing":
        return f"{where}: missing; set it"
    if error["input"] == "???":
        return f"{where}: still '???'; give it a value"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}, got {error['input']!r}"
