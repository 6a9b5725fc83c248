"""Figures of what was estimated in recorded folders, which count as replicates: needs matplotlib alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..arrays import variables
from ..core import files, folder, tables
from ..core.errors import InfoplaneError
from ..estimation import flags
from ..results import ESTIMATES, TRUTH, UNCERTAINTY, Results, joined
from . import run

AGAIN = "run `infoplane estimate` again"
APART = 10_000  # between the replicates of two folders


def results(roots: Sequence[Path], ids: Sequence[str] | None = None) -> Results:
    """The estimates of these folders as `estimates` gives them, with the ceiling H(Y) where y holds labels."""
    by_id, _ = estimates(roots, ids)
    bits, name = label_ceiling(roots)
    found = joined(list(by_id), list(by_id.values()), no_truth(), pd.DataFrame(), bits, no_truth())
    return replace(found, ceiling_name=name)


def estimates(roots: Sequence[Path], ids: Sequence[str] | None = None) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The estimates of these folders, of all ids that each of them has or of `ids`, and the layers in network order.

    Several folders are replicates of one run. Raises `InfoplaneError` where nothing was estimated, and where folders
    have other layers.
    """
    ids = list(ids or _shared(roots))
    parts: dict[str, list[pd.DataFrame]] = {key: [] for key in ids}
    known: dict[str, list[str]] = {}  # the layers by id
    for number, root in enumerate(roots):
        for key in ids:
            place = root / "estimates" / f"{key}.csv"
            table = tables.read(place, ESTIMATES, UNCERTAINTY, next_step=f"run `infoplane estimate {root}`")
            if table.empty or (table["estimator"] != key).any():
                raise InfoplaneError(f"{place}: does not hold values of {key}; {AGAIN}")
            if table.duplicated(["replicate", "epoch", "layer", "target"]).any():
                raise InfoplaneError(f"{place}: holds a value twice; {AGAIN}")
            own = list(table["layer"].unique())
            if own != known.setdefault(key, own):
                said = f"holds the layers {', '.join(own)}, and {roots[0]} {', '.join(known[key])}"
                raise InfoplaneError(f"{place}: {said}; draw them one by one")
            if len(roots) > 1:
                table["replicate"] += number * APART
            parts[key].append(table)
    layers = list(dict.fromkeys(layer for own in sorted(known.values(), key=len, reverse=True) for layer in own))
    return {key: _together(own) for key, own in parts.items()}, layers


def draw(roots: Sequence[Path], ids: Sequence[str] | None = None, out: Path | None = None) -> list[Path]:
    """Writes `figures/NAME.png` and `.svg` into `out`, by default the first folder, and gives their paths.

    Raises `InfoplaneError` as `results` does, and where matplotlib is not installed.
    """
    found = results(roots, ids)
    try:
        from ..figures import curves, style
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        raise InfoplaneError("plot: needs matplotlib; `pip install 'infoplane[plot]'`") from None
    samples = len(folder.load_dataset(roots[0], run.STEPS).row_id)
    names = {"y": "target_information", "x": "input_information"}
    written = []
    with style.look():
        for target, name in names.items():
            if target in set(found.estimates["target"]):
                figure = curves.figure(found, target, samples)
                for suffix in ("png", "svg"):
                    place = (out or roots[0] / "figures") / f"{name}.{suffix}"
                    files.write_atomically(place, style.encode(figure, suffix))
                    written.append(place)
    return written


def no_truth() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in TRUTH.items()})


def label_ceiling(roots: Sequence[Path]) -> tuple[float | None, str]:
    """H(Y) in bits of the labels of these folders, and its name; None where y holds numbers, or folders differ."""
    datasets = [folder.load_dataset(root, run.STEPS) for root in roots]
    found = {flags.label_ceiling_bits(variables.target(rows.y, rows.has_labels)) for rows in datasets}
    return (found.pop() if len(found) == 1 else None), "H(Y)"


def _shared(roots: Sequence[Path]) -> list[str]:
    """The ids that every folder has estimates of."""
    there = [{path.stem for path in (root / "estimates").glob("*.csv")} for root in roots]
    shared = sorted(set.intersection(*there))
    if not shared:
        bare = next((root for root, own in zip(roots, there, strict=True) if not own), None)
        if bare is None:
            raise InfoplaneError(f"{roots[0]}: no estimator was run on all of the folders; {AGAIN} on all of them")
        raise InfoplaneError(f"{bare}: holds no estimates; run `infoplane estimate {bare}` first")
    return shared


def _together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([part.astype({"layer": str, "target": str, "estimator": str, "flags": str}) for part in parts])
    return table.astype({"layer": "category", "target": "category", "estimator": "category", "flags": "category"})
