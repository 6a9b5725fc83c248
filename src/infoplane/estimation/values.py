"""The values of one estimator for many layers, each with its error, its null and its flags: the rows of a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import scaling
from ..arrays.variables import Variable
from ..core.errors import InfoplaneError
from ..core.seeding import Generators, generator
from . import checks, flags, planted, uncertainty
from .layers import Layer
from .method import Method
from .settings import Settings

COLUMNS = ["estimator", "replicate", "epoch", "layer", "target", "estimand", "mi_bits"]
Floats = NDArray[np.float64]
SUSPECT = 0.15  # of log2 of the rows: what an estimator that sees functions reads of one at least
NULL_COLUMNS = ["null_mean_bits", "null_p95_bits", "p_value"]


def columns(settings: Settings) -> list[str]:
    """Of the table of estimates; what the settings do not ask for has no column."""
    return [
        *COLUMNS,
        *(["stderr_bits", "drift_bits"] if settings.stderr else []),
        *(NULL_COLUMNS if settings.permutations else []),
        *(["planted_share"] if settings.planted else []),
        "flags",
    ]


def rows(
    method: Method,
    key: str,
    layers: Sequence[Layer],
    y: Variable,
    *,
    settings: Settings,
    seed: int,
    law_is_known: bool = False,
) -> list[dict[str, Any]]:
    """The rows (see `columns`) of one target, whose samples are `y`, in the order of `layers`; `key` is the id.

    `flags` are a set, and lack what only comparing values tells (`flags.mark`). Where the law of the data is not known,
    they have what the rows themselves tell (`checks`). No value depends on what else is asked
    for in the same call.
    """
    _check_fit(method, y)
    xs = [layer.t for layer in layers]
    keys: list[uncertainty.Key] = [(key, layer.replicate, layer.epoch, layer.name, method.target) for layer in layers]
    mi_bits, own_flags = method.values(xs, y, Generators(seed, keys))
    maximum_bits = method.saturated_bits(y)
    beside, scales = [], method.estimator.scale_range
    if method.estimator.compares_scales or scales is not None:
        of_y = scaling.deviations(y.values)
        beside = [of_y] if method.estimator.compares_scales else []
    halves = _halves(method, settings, seed, xs, y, keys)
    orders = None
    if settings.permutations is not None and method.has_pairs:
        orders = uncertainty.permutations(settings.permutations, len(y), generator(seed, key, "permutations"))
    found, y_is_constant = [], y.is_constant
    estimand = str(method.estimator.estimand.about(method.target, labels=y.classes is not None))
    for place, layer in enumerate(layers):
        row: dict[str, Any] = dict(zip(COLUMNS, [*keys[place], estimand, float(mi_bits[place])], strict=True))
        words = row["flags"] = layer.flags | own_flags[place]
        if maximum_bits is not None and flags.is_saturated(row["mi_bits"], maximum_bits):
            words.add("saturated")
        if layer.deviations is not None and flags.differ_in_scale(layer.deviations, *beside):
            words.add("scale")
        if layer.deviations is not None and scales is not None and flags.beyond(scales, layer.deviations, of_y):
            words.add("scale")
        if settings.stderr is not None:
            of_halves = halves.get(keys[place])
            row["stderr_bits"] = None if of_halves is None else float(uncertainty.of_halves(of_halves)[0])
            row["drift_bits"] = None if of_halves is None else float(mi_bits[place] - of_halves.mean())
        if orders is not None:
            null_bits = uncertainty.null_bits(method, xs[place], y, keys[place], orders, seed, settings.block)
            row |= uncertainty.null_summary(row["mi_bits"], null_bits)
            if flags.is_inside_null(row["p_value"]):
                words.add("inside_null")
        if settings.planted is not None and method.has_pairs:
            share = row["planted_share"] = planted.share(method, xs[place], y, keys[place], settings.planted, seed)
            if share is not None and share < planted.BLIND:
                words.add("blind")
        if not (law_is_known or y_is_constant) and settings.measure.pairs == "right":
            words |= _told_by_rows(method, layer, y, settings, row["mi_bits"], plain=flags.is_plain(row))
        found.append(row)
    return found


def _told_by_rows(
    method: Method, layer: Layer, y: Variable, settings: Settings, mi_bits: float, *, plain: bool
) -> set[str]:
    """The flags that need no exact value to compare with.

    Noise and bins make I(X;T) finite; that y follows x without noise is said of every estimate.
    """
    if "constant" in layer.flags:
        return set()
    words = set()
    if percent := checks.repeated_percent(layer.t, y):
        words.add(f"repeated_rows:{percent}")
    if method.target == "y" and (tied := checks.tied_percent(y)):
        words.add(f"target_ties:{tied}")
    if settings.rows is None and checks.in_time_order(layer.t, y):
        words.add("time_order")
    # A layer is a function of its input, and with it I(X;T) is infinite unless all of its rows repeat.
    alone = not any(word.startswith("ties:") and int(word[5:]) > 95 for word in layer.flags)
    if method.target == "x":
        infinite = plain and alone and y.classes is None
    else:
        # Where an estimator reads much of a function, little says that there is none, and saves the time to look.
        suspect = not method.estimator.sees_functions or mi_bits > SUSPECT * np.log2(len(y))
        infinite = suspect and checks.follows_without_noise(layer.t, y)
    if infinite:
        words.add("infinite")
    return words


def _check_fit(method: Method, y: Variable) -> None:
    """Raises `InfoplaneError` for a y that the estimator is not for."""
    for what, has in (("labels", y.classes is not None), ("vector targets", y.values.shape[1] > 1)):
        if has and what in method.estimator.not_for:
            instead = "use mixed_ksg, or labels=False if they are numbers" if what == "labels" else "use ksg"
            raise InfoplaneError(f"{method.target}: {method.estimator.name} is not for {what} ({y.kind}); {instead}")


def _halves(
    method: Method, settings: Settings, seed: int, xs: Sequence[Any], y: Variable, keys: Sequence[uncertainty.Key]
) -> dict[uncertainty.Key, Floats]:
    """The values on halves of the rows, `(splits, 2, 1)` by key; `settings.stderr` asks for those of some epochs, or of
    none."""
    if settings.stderr is None:
        return {}
    asked = [place for place, (_, _, epoch, *_) in enumerate(keys) if settings.stderr.at(int(epoch))]
    if not asked:
        return {}
    those = [keys[place] for place in asked]
    found = uncertainty.halves_bits(
        method, [xs[place] for place in asked], y, those, settings.stderr.splits, seed, settings.block
    )
    return {key: found[:, :, place : place + 1] for place, key in enumerate(those)}
