"""Reads runs for comparison: folders of estimates, or revisions in which the pipeline made them."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..core import tables
from ..core.errors import InfoplaneError
from ..recording import plotting
from ..results import TRUTH

NEEDED = ("estimates", "truth.csv")  # what is read of a run


@dataclass(frozen=True)
class Run:
    """One run: its estimates by id of the estimator, as in `estimates/ID.csv`, the layers in network order, and the
    plain truth, which has no rows where it is not known."""

    name: str
    estimates: dict[str, pd.DataFrame]
    layers: list[str]
    truth: pd.DataFrame


@contextmanager
def opened(given: Sequence[str]) -> Iterator[list[tuple[str, list[Path]]]]:
    """The name and the folders of each run.

    A run is a folder, several folders with commas between them (seeds of one run), or a revision. What a revision
    holds is copied to a temporary folder, which is deleted at the end. Raises `InfoplaneError` for what is none of
    these, and where two runs are the same.
    """
    if len(set(given)) < len(given):
        raise InfoplaneError("RUN: one is named twice; name different runs")
    with tempfile.TemporaryDirectory() as scratch:
        found = []
        for number, text in enumerate(given):
            roots = [_folder(Path(part)) for part in ([text] if Path(text).is_dir() else text.split(","))]
            if not any(roots) and len(roots) == 1:
                from . import revisions  # loads dvc

                place = Path(scratch) / str(number)
                revisions.copy(text, NEEDED, place)
                roots = [place]
            if lost := [part for part, root in zip(text.split(","), roots, strict=False) if root is None]:
                raise InfoplaneError(f"{lost[0]}: no folder there; name folders that exist")
            found.append((text, [root for root in roots if root is not None]))
        yield found


def load(name: str, roots: Sequence[Path], ids: Sequence[str] | None = None) -> Run:
    """The estimates of these ids, by default of all that there are; several folders are replicates.

    Raises `InfoplaneError` for missing estimates and damaged tables.
    """
    estimates, layers = plotting.estimates(roots, ids)
    truth = plotting.no_truth()
    if len(roots) == 1 and (roots[0] / "truth.csv").exists():  # only the pipeline knows truths
        path = roots[0] / "truth.csv"
        truth = tables.read(path, TRUTH, infinite=True, next_step="make it again")
        truth = truth[truth["estimand"] == "plain"].reset_index(drop=True)
    return Run(name, estimates, layers, truth)


def _folder(path: Path) -> Path | None:
    """Where the estimates of a folder are: in it, or in its `data` if it is a checkout. None if it is no folder."""
    if not path.is_dir():
        return None
    below = path / "data"
    return below if not (path / "estimates").is_dir() and (below / "estimates").is_dir() else path
