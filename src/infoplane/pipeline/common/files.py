"""Files of the pipeline: the library's, with the pipeline's next steps, and folders that are replaced whole."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ...core import files
from ...core.errors import InfoplaneError
from ...core.files import save_npz, save_table, write_atomically

__all__ = ["DAMAGED", "content", "load_npz", "missing", "replacing", "save_npz", "save_table", "write_atomically"]

DAMAGED = "make it again with `dvc repro`"


def missing(path: Path) -> str:
    """The next step where a file is not there."""
    return f"run `dvc repro`, or `dvc pull {path}`"


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yields a root that holds an empty folder of that name, which then replaces `folder`, completely or not at all."""
    root = files.unfinished(folder)
    shutil.rmtree(root, ignore_errors=True)
    (root / folder.name).mkdir(parents=True)
    try:
        yield root
        if folder.exists():
            shutil.rmtree(folder)
        (root / folder.name).rename(folder)
    finally:
        shutil.rmtree(root)


def content(path: Path) -> bytes:
    """The bytes of a file of the pipeline."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; {missing(path)}") from None


def load_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz. Never unpickles: an object array is an error, and so is a damaged file."""
    return files.load_npz(path, missing(path), DAMAGED)
