"""How kernels are compiled: once, into numba's cache beside them, and again when a file of theirs changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

Function = Callable[..., Any]
_CHANGED = max(path.stat().st_mtime for path in Path(__file__).parent.glob("*.py"))


def compiled(function: Function) -> Function:
    return _renewed(function, njit(function, cache=True, nogil=True, error_model="numpy"))


def inlined(function: Function) -> Function:
    """For small functions in inner loops, where a call with its many arguments costs more than it does."""
    return _renewed(function, njit(function, cache=True, nogil=True, error_model="numpy", forceinline=True))


def _renewed(function: Function, dispatcher: Any) -> Function:
    """numba looks at a function's own file alone, and would go on using what it had compiled from another."""
    for index in Path(dispatcher.stats.cache_path).glob(f"*.{function.__name__}-*.nbi"):
        if index.stat().st_mtime < _CHANGED:
            index.unlink(missing_ok=True)
    return dispatcher  # type: ignore[no-any-return]
