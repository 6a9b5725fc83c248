"""What the page says in sentences, in the order in which it says it."""

from collections.abc import Sequence

import numpy as np

from . import changes, findings, words
from .findings import Exact
from .run import Run
from .trust import BLIND, GOOD_BITS, Trust, trust

OFTEN = 0.05  # the share of flagged values that is worth a line
SIDES = {"y": "T;Y", "x": "X;T"}
MINOR = ("dead_units", "constant", "ties", "target_ties", "infinite")  # told in the table, not among the first lines


def measured(run: Run) -> list[tuple[str, str]]:
    """Terms and what is said of them."""
    table = run.results.estimates
    first, last = int(table["epoch"].min()), int(table["epoch"].max())
    names = [run.networks[number] for number in sorted(table["replicate"].unique())]
    return [
        *run.facts,
        ("Rows measured", f"{run.rows:,}, y as {run.target}"),
        ("Networks", f"{len(names)}: {words.listed(names, 8)}"),
        ("Layers", words.listed(run.results.layers, 12)),
        ("Epochs", f"{first} to {last}" if first < last else str(first)),
        ("Estimators", words.listed([asked(run, key) for key in run.results.ids], 20)),
    ]


def asked(run: Run, key: str) -> str:
    own = run.results.estimates[run.results.estimates["estimator"] == key]
    epochs, networks = own["epoch"].nunique(), own["replicate"].nunique()
    said = f"{words.counted(epochs, 'epoch')} of {words.counted(networks, 'network')}"
    return f"{key} ({said}{'; shuffled pairs' if key in run.shuffled else ''})"


def short(run: Run) -> list[tuple[str, list[str]]]:
    """The finding in a few lines: a heading, and sentences."""
    trusted = trust(run)
    return [
        ("Measured", [_measured(run)]),
        ("What the layers hold", holds(run)),
        ("What rises", _rises(run)[:4] + unreal(run)[:3]),
        ("Which numbers to trust", _good(run, trusted)),
        ("Which not to trust, and why", _bad(run, trusted)),
    ]


def _measured(run: Run) -> str:
    table, results = run.results.estimates, run.results
    first, last = int(table["epoch"].min()), int(table["epoch"].max())
    networks = words.counted(table["replicate"].nunique(), "network")
    what = "about the target Y" if set(table["target"]) == {"y"} else "about the target Y and the input X"
    span = f"at {words.epochs([first, last])}" if first == last else f"from epoch {first} to {last}"
    return (
        f"The information, in bits, that {words.counted(len(results.layers), 'layer')} of {networks} hold {what}, "
        f"{span}, on {run.rows:,} rows with y taken as {run.target}, by "
        f"{words.counted(len(results.ids), 'estimator')}."
    )


def holds(run: Run) -> list[str]:
    results = run.results
    name, ceiling = results.ceiling_name, results.ceiling_bits
    said = [
        f"No layer can hold more about Y than {name} = {ceiling:.4f} bits, the ceiling."
        if ceiling is not None
        else "The most that a layer can hold about Y is not known for these data."
    ]
    rows = findings.exact(results)
    if not rows:
        said.append("The exact value of a layer is not known either: there are only estimates, and what limits them.")
        return said + _last_estimates(run)
    full = [row.layer for row in rows if row.full_share is not None and row.full_share >= 0.99]
    still = [row.layer for row in rows if row.layer not in full and row.is_still]
    if full:
        said.append(
            f"{words.layers(full)} {_verb(full, 'hold')} all of it, exactly computed, in at least 99 % of all epochs "
            "and networks, trained or not: nothing is left to rise there."
        )
    if still:
        said.append(
            f"{words.layers(still)} {_verb(still, 'stay')}, exactly computed, within {changes.CHANGE_BITS} bits of "
            "where training began."
        )
    return said + [_exact(row, run) for row in rows if row.layer not in full and not row.is_still]


def _verb(names: Sequence[str], verb: str) -> str:
    return f"{verb}s" if len(names) == 1 else verb


def _exact(row: Exact, run: Run) -> str:
    step = float(np.median(row.end_bits)) - float(np.median(row.start_bits))
    verb = "ends where it began" if abs(step) <= changes.CHANGE_BITS else "rises" if step > 0 else "falls"
    text = f"{words.layer(row.layer)} {verb}, exactly computed: {words.spread(row.start_bits)} bits at first, "
    text += f"{words.spread(row.end_bits)} at last"
    if row.low_bits < min(*row.start_bits, *row.end_bits) - changes.CHANGE_BITS:
        text += f"; in between as little as {words.bits(row.low_bits)} (epoch {row.low_epoch}"
        text += f", {run.networks[row.low_replicate]})" if len(run.networks) > 1 else ")"
    return f"{text}."


def _last_estimates(run: Run) -> list[str]:
    """What estimates say at the end, where there is no exact value."""
    said = []
    for key in run.ids:
        own = run.results.of(key, "y")
        last = own[own["epoch"] == own["epoch"].max()]
        parts = [
            f"{words.bits(float(values.median()))} in {words.layer(layer)}"
            for layer in run.results.layers
            if len(values := last[last["layer"] == layer]["mi_bits"])
        ]
        if parts:
            said.append(f"At epoch {int(last['epoch'].iloc[0])} {key} reads, in bits, {words.listed(parts)}.")
    return said[:3]


