"""Writes files completely or not at all, and does not trust what it reads: nothing is ever unpickled."""

import csv
import io
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InfoplaneError


def write_atomically(path: Path, content: bytes) -> None:
    """Writes the whole file or none: a killed process leaves no partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yields a root that holds an empty folder of that name, which then replaces `folder`, completely or not at all."""
    root = folder.with_name(f".{folder.name}.new")
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
        raise InfoplaneError(f"{path}: not there; run `dvc repro`, or `dvc pull {path}`") from None


def save_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A csv whose numbers read back as the same doubles; infinity is `inf`, and a missing value is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())


def load_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz. Never unpickles: an object array is an error, and so is a damaged file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise InfoplaneError(f"{path}: not an npz archive; make it again with `dvc repro`")
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; run `dvc repro`, or `dvc pull {path}`") from None
    except (
        ValueError,
        OSError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
    ) as error:
        if isinstance(error, InfoplaneError):
            raise
        said = "holds Python objects, which are never unpickled" if "allow_pickle" in str(error) else str(error)
        raise InfoplaneError(f"{path}: cannot be read ({said}); make it again with `dvc repro`") from None


def save_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Like `np.savez`, but equal arrays give equal bytes; `np.savez` depends on the version of Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    os.replace(temporary, path)
