"""How kernels are compiled: once for all checkouts, and again when their code changes.

numba keeps compiled code beside each source file, so every new clone, and every temporary clone, would compile
again. Here it goes to the user's cache, in a folder named by a hash of the code: the kernel's own file and the files
beside it that begin with `_`, since it may call kernels from those. Any of it may be deleted at any time.
"""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from platformdirs import user_cache_path

Function = Callable[..., Any]

KEPT = 8  # the last used versions of a file's kernels stay, so that switching between versions is fast


def compiled(function: Function) -> Function:
    return _kept(njit(function, nogil=True, error_model="numpy"))


def inlined(function: Function) -> Function:
    """For small functions in inner loops, where the call costs more than the work."""
    return _kept(njit(function, nogil=True, error_model="numpy", forceinline=True))


def _kept(dispatcher: Any) -> Function:
    with contextlib.suppress(OSError):  # nowhere to write, so each process compiles for itself
        dispatcher._cache = _Cache(dispatcher.py_func)  # type: ignore[no-untyped-call]
    return dispatcher  # type: ignore[no-any-return]


class _ByCode:
    """Tells numba where to keep a function's machine code. Raises `OSError` where nothing can be written."""

    def __init__(self, function: Function, file: str) -> None:
        self.path, self.line = _folder(Path(file)), function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Function, file: str) -> "_ByCode":
        return cls(function, file)

    def ensure_cache_path(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)  # it may have been deleted in the meantime

    def get_cache_path(self) -> str:
        return str(self.path)

    def get_source_stamp(self) -> str:
        return self.path.name

    def get_disambiguator(self) -> str:
        return str(self.line)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [_ByCode]  # noqa: RUF012 (as numba declares it)


class _Cache(FunctionCache):
    _impl_class = _Implementation


@cache
def _folder(file: Path) -> Path:
    """The folder for the kernels of `file`, created if needed; below NUMBA_CACHE_DIR where that is set."""
    digest = hashlib.sha256()
    for path in sorted({file, Path(__file__), *file.parent.glob("_*.py")}):
        digest.update(path.name.encode() + path.read_bytes())
    set_by_user = config.CACHE_DIR  # type: ignore[attr-defined]
    root = Path(set_by_user) if set_by_user else user_cache_path("infoplane")
    folder = root / "kernels" / f"{file.parent.name}-{file.stem}" / digest.hexdigest()[:32]
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)  # another process may be deleting it too
    tempfile.TemporaryFile(dir=folder).close()  # raises `OSError` where nothing can be written
    folder.touch()
    return folder
