"""Checks values against a schema, with the same messages for Python and for configurations."""

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from .errors import InfoplaneError

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """No unknown key, no coerced type ('3' is not 3), no NaN, no change after validation."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, arbitrary_types_allowed=True
    )


def checked(schema: type[Model], values: Any, key: str, beside: Collection[str] = ()) -> Model:
    """`values` as a `schema`, or one `InfoplaneError` line that lists every wrong key below `key`.

    `beside` are other keys allowed at this place; errors list them as known.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        said: dict[str, list[str]] = {}  # a key with several allowed types has one error for each
        for each in error.errors():
            place = [part for part in each["loc"] if not _ALTERNATIVE.search(str(part))]
            said.setdefault(".".join([key, *map(str, place)]).strip("."), []).append(_say(each, place, schema, beside))
        raise InfoplaneError("; ".join(f"{where}: {' or '.join(words)}" for where, words in said.items())) from None


def checked_fields(
    kind: type[Any], values: Mapping[str, Any], key: str, beside: Collection[str] = ()
) -> dict[str, Any]:
    """`values` checked against the fields of a dataclass, with its defaults filled in; raises as `checked` does."""
    return dict(
        checked(_schema(cast(Hashable, kind)), {name: _plain(value) for name, value in values.items()}, key, beside)
    )


@cache
def _schema(kind: Any) -> type[BaseModel]:
    hints = get_type_hints(kind, include_extras=True)
    known: dict[str, Any] = {
        field.name: (hints[field.name], ... if field.default is MISSING else field.default) for field in fields(kind)
    }
    return create_model(kind.__name__, __base__=Section, **known)


def _plain(value: Any) -> Any:
    """numpy numbers as Python numbers, and tuples as lists: notebooks pass both."""
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value


# How pydantic names the alternatives of a union in the location of an error; none of these is a key of ours.
_ALTERNATIVE = re.compile(r"\[|constrained-|^(int|float|str|bool)$")


def _say(error: Any, place: Sequence[str | int], schema: type[BaseModel], beside: Collection[str]) -> str:
    """What is wrong, and the value; missing and unknown keys have their own words."""
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
