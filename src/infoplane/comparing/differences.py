"""The table of differences between runs: of the mean over networks, with its standard error."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ..core.errors import InfoplaneError
from .runs import Run

KEY = ["estimator", "layer", "target", "epoch"]
COLUMNS = [
    *("estimator", "layer", "target", "epoch", "run", "estimand", "networks", "mi_bits", "stderr_bits"),
    *("difference_bits", "difference_stderr_bits", "difference_low_bits", "difference_high_bits"),
]


def shared(runs: Sequence[Run]) -> tuple[list[str], list[str]]:
    """The ids and the layers that all runs have, in the order of the first run.

    Raises `InfoplaneError` where there is none of either.
    """
    first = runs[0]
    ids = [key for key in first.estimates if all(key in run.estimates for run in runs)]
    layers = [layer for layer in first.layers if all(layer in run.layers for run in runs)]
    for what, found, of in (
        ("estimator", ids, [list(run.estimates) for run in runs]),
        ("layer", layers, [run.layers for run in runs]),
    ):
        if not found:
            each = "; ".join(f"{run.name} has {', '.join(names)}" for run, names in zip(runs, of, strict=True))
            raise InfoplaneError(f"no {what} is in all runs ({each}); compare runs that share one")
    return ids, layers


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row per estimator, layer, target, epoch and run, at the epochs that all runs measured.

    `mi_bits` is the mean over `networks` networks. `stderr_bits` comes from their spread, and with one network it is
    that network's own standard error, or missing. `difference_bits` is the value less that of the first run, with its
    standard error and 95 % interval. Runs with the same networks are compared network by network (paired t); others as
    independent (Welch, 1947); of single networks the interval is normal. Raises `InfoplaneError` where no value is in
    all runs.
    """
    ids, layers = shared(runs)
    values = [_values(run, ids, layers) for run in runs]
    means = [_means(of_run) for of_run in values]
    common = means[0].index
    for found in means[1:]:
        common = common.intersection(found.index, sort=False)
    if common.empty:
        raise InfoplaneError(
            f"no epoch of {', '.join(ids)} was measured in all of {', '.join(run.name for run in runs)}; "
            "compare runs that measured the same epochs"
        )
    parts = []
    for number, run in enumerate(runs):
        own = means[number].loc[common].assign(run=run.name, number=number)
        if number:
            own = own.join(_difference(values[number], values[0], means[number].loc[common], means[0].loc[common]))
        parts.append(own.reset_index())
    found = pd.concat(parts, ignore_index=True)
    places = {name: place for place, name in enumerate([*ids, *layers])}
    order = found.assign(estimator=found["estimator"].map(places), layer=found["layer"].map(places))
    order = order.sort_values(["target", "estimator", "layer", "epoch", "number"], ascending=[False, *[True] * 4])
    return found.loc[order.index].reindex(columns=COLUMNS).reset_index(drop=True)


def _values(run: Run, ids: Sequence[str], layers: Sequence[str]) -> pd.DataFrame:
    """The estimates of these ids and layers, with a column `stderr_bits` in any case."""
    texts = dict.fromkeys(KEY[:3], object)
    each = pd.concat([run.estimates[key].astype(texts) for key in ids], ignore_index=True)
    each = each[each["layer"].isin(layers)]
    return each if "stderr_bits" in each else each.assign(stderr_bits=np.nan)


def _means(values: pd.DataFrame) -> pd.DataFrame:
    """By `KEY`: the mean over networks, its standard error, how many networks there are, and the estimand."""
    found = values.groupby(KEY, sort=False).agg(
        estimand=("estimand", "first"),
        networks=("replicate", "nunique"),
        mi_bits=("mi_bits", "mean"),
        spread=("mi_bits", "std"),
        own=("stderr_bits", "first"),
    )
    found["stderr_bits"] = (found["spread"] / np.sqrt(found["networks"])).where(found["networks"] > 1, found["own"])
    return found


def _difference(values: pd.DataFrame, others: pd.DataFrame, means: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """By `KEY`: the difference of the means, its standard error and its 95 % interval."""
    pairs = values.merge(others, on=[*KEY, "replicate"], suffixes=("", "_base"))
    pairs["difference"] = pairs["mi_bits"] - pairs["mi_bits_base"]
    paired = pairs.groupby(KEY, sort=False)["difference"].agg(["std", "size"]).reindex(means.index)
    same = (paired["size"] == means["networks"]) & (paired["size"] == base["networks"]) & (paired["size"] > 1)
    squares = [part["stderr_bits"] ** 2 for part in (means, base)]
    error = (paired["std"] / np.sqrt(paired["size"])).where(same, np.sqrt(squares[0] + squares[1]))
    # One network's error comes from its rows, with many degrees of freedom.
    freedom = [np.where(part["networks"] > 1, part["networks"] - 1, np.inf) for part in (means, base)]
    with np.errstate(invalid="ignore", divide="ignore"):
        welch: pd.Series = (squares[0] + squares[1]) ** 2 / (
            squares[0] ** 2 / freedom[0] + squares[1] ** 2 / freedom[1]
        )
    half = error * stats.t.ppf(0.975, np.where(same, paired["size"] - 1, welch.fillna(np.inf)))
    found = pd.DataFrame({"difference_bits": means["mi_bits"] - base["mi_bits"], "difference_stderr_bits": error})
    found["difference_low_bits"] = found["difference_bits"] - half
    found["difference_high_bits"] = found["difference_bits"] + half
    return found
