"""The command `infoplane`: what the library does, for arrays in files.

Bad input gives one line on standard error and exit status 2.
"""

import json
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from . import __version__
from .comparing.command import compare
from .core.errors import InfoplaneError
from .recording import commands


class _OneLine(click.Group):
    """Says what is wrong in one line, whoever says it."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            sys.exit(super().main(*args, **(kwargs | {"standalone_mode": False})) or 0)
        except click.ClickException as error:
            _fail(f"{' '.join(error.format_message().split()).rstrip('.')}; see infoplane --help")
        except InfoplaneError as error:
            _fail(str(error))
        except (click.Abort, KeyboardInterrupt):
            click.echo("infoplane: stopped", err=True)
            sys.exit(130)


def _fail(line: str) -> None:
    click.echo(f"infoplane: {line}", err=True)
    sys.exit(2)


@click.group(cls=_OneLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="infoplane")
def main() -> None:
    """How much information do two sets of numbers share, or a layer of a network and its target?

    All values are in bits.
    """


@main.command()
@click.argument("x")
@click.argument("y")
@click.option("--estimator", "-e", metavar="NAME", help="One of `infoplane estimators`. By default what suits x and y.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="A parameter of the estimator, e.g. k=5.")
@click.option(
    "--stderr", type=int, metavar="N", help="A standard error from N splits of the rows into halves; 10 is good."
)
@click.option("--permutations", type=int, metavar="N", help="A p-value from N shuffled pairings, at least 19.")
@click.option("--block", type=int, metavar="N", help="For rows in time order: so far apart they are independent.")
@click.option("--planted", type=float, metavar="BITS", help="Plant so many bits in X, and say which share is read.")
@click.option(
    "--labels/--numbers", "labels", default=None, help="How to take y; by default integers and text are labels."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn at random.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def mi(
    x: str,
    y: str,
    estimator: str | None,
    settings: Sequence[str],
    stderr: int | None,
    permutations: int | None,
    block: int | None,
    planted: float | None,
    labels: bool | None,
    seed: int,
    as_json: bool,
) -> None:
    """The mutual information of X and Y, which share their rows.

    X and Y are files: .npy, .csv or .parquet. For a table name the columns after a colon:

    \b
      infoplane mi layer.npy target.npy --stderr 10
      infoplane mi data.csv:height,weight data.csv:age --estimator ksg --set k=5
      infoplane mi embeddings.npy data.parquet:species --permutations 200 --json
    """
    from .api import mutual_information
    from .estimators._shared import lookup
    from .reading import read

    if settings and estimator is None:
        raise InfoplaneError("--set: name the estimator that it is for with --estimator")
    chosen = (
        None if estimator is None else lookup.named(estimator, "--estimator").of(dict(map(commands.setting, settings)))
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = mutual_information(
            read(x),
            read(y),
            chosen,
            stderr=stderr,
            permutations=permutations,
            block=block,
            planted=planted,
            labels=labels,
            seed=seed,
        )
    for warning in said:
        line = (
            str(warning.message)
            .replace("pass labels=False", "add --numbers")
            .replace("pass labels=True", "add --labels")
        )
        click.echo(f"infoplane: {line}", err=True)
    click.echo(json.dumps(result.to_dict()) if as_json else str(result))


@main.command()
def estimators() -> None:
    """List the estimators, a line each.

    In Python, help(infoplane.KSG) says all about one.
    """
    from .estimators._shared import lookup

    width = max(map(len, lookup.names()))
    for name in lookup.names():
        summary = (lookup.named(name).__doc__ or "").strip().splitlines()[0]
        click.echo(f"{name:{width}}  {summary}")


main.add_command(commands.estimate)
main.add_command(commands.plot)
main.add_command(commands.report)
main.add_command(commands.import_)
main.add_command(compare)
