"""Finds a dataset, model or estimator by name, and checks its parameters against its own signature.

There is no list to keep: a name is a file of the package, and a function's keyword-only parameters, with their
annotations and defaults, are the schema of its configuration.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeVar, get_args

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


def parameters(
    function: Callable[..., Any], params: Mapping[str, Any], key: str, beside: Collection[str] = ()
) -> dict[str, Any]:
    """`params` checked against the keyword-only parameters of `function`, with its defaults filled in.

    `beside` are the keys that may stand beside them, for an error to name.

    Raises `InfoplaneError` that names each wrong key below `key`.
    """
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in NOT_CONFIGURED:
            if parameter.annotation is parameter.empty:
                raise InfoplaneError(f"{key}.{parameter.name}: has no annotation in {function.__module__}; give it one")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (parameter.annotation, default)
    schema = create_model("Parameters", __base__=_Strict, **fields)
    return dict(checked(schema, params, key, beside))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)


def checked(schema: type[Model], values: Any, key: str, beside: Collection[str] = ()) -> Model:
    """`values` as a `schema`, or one `InfoplaneError` line that lists every wrong key below `key`."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        said: dict[str, list[str]] = {}  # what a key may be in one of several ways is wrong in each of them
        for each in error.errors():
            place = [part for part in each["loc"] if not _ALTERNATIVE.search(str(part))]
            said.setdefault(".".join([key, *map(str, place)]).strip("."), []).append(_say(each, place, schema, beside))
        raise InfoplaneError("; ".join(f"{where}: {' or '.join(words)}" for where, words in said.items())) from None


# How pydantic names the alternatives of a union in the place of an error, where no key of ours can stand.
_ALTERNATIVE = re.compile(r"\[|constrained-|^(int|float|str|bool)$")


def _say(error: Any, place: Sequence[str | int], schema: type[BaseModel], beside: Collection[str]) -> str:
    """What is wrong, and what it was; a missing or unknown key is said to be so."""
    if error["type"] == "extra_forbidden":
        known = {*_section(schema, place[:-1]).model_fields, *(beside if len(place) == 1 else ())}
        return f"unknown key; known here: {', '.join(sorted(known))}"
    if error["type"] == "missing":
        return "missing; set it"
    if error["input"] == "???":
        return "still '???'; give it a value"
    if error["type"] == "model_type":
        keys = ", ".join(sorted(_section(schema, place).model_fields))
        return f"should be a mapping with the keys {keys}, got {error['input']!r}"
    return f"{error['msg'].removeprefix('Value error, ')}, got {error['input']!r}"


def _section(schema: type[BaseModel], place: Sequence[str | int]) -> type[BaseModel]:
    """The model of the section at `place` in `schema`."""
    for part in place:
        annotation = schema.model_fields[str(part)].annotation
        schema = next(
            a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel)
        )
    return schema
