"""The report of recorded folders, and of any folder laid out alike: `report.html`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from .. import scoring
from ..core import ceilings, files, folder, provenance, tables
from ..core.errors import InfoplaneError
from ..report import Run, html, words
from ..results import TRAINING, TRUTH, Results, joined
from . import plotting, run

AGAIN = "make it again, or delete it to report without it"


def write(roots: Sequence[Path], out: Path | None = None, ids: Sequence[str] | None = None) -> Path:
    """Writes the report of these folders, by default `report.html` in the first, and gives its path.

    Several folders are runs of the same layers, laid over each other. Raises `InfoplaneError` where nothing was
    estimated, for damaged files, and where Plotly is not installed.
    """
    if len(set(roots)) < len(roots):
        raise InfoplaneError("report: one folder is named twice; name different folders")
    place = out or roots[0] / "report.html"
    if place.is_dir():
        raise InfoplaneError(f"--out: {place} is a folder; name a file in it, such as {place / 'report.html'}")
    files.write_atomically(place, html(of(roots, ids)).encode())
    return place


def of(roots: Sequence[Path], ids: Sequence[str] | None = None) -> Run:
    """What there is to report of these folders."""
    results = _results(roots, ids)
    datasets = [folder.load_dataset(root, run.STEPS) for root in roots]
    kinds = list(dict.fromkeys(words.target(rows) for rows in datasets))
    counts = sorted({_rows(root, len(rows.row_id)) for root, rows in zip(roots, datasets, strict=True)})
    made = [run.made(root) for root in roots]
    notes = []
    if len(counts) > 1:
        notes.append(f"The runs were measured on different numbers of rows: {', '.join(map(str, counts))}.")
    return Run(
        title="Information report: " + ", ".join(str(root) for root in roots),
        results=results,
        networks=_networks(roots, results),
        facts=[("Runs", ", ".join(map(str, roots)))],
        rows=counts[0],
        target="; ".join(kinds),
        board=pd.DataFrame(scoring.scoreboard(results), columns=scoring.COLUMNS),
        parameters=_parameters(roots, results.ids),
        versions=_versions(made),
        hashes=_hashes(roots, results.ids),
        commands=_commands(roots, made, results.ids),
        notes=notes,
    )


def _results(roots: Sequence[Path], ids: Sequence[str] | None) -> Results:
    """The estimates, and of one folder the exact values and losses that lie beside them."""
    root = roots[0]
    if len(roots) > 1 or not any((root / name).exists() for name in ("truth.csv", "training.csv")):
        return plotting.results(roots, ids)
    by_id, _ = plotting.estimates(roots, ids)
    truths = [plotting.no_truth()]
    for path in (root / "truth.csv", root / "estimands.csv"):
        if path.exists():
            truths.append(tables.read(path, TRUTH, infinite=True, next_step=AGAIN))
    truth = pd.concat([each.astype({"layer": object, "target": object, "estimand": object}) for each in truths])
    truth = truth.astype({"layer": "category", "target": "category"})
    is_plain = truth["estimand"] == "plain"
    plain, others = truth[is_plain].reset_index(drop=True), truth[~is_plain].reset_index(drop=True)
    loss, ceiling = root / "training.csv", root / "ceiling.json"
    training = tables.read(loss, TRAINING, next_step=AGAIN) if loss.exists() else pd.DataFrame()
    bits, name = ceilings.read(ceiling, AGAIN) if ceiling.exists() else plotting.label_ceiling(roots)
    return replace(joined(list(by_id), list(by_id.values()), plain, training, bits, others), ceiling_name=name)


def _rows(root: Path, otherwise: int) -> int:
    """How many rows were measured; all of the dataset where the activations are elsewhere."""
    epochs = folder.epochs(root)
    if not epochs:
        return otherwise
    with folder.opened(root, epochs[0], run.STEPS) as file:
        return len(file.row_id)


def _networks(roots: Sequence[Path], results: Results) -> dict[int, str]:
    """The name of each replicate: that of its folder, with its number where one folder holds several."""
    numbers = sorted(results.estimates["replicate"].unique().tolist())
    if len(roots) == 1:
        more = results.training["replicate"].unique().tolist() if len(results.training) else []
        return {number: f"replicate {number}" for number in sorted({*numbers, *more})}
    several = any(number % plotting.APART for number in numbers)
    return {
        number: str(roots[number // plotting.APART]) + (f", replicate {number % plotting.APART}" if several else "")
        for number in numbers
    }


def _parameters(roots: Sequence[Path], ids: Sequence[str]) -> list[tuple[str, str]]:
    """What each estimator was asked for, as `infoplane estimate` notes it."""
    found = {(key, text): None for root in roots for key in ids if (text := run.asked(root, key).get("asked"))}
    return list(found)


def _versions(made: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(pair for each in made for pair in each.items() if pair[0] != "command" and pair[1]))


def _hashes(roots: Sequence[Path], ids: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for root in roots:
        paths = [folder.dataset_path(root), run.path(root), *(root / "estimates" / f"{key}.csv" for key in ids)]
        found += [(f"{root}/{name}", f"sha256 {text}") for name, text in provenance.hashes(root, paths)]
    return found


def _commands(roots: Sequence[Path], made: Sequence[dict[str, str]], ids: Sequence[str]) -> list[str]:
    said: list[str] = []
    for root, each in zip(roots, made, strict=True):
        own = [each.get("command", ""), *(run.asked(root, key).get("command", "") for key in ids)]
        said += [command for command in dict.fromkeys(own) if command and command not in said]
    return [*said, "infoplane report " + " ".join(map(str, roots))]
