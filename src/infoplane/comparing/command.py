"""The command `infoplane compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..core import files
from ..core.errors import InfoplaneError

if TYPE_CHECKING:
    import pandas as pd

    from .runs import Run


@click.command()
@click.argument("given", nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--estimator", "-e", "ids", metavar="NAME", multiple=True, help="By default all that every run has.")
@click.option("--epoch", type=int, metavar="N", help="Of the printed table; by default the last that all measured.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", default=Path("comparison"), show_default=True)
def compare(given: Sequence[str], ids: Sequence[str], epoch: int | None, out: Path) -> None:
    """Compare RUNs: the same layers and estimators in one figure, and a table of differences from the first.

    A RUN is a folder that was estimated, the folder data/ of a pipeline, several folders with commas between them
    (seeds of one run), or a git revision or experiment of the pipeline.

    \b
      infoplane compare runs/a runs/b
      infoplane compare runs/a0,runs/a1 runs/b0,runs/b1 -e ksg --out a_and_b
      infoplane compare HEAD my-experiment
    """
    from . import differences, runs

    if len(given) < 2:
        raise InfoplaneError("RUN: one run has nothing to be compared with; name at least two")
    with runs.opened(given) as places:
        found = [runs.load(name, roots, list(ids) or None) for name, roots in places]
    table = differences.table(found)
    shared_ids, layers = differences.shared(found)
    for run in found:
        if left_out := [*(set(run.estimates) - set(shared_ids)), *(set(run.layers) - set(layers))]:
            click.echo(f"infoplane: only some runs have {', '.join(sorted(left_out))}; left out", err=True)
            break
    last = int(table["epoch"].max()) if epoch is None else epoch
    if last not in set(table["epoch"]):
        known = ", ".join(map(str, sorted(table["epoch"].unique())))
        raise InfoplaneError(f"--epoch: {last} was not measured in all runs; these were: {known}")
    for target, own in table[table["epoch"] == last].groupby("target", sort=False):
        click.echo(_text(own, f"{'I(T;Y)' if target == 'y' else 'I(X;T)'} in bits at epoch {last}"))
    place = out / "comparison.csv"
    files.save_table(place, _cells(table), list(table.columns))
    for path in [place, *_draw(found, shared_ids, layers, list(table["target"].unique()), out)]:
        click.echo(f"wrote {path}")


def _text(table: "pd.DataFrame", title: str) -> str:
    """One line per estimator and layer: each run's mean, and its difference from the first with a 95 % interval."""
    runs = list(table["run"].unique())
    left = {tuple(key): own for key, own in table.groupby(["estimator", "layer"], sort=False)}
    width = max(len(f"{key}  {layer}") for key, layer in left)
    lines = [title] + [f"  {number}  {run}" for number, run in enumerate(runs, 1)]
    heads = [f"{1:>9}"] + [f"{number:>9}{f'{number} less 1':>18}" for number in range(2, len(runs) + 1)]
    lines.append(" " * width + "".join(heads))
    for (key, layer), own in left.items():
        cells = []
        for row in own.to_dict("records"):
            cells.append(f"{row['mi_bits']:9.3f}")
            if row["run"] != runs[0]:
                half = (row["difference_high_bits"] - row["difference_low_bits"]) / 2
                cells.append(f"{row['difference_bits']:+9.3f}" + ("" if half != half else f" ± {half:.3f}").ljust(9))
        lines.append(f"{f'{key}  {layer}':{width}}{''.join(cells)}".rstrip())
    if table["estimand"].nunique() > 1:
        told = table.groupby("estimator", sort=False)["estimand"].unique()
        for key, names in told.items():
            if len(names) > 1:
                lines.append(f"{key} estimates other things in these runs: {', '.join(names)}")
    return "\n".join(lines)


def _cells(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows as they are written: what is missing is empty."""
    cells = table.astype(object).where(table.notna(), "")
    return [dict(zip(table.columns, row, strict=True)) for row in cells.itertuples(index=False)]


def _draw(
    found: "Sequence[Run]", ids: Sequence[str], layers: Sequence[str], targets: Sequence[str], out: Path
) -> list[Path]:
    """Writes a figure for each target, where matplotlib is installed."""
    try:
        from ..figures import comparison, style
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        click.echo("infoplane: no figure: it needs matplotlib; `pip install 'infoplane[plot]'`", err=True)
        return []
    written = []
    with style.look():
        for target in targets:
            drawn = comparison.figure(found, ids, layers, target)
            for suffix in ("png", "svg"):
                name = "target_information" if target == "y" else "input_information"
                written.append(out / f"{name}.{suffix}")
                files.write_atomically(written[-1], style.encode(drawn, suffix))
    return written
