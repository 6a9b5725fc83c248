"""Reads an array or columns of a table from a file, for the command line. Nothing is ever unpickled."""

from pathlib import Path
from typing import Any

import numpy as np

from .core.errors import InfoplaneError

TABLES = {".csv": "read_csv", ".parquet": "read_parquet"}


def read(place: str) -> Any:
    """What `FILE` or `FILE:COLUMN,COLUMN` holds: an array of a .npy, a table of a .csv or .parquet.

    Raises `InfoplaneError` for a file that is missing, of another kind or damaged, and for a column it lacks.
    """
    name, columns = place, ""
    if not Path(name).exists() and ":" in place:
        name, _, columns = place.rpartition(":")
    path = Path(name)
    if not path.is_file():
        raise InfoplaneError(f"{name}: no such file")
    if path.suffix == ".npy":
        if columns:
            raise InfoplaneError(f"{name}: an array has no columns {columns}; leave :{columns} out")
        return array(path)
    if path.suffix not in TABLES:
        raise InfoplaneError(f"{name}: not .npy, .csv or .parquet; save it as one of them")
    table = frame(path)
    wanted = columns.split(",") if columns else list(table.columns)
    if missing := [column for column in wanted if column not in table.columns]:
        raise InfoplaneError(f"{name}: no column {missing[0]!r}; there are {', '.join(map(str, table.columns))}")
    return table[wanted] if len(wanted) > 1 else table[wanted[0]]


def array(path: Path) -> Any:
    """The array of a .npy; raises as `read` does."""
    try:
        found = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        python = "Python objects" in str(error) or "allow_pickle" in str(error)
        said = "it holds Python objects, which are never unpickled" if python else " ".join(str(error).split())
        raise InfoplaneError(f"{path}: cannot be read: {said}") from None
    if not isinstance(found, np.ndarray):
        raise InfoplaneError(f"{path}: holds several arrays; save the one to measure as .npy")
    return found


def frame(path: Path) -> Any:
    """The table of a .csv or .parquet; raises as `read` does."""
    import pandas as pd

    try:
        return getattr(pd, TABLES[path.suffix])(path)
    except ImportError:
        raise InfoplaneError(f"{path}: parquet files need pyarrow; `pip install 'infoplane[parquet]'`") from None
    except (ValueError, OSError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InfoplaneError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