def _rises(run: Run) -> list[str]:
    """From exact values where there are any, else from each estimator."""
    results, said = run.results, []
    if plain := changes.true_changes(run):
        said.append(changes.sentence("I(T;Y) itself, exactly computed,", plain, results.ceiling_bits))
    for estimand in dict.fromkeys(results.other_truths["estimand"]):
        if estimand.startswith(("usable", "noisy")) and (changed := changes.true_changes(run, estimand)):
            name = words.quantity(estimand)
            said.append(changes.sentence(f"{name[0].upper()}{name[1:]}, exactly computed,", changed, None))
    if not said:
        for key in run.ids:
            if changed := changes.changes(run, key):
                subject = f"By {key}, {words.quantity(run.estimand(key))}"
                said.append(changes.sentence(subject, changed, results.ceiling_bits))
    return said or ["Fewer than two epochs were measured, so nothing is said about change."]


def rises(run: Run) -> list[str]:
    """The same, and which curves show a change that is not there or miss one that is."""
    return _rises(run) + unreal(run)


def unreal(run: Run) -> list[str]:
    """A sentence for each estimator whose curves do not change as the exact ones do."""
    said = []
    for key in run.ids:
        wrong = [each for each in changes.changes(run, key) if each.is_wrong and each.true_bits is not None]
        parts = [
            f"{words.layer(each.layer)} {words.signed(each.bits)} (exactly {words.signed(each.true_bits or 0)})"
            for each in wrong
        ]
        if parts:
            said.append(
                f"Not real: the change that {key} shows from epoch {wrong[0].first} to {wrong[0].last} in "
                f"{words.listed(parts)} bits."
            )
    return said


def _good(run: Run, trusted: list[Trust]) -> list[str]:
    judged = [each for each in trusted if each.mean_abs_bits is not None]
    if not judged:
        return _unjudged(run, trusted)
    good = [each for each in judged if (each.mean_abs_bits or 0) <= GOOD_BITS]
    if not good:
        best, off = judged[0].estimator, words.bits(judged[0].mean_abs_bits or 0)
        return [f"No estimator agrees with its exact value. {best} is nearest, {off} bits off on average."]
    return [
        f"{each.estimator}, an estimate of {words.quantity(run.estimand(each.estimator))}: "
        f"{words.bits(each.mean_abs_bits or 0)} bits from the exact value on average, at most "
        f"{words.bits(each.max_abs_bits or 0)}."
        for each in good
    ]


def _unjudged(run: Run, trusted: list[Trust]) -> list[str]:
    said = ["No exact value is known for these data, so no estimator can be judged by its error."]
    planted = [each for each in trusted if each.planted_share is not None]
    if planted:
        names = [f"{each.estimator} {100 * (each.planted_share or 0):.0f} %" for each in planted]
        said.append(f"Of bits that were planted in these rows they read: {words.listed(names)} (median).")
    else:
        said.append("Nothing was planted in these rows either, which would show whether an estimator is blind to them.")
    bounds = [key for key in run.ids if run.estimand(key).startswith("usable")]
    if bounds:
        verb = _verb(bounds, "prove")
        said.append(f"{words.listed(bounds)} {verb}, on held-out rows, a lower bound: a layer holds at least so much.")
    return said


def _bad(run: Run, trusted: list[Trust]) -> list[str]:
    said = []
    if shuffled := [each.estimator for each in trusted if each.is_shuffled]:
        verb = _verb(shuffled, "measure")
        said.append(f"{words.listed(shuffled)} {verb} shuffled pairs: there is nothing to find, whatever it shows.")
    for each in trusted:
        if each.planted_share is not None and each.planted_share < BLIND:
            said.append(f"{each.estimator} is blind: it reads {100 * each.planted_share:.0f} % of what was planted.")
        if each.wrong:
            said.append(
                f"{each.estimator} is off by more than {words.bits(changes.WRONG_BITS)} bits in {stretches(each)}."
            )
    flagged = [each for each in findings.flagged(run.results) if each.estimator not in run.shuffled]
    infinite = list(dict.fromkeys(each.estimator for each in flagged if each.flag == "infinite" and each.target == "x"))
    if infinite:
        said.append(
            f"I(X;T) by {words.listed(infinite)}: the true value is infinite, so that the number tells about the "
            "estimator, not about the network."
        )
    major = [each for each in flagged if each.flag not in MINOR and each.share >= OFTEN]
    for flag in dict.fromkeys(each.flag for each in major):
        own = [each for each in major if each.flag == flag]
        where = [
            f"{each.estimator} ({100 * each.share:.0f} % of I({SIDES[each.target]}))"
            if each.estimator
            else f"{100 * each.share:.0f} % of all values"
            for each in own
        ]
        said.append(f"Flag {flag}, {own[0].meaning}: {words.listed(where)}.")
    judged = any(each.mean_abs_bits is not None for each in trusted)
    calm = "No curve is far from its exact values, and no" if judged else "No"
    return said or [f"{calm} serious flag is set on {100 * OFTEN:.0f} % of the values of any estimator or more."]


def stretches(of: Trust) -> str:
    return words.listed([f"{words.layer(layer)} ({words.epochs([first, last])})" for layer, first, last in of.wrong], 8)
