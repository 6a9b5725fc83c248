"""Reads ceiling.json. It avoids pandas, which takes a second to import."""

import json
import math
from pathlib import Path

from .errors import InfoplaneError


def read(path: Path, next_step: str) -> tuple[float | None, str]:
    """What no I(T;Y) exceeds, in bits, None if unknown; and what it is, I(X;Y) or H(Y)."""
    try:
        held = json.loads(path.read_bytes())
        found, name = held["mi_bits"], str(held.get("of", "I(X;Y)"))
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; {next_step}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InfoplaneError(f'{path}: not {{"mi_bits": NUMBER or null}}; {next_step}') from None
    if found is None:
        return None, name
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise InfoplaneError(f"{path}: mi_bits is {found!r}, not a number or null; {next_step}")
    return float(found), name
