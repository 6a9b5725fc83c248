"""Reads a csv and checks all of it: the columns, their types, and that no cell is empty or cut short."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import InfoplaneError


def read(
    path: Path,
    required: dict[str, str],
    optional: dict[str, str] | None = None,
    *,
    infinite: bool = False,
    next_step: str,
) -> pd.DataFrame:
    """A csv with all of `required` and any of `optional`; only optional cells may be empty."""
    optional = optional or {}
    text = content(path, next_step)
    try:
        header = text.decode().split("\n", 1)[0].strip().split(",")
    except UnicodeDecodeError:
        raise InfoplaneError(f"{path}: not text; {next_step}") from None
    for name in required:
        if name not in header:
            raise InfoplaneError(f"{path}: column {name} is missing; {next_step}")
    for name in header:
        if (name not in required and name not in optional) or header.count(name) > 1:
            raise InfoplaneError(f"{path}: column {name!r} is unknown or comes twice; {next_step}")
    if not text.endswith(b"\n"):
        raise InfoplaneError(f"{path}: its last line is cut short; {next_step}")
    types: dict[Any, Any] = required | {name: kind for name, kind in optional.items() if name in header}
    try:
        table = pd.read_csv(
            path,
            dtype=types,
            keep_default_na=False,
            na_values={name: [""] for name in optional},
            encoding="utf-8",
        )
    except (ValueError, OverflowError) as error:
        said = _wrong_number(path, types) or f"cannot be read ({' '.join(str(error).split())})"
        raise InfoplaneError(f"{path}: {said}; {next_step}") from None
    for name, kind in types.items():
        if name in required and table[name].isna().any():
            raise InfoplaneError(f"{path}: {name} has an empty cell; {next_step}")
        if kind == "float64" and not infinite and table[name].abs().eq(math.inf).any():
            raise InfoplaneError(f"{path}: {name} holds infinity; {next_step}")
    if "target" in types and not table["target"].isin(["y", "x"]).all():
        raise InfoplaneError(f'{path}: a target is neither "y" nor "x"; {next_step}')
    return table


def _wrong_number(path: Path, types: dict[str, str]) -> str:
    """Names the first cell that is not a number of the right type."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[], on_bad_lines="skip", encoding="utf-8")
    for name, kind in types.items():
        if kind != "category":
            number = pd.to_numeric(table[name], errors="coerce")
            wrong = number.isna() if kind == "float64" else number.isna() | (number % 1 != 0)
            if wrong.any():
                line = int(wrong.to_numpy().argmax()) + 2
                return f"{name} in line {line} is {table[name].iloc[line - 2]!r}, not a number of the right type"
    return ""


def content(path: Path, next_step: str) -> bytes:
    """The bytes of a file; `next_step` is what to do where it is not there."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; {next_step}") from None
