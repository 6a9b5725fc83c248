"""Keeps earlier estimates, keyed by the contents that they were computed from.

They are not part of the results: deleting the folder costs nothing but time. The folder of an estimator id holds what
its last run used, so that a run with more epochs computes only the new ones.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..common import files
from ..measurements import Measurement

Rows = list[dict[str, Any]]
# Our numbers depend on these; another version may round differently.
LIBRARIES = ("numpy", "numba", "scipy", "scikit-learn", "torch", "npeet-plus")


class Memory:
    """The rows of one estimator, keyed by the bytes of an epoch's activations."""

    def __init__(
        self, folder: Path, measurement: Measurement, seed: int, dataset: bytes, law_is_known: bool = False
    ) -> None:
        self.folder = folder / measurement.id
        estimator, settings = measurement.estimator, measurement.settings.model_dump(mode="json")
        asked = [measurement.id, estimator.name, asdict(estimator), settings, seed, law_is_known]
        self._digest = hashlib.blake2b(json.dumps(asked).encode(), digest_size=20)
        self._digest.update("".join(version(name) for name in LIBRARIES).encode())
        for path in sorted(Path(__file__).parents[2].rglob("*.py")):
            self._digest.update(path.read_bytes())
        self._digest.update(dataset)

    def key(self, epoch: int, activations: bytes) -> str:
        digest = self._digest.copy()
        digest.update(f"{epoch}\0".encode() + activations)
        return digest.hexdigest()

    def is_empty(self) -> bool:
        return not any(self.folder.glob("*.json"))

    def recall(self, keys: Mapping[int, str]) -> dict[int, Rows]:
        """The rows of those epochs that are in memory."""
        paths = {epoch: self._path(key) for epoch, key in keys.items()}
        found = {epoch: _intact(path) for epoch, path in paths.items() if path.exists()}
        return {epoch: rows for epoch, rows in found.items() if rows is not None}

    def keep(self, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
        content = {"blake2b": _digest(rows), "rows": list(rows)}
        files.write_atomically(self._path(key), json.dumps(content).encode())

    def forget_all_but(self, keys: Sequence[str]) -> None:
        """Deletes all other rows, so that the folder does not grow from run to run."""
        used = {self._path(key) for key in keys}
        for path in self.folder.glob("*.json"):
            if path not in used:
                path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _digest(rows: Sequence[Mapping[str, Any]]) -> str:
    return hashlib.blake2b(json.dumps(list(rows)).encode(), digest_size=20).hexdigest()


def _intact(path: Path) -> Rows | None:
    """The rows in a file; None, with a line on standard error, if anything in it is not as it was written."""
    try:
        content = json.loads(path.read_bytes())
        rows: Rows = content["rows"]
        if content["blake2b"] == _digest(rows):
            return rows
    except (ValueError, LookupError, TypeError, RecursionError):
        pass  # said below
    print(f"infoplane: {path}: is damaged; its epoch is estimated again", file=sys.stderr, flush=True)
    return None
