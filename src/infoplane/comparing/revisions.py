"""Copies what a git revision or an experiment of this repository holds.

This is the only place of the library that uses DVC; it is imported only for a run that is no folder.
"""

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import InfoplaneError

ROOT = "data"  # where the pipeline puts its results


def copy(revision: str, names: Sequence[str], folder: Path) -> None:
    """Copies `data/NAME` of a revision, from DVC's cache or its remote, to `folder`.

    Raises `InfoplaneError` where DVC is not installed, and for a revision that is unknown or lacks these results.
    """
    try:
        from dvc.api import DVCFileSystem
        from dvc.exceptions import DvcException
    except ImportError:
        raise InfoplaneError(
            f"{revision}: no such folder; revisions and experiments need `pip install 'infoplane[pipeline]'`"
        ) from None
    try:
        files = DVCFileSystem(".", rev=revision)
        there = {Path(path).name for path in files.ls(ROOT, detail=False)}
        if names[0] not in there:
            raise InfoplaneError(f"{revision}: holds no {ROOT}/{names[0]}; run its pipeline first")
        for name in there.intersection(names):
            files.get(f"{ROOT}/{name}", str(folder / name), recursive=True)
    except (DvcException, OSError) as error:
        said = " ".join(str(error).split())
        raise InfoplaneError(
            f"{revision}: no folder, and no revision or experiment with results ({said}); see `dvc exp list`"
        ) from None
