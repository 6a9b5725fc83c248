"""Names of layers as files and tables can hold them, and patterns that choose among them."""

import re
from collections.abc import Iterable, Sequence

from ..core.errors import InfoplaneError
from ..core.folder import RESERVED

LONGEST = 200
_STRANGE = re.compile(r"[^\w.:\-]+")


def plain(name: str) -> str:
    """The name with `_` for whatever could lead out of a folder, break a line or be a formula to a spreadsheet."""
    cleaned = _STRANGE.sub("_", name).replace("..", "_").lstrip(".-:")[:LONGEST] or "_"
    return f"{cleaned}_" if cleaned in RESERVED else cleaned


def all_plain(names: Iterable[str]) -> dict[str, str]:
    """The plain name of each, in order. Raises `InfoplaneError` where two would have one name."""
    found: dict[str, str] = {}
    for name in names:
        cleaned = plain(name)
        if cleaned in found.values():
            raise InfoplaneError(f"layers: two would be called {cleaned}; rename one of them")
        found[name] = cleaned
    return found


def chosen(patterns: Sequence[str], names: Sequence[str], argument: str = "layers") -> list[str]:
    """Those of `names` that a pattern matches, in their order. `*` stops at a dot, `**` does not.

    Raises `InfoplaneError` that lists the names for a pattern that matches none.
    """
    if isinstance(patterns, str):
        patterns = [patterns]
    found = set[str]()
    for pattern in patterns:
        here = [name for name in names if matches(pattern, name)]
        if not here:
            raise InfoplaneError(f"{argument}: {pattern!r} matches no layer; there are {listed(names)}")
        found.update(here)
    return [name for name in names if name in found]


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern is of this name; that of one call of a layer, `relu:2`, is also a match of `relu`."""
    parts = re.split(r"(\*\*|\*|\?)", str(pattern))
    wild = {"**": ".*", "*": r"[^.]*", "?": r"[^.]"}
    regex = "".join(wild.get(part, re.escape(part)) for part in parts)
    return any(re.fullmatch(regex, each) for each in (name, re.sub(r":\d+$", "", name)))


def listed(names: Sequence[str], most: int = 40) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(plain(name) for name in names[:most]) + more
