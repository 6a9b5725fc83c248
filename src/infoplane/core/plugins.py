"""Finds a dataset, a model or an estimator by name: a name is a file or folder of its package, so no list is kept.

The keyword-only parameters of a dataset's `make` and of a model's `build` are the schema of their configuration.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import Any

from pydantic import create_model

from .errors import InfoplaneError
from .validation import Section, checked


def names(package: str) -> list[str]:
    """The names that `infoplane.PACKAGE` offers; modules that begin with an underscore are helpers."""
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

    `beside` are other keys allowed at this place; errors list them as known.

    Raises `InfoplaneError` that names each wrong key below `key`.
    """
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.annotation is parameter.empty:
                raise InfoplaneError(f"{key}.{parameter.name}: has no annotation in {function.__module__}; give it one")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (parameter.annotation, default)
    return dict(checked(create_model("Parameters", __base__=Section, **fields), params, key, beside))
