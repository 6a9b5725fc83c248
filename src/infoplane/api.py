"""The library's front door: one value, or a table of many layers, from arrays as people have them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import variables
from .arrays.variables import Variable
from .choice import suitable
from .core.errors import InfoplaneError
from .core.validation import Section, Seed, checked
from .estimation import bound, flags, values
from .estimation.intervals import NORMAL_QUANTILE
from .estimation.layers import Layer, prepared
from .estimation.method import Method, Target
from .estimation.settings import Settings
from .estimators._shared import lookup
from .estimators._shared.base import Estimator
from .result import Result

WIDE = 16  # columns of x, from which on the default choice plants what it should find

if TYPE_CHECKING:
    import pandas as pd


def mutual_information(
    x: Any,
    y: Any,
    estimator: Estimator | str | None = None,
    *,
    stderr: int | None = None,
    permutations: int | None = None,
    block: int | None = None,
    planted: float | None = None,
    labels: bool | None = None,
    seed: int = 0,
) -> Result:
    """I(X;Y) in bits, with what is asked for of its error and its null.

    x: numbers `(samples,)` or `(samples, columns)`: numpy, pandas, torch (on any device) or lists.
    y: the same, or labels: integers, bools, text and categoricals are labels, floats are numbers, and
        `labels=True` or `labels=False` overrules that. A row of several columns is one label.
    estimator: an object such as `KSG(k=5)`, a name such as "ksg", or nothing: then one is chosen by what x and y are,
        as `infoplane.choice` says, and the result names it.
    stderr: how many splits into halves the standard error comes from (Holmes & Nemenman 2019), at least 2; 10 is good.
    permutations: how many shuffled pairings make the null, at least 19.
    block: for rows in time order, how far apart two rows are as good as independent: they are then shifted, and split
        in stretches of so many, where others are shuffled.
    planted: plant so many bits in x, and say which share of them the estimator reads (`infoplane.estimation.planted`);
        without an estimator and with more than 16 columns of x, 1 bit is.
    seed: of all that is drawn at random. The same seed gives the same numbers.

    Raises `InfoplaneError`, in one line, for what is wrong with an argument, and warns where integers look like counts
    and floats like labels.
    """
    values_of_x, target = variables.numbers(x), variables.target(y, labels)
    variables.check_lengths(values_of_x, target)
    chosen = suitable(values_of_x, target) if estimator is None else _estimator(estimator)
    if estimator is None and planted is None and values_of_x.shape[1] > WIDE:
        planted = 1.0  # could it have been seen?
    settings, seed = _settings(stderr, permutations, None, block, planted), _seed(seed)
    layers = prepared(
        values_of_x[None],
        [0],
        0,
        "x",
        key=chosen.name,
        settings=settings,
        seed=seed,
        judge_scale=not chosen.scale_invariant,
    )
    (row,) = values.rows(Method(chosen, "y"), chosen.name, layers, target, settings=settings, seed=seed)
    bound.mark([row], layers, target, settings, seed)
    row["flags"] = flags.joined(row["flags"])
    if target.classes is not None:
        flags.mark([row], settings, flags.Truth(flags.label_ceiling_bits(target)))
    mi_bits, stderr_bits = row["mi_bits"], row.get("stderr_bits")
    interval_bits = None
    if stderr_bits is not None:
        reach = NORMAL_QUANTILE * float(np.hypot(stderr_bits, row["drift_bits"]))
        interval_bits = mi_bits - reach, mi_bits + reach
    return Result(
        mi_bits=mi_bits,
        stderr_bits=stderr_bits,
        interval_bits=interval_bits,
        null_mean_bits=row.get("null_mean_bits"),
        p_value=row.get("p_value"),
        planted_share=row.get("planted_share"),
        flags=tuple(filter(None, row["flags"].split(";"))),
        estimator=chosen,
        samples=len(target),
        target=target.kind,
    )


def measure(
    layers: Mapping[str, Any],
    y: Any,
    estimators: "Estimator | str | Iterable[Estimator | str] | Mapping[str, Estimator | str]",
    x: Any = None,
    *,
    epoch: int = 0,
    replicate: int = 0,
    components: int | None = None,
    stderr: int | None = None,
    permutations: int | None = None,
    block: int | None = None,
    planted: float | None = None,
    labels: bool | None = None,
    seed: int = 0,
) -> "pd.DataFrame":
    """I(T;Y) of every layer by every estimator, and with x also I(X;T): a tidy table, a row a value.

    layers: the activations of each layer by its name, in network order, `(samples, units)`, or of several replicates
        at once `(replicates, samples, units)`. The rows are those of y, in the same order.
    y, labels, stderr, permutations, block, planted, seed: as for `mutual_information`.
    estimators: one, a list, or a mapping of ids to them; the id of one in a list is its name.
    x: the input `(samples, inputs)`.
    epoch, replicate: what the table is to say of these activations; of several replicates, the number of the first.
    components: measure the first so many principal components of each layer.

    The columns are those of the pipeline's `estimates/ID.csv`: estimator, replicate, epoch, layer, target ("y" for
    I(T;Y), "x" for I(X;T)), mi_bits, what was asked for of stderr_bits and drift_bits, null_mean_bits, null_p95_bits
    and p_value, planted_share, and flags, joined by ";". For the same arrays, seed and ids the numbers are those of the
    pipeline, to the bit.
    """
    import pandas as pd

    if not isinstance(layers, Mapping) or not layers:
        raise InfoplaneError('layers: give a mapping of names to arrays, such as {"fc1": activations}')
    activations = {name: variables.numbers(array, f"layers[{name!r}]", stacked=True) for name, array in layers.items()}
    targets: dict[Target, Variable] = {"y": variables.target(y, labels)}
    if x is not None:
        targets["x"] = Variable(variables.numbers(x))
    for name, array in activations.items():
        for letter, target in targets.items():
            variables.check_lengths(array, target, f"layers[{name!r}]", letter)
    asked, settings, seed = _by_id(estimators), _settings(stderr, permutations, components, block, planted), _seed(seed)
    table = []
    for key, estimator in asked.items():
        of_layers: list[Layer] = []
        for name, array in activations.items():
            stacked = array if array.ndim == 3 else array[None]
            replicates = range(replicate, replicate + len(stacked))
            judge_scale = not estimator.scale_invariant
            of_layers += prepared(
                stacked, replicates, epoch, name, key=key, settings=settings, seed=seed, judge_scale=judge_scale
            )
        rows = []
        for letter, target in targets.items():
            try:
                found = values.rows(Method(estimator, letter), key, of_layers, target, settings=settings, seed=seed)
            except InfoplaneError as error:
                raise InfoplaneError(f"{key}: {error}") from None
            if letter == "y":
                bound.mark(found, of_layers, target, settings, seed)
            rows += found
        for row in rows:
            row["flags"] = flags.joined(row["flags"])
        flags.mark(rows, settings, flags.Truth(flags.label_ceiling_bits(targets["y"])))
        table += rows
    return pd.DataFrame(table, columns=values.columns(settings))


NOTHING_MORE = Settings()


class _Seed(Section):
    seed: Seed


def _seed(seed: Any) -> int:
    return checked(_Seed, {"seed": seed}, "").seed


def _settings(
    stderr: int | None, permutations: int | None, components: int | None, block: int | None, planted: float | None
) -> Settings:
    """Each of them checked; what is wrong is said of the argument, not of the section that it becomes."""
    if stderr is permutations is components is block is planted is None:
        return NOTHING_MORE  # a value takes a quarter of a millisecond, of which this would be a tenth
    given = {
        "stderr": None if stderr is None else {"splits": stderr},
        "permutations": permutations,
        "reduce": None if components is None else {"components": components},
        "rows": None if block is None else {"block": block},
        "planted": None if planted is None else {"bits": planted},
    }
    try:
        return checked(Settings, given, "")
    except InfoplaneError as error:
        said = str(error).replace("stderr.splits", "stderr").replace("reduce.components", "components")
        raise InfoplaneError(said.replace("rows.block", "block").replace("planted.bits", "planted")) from None


def _estimator(given: Any) -> Estimator:
    if isinstance(given, Estimator):
        return given
    if isinstance(given, str):
        return lookup.named(given)()
    if isinstance(given, type) and issubclass(given, Estimator):
        return given()
    raise InfoplaneError(f"estimator: {given!r} is none; give an object such as KSG(k=3), or a name such as 'ksg'")


def _by_id(given: Any) -> dict[str, Estimator]:
    if isinstance(given, Mapping):
        return {str(key): _estimator(value) for key, value in given.items()}
    if isinstance(given, Estimator | str | type) or not isinstance(given, Iterable):
        given = [given]
    found: dict[str, Estimator] = {}
    for each in map(_estimator, given):
        if each.name in found:
            raise InfoplaneError(
                f"estimators: two are called {each.name}; give each an id, as in {{'{each.name}_a': ..., ...}}"
            )
        found[each.name] = each
    if not found:
        raise InfoplaneError("estimators: none given; KSG() is one")
    return found
