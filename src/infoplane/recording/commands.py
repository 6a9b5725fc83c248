"""The commands on recorded folders: estimate, plot, report, import."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..core.errors import InfoplaneError

if TYPE_CHECKING:
    from ..estimators._shared.base import Estimator

COLUMNS = 6  # epochs of the printed table
FOLDERS = click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path))
Settings = Sequence[str]


@click.command()
@FOLDERS
@click.option("--estimator", "-e", "names", metavar="NAME", multiple=True, help="One of `infoplane estimators`.")
@click.option(
    "--set", "settings", metavar="[NAME.]KEY=VALUE", multiple=True, help="A parameter, e.g. k=5, or ksg.k=5 of several."
)
@click.option("--layers", metavar="PATTERN", multiple=True, help="Only layers that it matches, e.g. 'conv*'.")
@click.option("--stderr", type=int, metavar="N", help="Standard errors from N splits of the rows into halves.")
@click.option("--permutations", type=int, metavar="N", help="p-values from N shuffled pairings, at least 19.")
@click.option("--planted", type=float, metavar="BITS", help="Plant so many bits, and say which share is read.")
@click.option("--components", type=int, metavar="N", help="Measure the first N principal components of each layer.")
@click.option("--inputs", is_flag=True, help="Also I(X;T), the information about the input.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn at random.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="How many processes; by default one a core.")
def estimate(
    folders: Sequence[Path],
    names: Sequence[str],
    settings: Settings,
    layers: Sequence[str],
    stderr: int | None,
    permutations: int | None,
    planted: float | None,
    components: int | None,
    inputs: bool,
    seed: int,
    workers: int | None,
) -> None:
    """The information of every layer and epoch of recorded FOLDERs.

    Writes FOLDER/estimates/NAME.csv and prints a short table; of several folders the median.

    \b
      infoplane estimate runs/a
      infoplane estimate runs/a runs/b -e ksg -e decodable --set ksg.k=5 --stderr 10
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = "1"  # the work is split over processes; set before numpy is imported
    from ..api import _seed, _settings
    from .estimating import Asked, path
    from .estimating import estimate as run

    more = _settings(stderr, permutations, components, None, planted)
    asked = Asked(_estimators(names, settings), more, inputs, list(layers) or None, _seed(seed), workers)
    found = {folder: run(folder, asked) for folder in folders}
    for key in next(iter(found.values())):
        rows = [dict(row, folder=str(folder)) for folder, tables in found.items() for row in tables.get(key, [])]
        for letter, what in (("y", "I(T;Y)"), ("x", "I(X;T)")):
            own = [row for row in rows if row["target"] == letter]
            if own:
                click.echo(_table(own, f"{what} in bits by {key}"))
    for folder, tables in found.items():
        for key in tables:
            click.echo(f"wrote {path(folder, key)}")


@click.command()
@FOLDERS
@click.option("--estimator", "-e", "ids", metavar="NAME", multiple=True, help="By default all that were estimated.")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="Where to; by default FOLDER/figures.")
def plot(folders: Sequence[Path], ids: Sequence[str], out: Path | None) -> None:
    """Draw what `infoplane estimate` found: information against epoch, a panel a layer.

    Several FOLDERs are runs of one experiment from several seeds: their median and spread are drawn.
    """
    from .plotting import draw

    for written in draw(folders, list(ids) or None, out):
        click.echo(f"wrote {written}")


