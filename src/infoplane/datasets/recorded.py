"""A recorded run: a folder that ActivationRecorder or `infoplane import` wrote (docs/files.md)."""

from collections.abc import Mapping
from pathlib import Path

from ..core import folder
from ..core.errors import InfoplaneError
from ..core.folder import Rows
from ..recording import run


def read(given: Mapping[str, Path], seed: int) -> Rows:  # noqa: ARG001 (nothing is drawn)
    """The rows of `given["folder"]`. Raises `InfoplaneError` for a folder that holds no run, or a damaged one."""
    if "folder" not in given:
        raise InfoplaneError("dataset.folder: names no folder; set it to that of your run")
    root = given["folder"]
    return folder.load_dataset(root, run.STEPS)
