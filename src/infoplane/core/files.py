"""Writes files completely or not at all, and does not trust what it reads: nothing is ever unpickled."""

import csv
import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InfoplaneError

DAMAGE = (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError)


def unfinished(path: Path) -> Path:
    """Where this process writes what is to become `path`. A repository may ignore `.*.new`."""
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def write_atomically(path: Path, content: bytes) -> None:
    """Writes the whole file or none: a killed process leaves no partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(path)
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def save_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A csv whose numbers read back as the same doubles; infinity is `inf`, and a missing value is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


@contextmanager
def open_npz(path: Path, missing: str, damaged: str) -> Iterator[Any]:
    """An npz whose arrays are read one by one, so that no more than one has to fit into memory.

    Never unpickles: an object array is an error, and so is a damaged file. `missing` and `damaged` are the next steps
    to say where there is no file or a bad one.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise InfoplaneError(f"{path}: not an npz archive; {damaged}")
            yield file
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; {missing}") from None
    except DAMAGE as error:
        if isinstance(error, InfoplaneError):
            raise
        said = "holds Python objects, which are never unpickled" if "allow_pickle" in str(error) else str(error)
        raise InfoplaneError(f"{path}: cannot be read ({' '.join(said.split())}); {damaged}") from None


def load_npz(path: Path, missing: str, damaged: str) -> dict[str, NDArray[Any]]:
    """All arrays of an npz; raises as `open_npz` does."""
    with open_npz(path, missing, damaged) as file:
        return {name: file[name] for name in file.files}


def save_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Like `np.savez`, but equal arrays give equal bytes; `np.savez` depends on the version of Python.

    Arrays are written piece by piece, so that one that lies on disk need not fit into memory.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(path)
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy")
                entry.file_size = array.nbytes + 1024  # what decides whether it needs the format of large archives
                with archive.open(entry, "w") as file:
                    np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