@click.command()
@FOLDERS
@click.option("--estimator", "-e", "ids", metavar="NAME", multiple=True, help="By default all that were estimated.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to; by default FOLDER/report.html.")
def report(folders: Sequence[Path], ids: Sequence[str], out: Path | None) -> None:
    """One page that opens offline: what was measured, what was found, and which numbers not to trust.

    FOLDER is one that `infoplane estimate` wrote to, or a `data` folder of the pipeline. Several FOLDERs are laid
    over each other.

    \b
      infoplane report runs/a
      infoplane report runs/a runs/b --out both.html
    """
    from .reporting import write

    click.echo(f"wrote {write(folders, out, list(ids) or None)}")


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--y", required=True, metavar="FILE", help="The target: .npy, or .csv or .parquet, as FILE:COLUMN.")
@click.option("--x", metavar="FILE", help="The input, likewise; leave it out if I(X;T) does not matter.")
@click.option("--row-id", metavar="FILE", help="Whole numbers that tell rows apart, likewise.")
@click.option("--layers", metavar="PATTERN", multiple=True, help="Only these, in this order, e.g. 'conv*'.")
@click.option("--dtype", type=click.Choice(["float32", "float16"]), default="float32", show_default=True)
@click.option("--labels/--numbers", "labels", default=None, help="How to take y; by default integers are labels.")
def import_(
    source: Path,
    folder: Path,
    y: str,
    x: str | None,
    row_id: str | None,
    layers: Sequence[str],
    dtype: str,
    labels: bool | None,
) -> None:
    """Bring activations from elsewhere, SOURCE, into a new FOLDER.

    SOURCE holds .npy, .npz, .pt (weights only) or .safetensors, whose paths say the epoch and, of .npy, the layer:

    \b
      saved/epoch_0/conv1.npy   saved/conv1_epoch0.npy   saved/epoch_0.npz

    Arrays have the rows of y, in the same order.
    """
    from ..reading import read
    from .importing import import_run

    said = import_run(
        source,
        folder,
        read(y),
        x=None if x is None else read(x),
        labels=labels,
        layers=list(layers) or None,
        row_id=None if row_id is None else read(row_id),
        dtype=dtype,
    )
    click.echo(f"imported {said} into {folder}")


def _estimators(names: Sequence[str], settings: Settings) -> "dict[str, Estimator]":
    """By name, with the parameters that `--set` gives them."""
    from ..estimators._shared import lookup

    given: dict[str, dict[str, Any]] = {name: {} for name in names}
    for text in settings:
        key, value = setting(text)
        name, dot, parameter = key.partition(".")
        if not dot:
            if len(given) != 1:
                said = "name the estimator that it is for with --estimator" if not given else f"say whose, as ksg.{key}"
                raise InfoplaneError(f"--set: {text!r}: {said}")
            name, parameter = next(iter(given)), key
        if name not in given:
            raise InfoplaneError(f"--set: {name} is not asked for; add --estimator {name}")
        given[name][parameter] = value
    return {name: lookup.named(name, "--estimator").of(values) for name, values in given.items()}


def setting(text: str) -> tuple[str, Any]:
    """KEY=VALUE, where the value is JSON or a word such as rank."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InfoplaneError(f"--set: {text!r} is not KEY=VALUE, such as k=5")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _table(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """A line a layer, some epochs across, and the flags of the last."""
    import numpy as np

    epochs = sorted({row["epoch"] for row in rows})
    places = np.unique(np.linspace(0, len(epochs) - 1, min(COLUMNS, len(epochs))).round().astype(int))
    shown = [epochs[place] for place in places]
    layers = list(dict.fromkeys(row["layer"] for row in rows))
    width = max(map(len, layers))
    lines = [f"{title}, epoch" + "".join(f"{epoch:>8}" for epoch in shown)]
    width = max(width, len(lines[0]) - 8 * len(shown))
    lines[0] = f"{title}, epoch".ljust(width) + "".join(f"{epoch:>8}" for epoch in shown)
    for layer in layers:
        own = [row for row in rows if row["layer"] == layer]
        cells = []
        for epoch in shown:
            values = [row["mi_bits"] for row in own if row["epoch"] == epoch]
            cells.append(f"{np.median(values):8.3f}" if values else "       -")
        words = sorted({word for row in own if row["epoch"] == shown[-1] for word in row["flags"].split(";") if word})
        lines.append(f"{layer:{width}}{''.join(cells)}  {' '.join(words)}".rstrip())
    return "\n".join(lines)
