"""The files that a dataset reads, which have to be there."""

from pathlib import Path

from ..core.errors import InfoplaneError
from .common.sections import NO_FILE, Dataset


def given(dataset: Dataset) -> dict[str, Path]:
    """By key, those that the configuration names. Raises `InfoplaneError` for one that is not there.

    An untracked file is not in the copy of the repository in which DVC runs a queued or temporary experiment.
    """
    found = {}
    for key in ("file", "test_file", "folder"):
        path = Path(getattr(dataset, key))
        if str(path) != NO_FILE:
            if str(path) == "???":
                raise InfoplaneError(f"dataset.{key}: still '???'; give it a value")
            if not path.exists():
                raise InfoplaneError(
                    f"dataset.{key}: {path} is not there; give its path from the repository's folder, and before a "
                    f"queued or temporary experiment track it with `git add {path}` or `dvc add {path}`"
                )
            found[key] = path
    return found
