"""What the page says in sentences, in the order in which it says it."""

import numpy as np

from . import findings, words
from .findings import Change, Exact, Flagged, Trust
from .run import Run

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


def short(run: Run) -> list[tuple[str, str]]:
    """The finding in a few lines: a heading and a text each."""
    trusted = findings.trust(run)
    return [
        ("Measured", _measured(run)),
        ("What the layers hold", " ".join(holds(run))),
        ("What rises", " ".join(_rises(run))),
        ("Which numbers to trust", _good(run, trusted)),
        ("Which not to trust", _bad(run, trusted)),
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
    if full:
        verb = "holds" if len(full) == 1 else "hold"
        said.append(
            f"Exactly computed, {words.listed(full)} {verb} all of it in at least 99 % of all epochs and networks, "
            "trained or not: nothing is left to rise there."
        )
    said += [_exact(row, run) for row in rows if row.layer not in full]
    return said


def _exact(row: Exact, run: Run) -> str:
    start, end = float(np.median(row.start_bits)), float(np.median(row.end_bits))
    step = end - start
    verb = (
        "rises" if step > findings.CHANGE_BITS else "falls" if step < -findings.CHANGE_BITS else "ends where it began"
    )
    text = f"{row.layer} {verb}, exactly, from {words.spread(row.start_bits)} to {words.spread(row.end_bits)} bits"
    if row.low_bits < min(*row.start_bits, *row.end_bits) - findings.CHANGE_BITS:
        text += f"; in between it holds as little as {words.bits(row.low_bits)} (epoch {row.low_epoch}"
        text += f", {run.networks[row.low_replicate]})" if len(run.networks) > 1 else ")"
    return f"{text}."


def _last_estimates(run: Run) -> list[str]:
    """What estimates say at the end, where there is no exact value."""
    said = []
    for key in run.ids:
        own = run.results.of(key, "y")
        last = own[own["epoch"] == own["epoch"].max()]
        parts = [
            f"{layer} {words.bits(float(values.median()))}"
            for layer in run.results.layers
            if len(values := last[last["layer"] == layer]["mi_bits"])
        ]
        if parts:
            said.append(f"At epoch {int(last['epoch'].iloc[0])} {key} reads {words.listed(parts)} bits.")
    return said[:3]


def _rises(run: Run) -> list[str]:
    """From exact values where there are any, else from each estimator."""
    results, said = run.results, []
    plain = findings.true_changes(run)
    if plain:
        said.append(f"Of I(T;Y) itself, exactly: {_joined(plain, results.ceiling_bits)}")
    for estimand in dict.fromkeys(results.other_truths["estimand"]):
        if estimand.startswith(("usable", "noisy")) and (changed := findings.true_changes(run, estimand)):
            said.append(f"Of {words.quantity(estimand)}, exactly: {_joined(changed, None)}")
    if not said:
        for key in run.ids:
            if changed := findings.changes(run, key):
                said.append(f"By {key} ({words.quantity(run.estimand(key))}): {_joined(changed, results.ceiling_bits)}")
    return said or ["Fewer than two epochs were measured, so nothing is said about change."]


def _joined(changed: list[Change], ceiling_bits: float | None) -> str:
    text = " ".join(findings.sentences(changed, ceiling_bits))
    return text[0].lower() + text[1:]


def rises(run: Run) -> list[str]:
    """The same, and which curves show a change that is not there or miss one that is."""
    said = _rises(run)
    for key in run.ids:
        wrong = [each for each in findings.changes(run, key) if each.is_wrong]
        parts = [
            f"{each.layer} {words.signed(each.bits)} bits (exactly {words.signed(each.true_bits)})"
            for each in wrong
            if each.true_bits is not None
        ]
        if parts:
            said.append(
                f"Not real: from epoch {wrong[0].first} to {wrong[0].last}, {key} shows a change that is "
                f"{words.bits(findings.WRONG_BITS)} bits or more from the exact one: {words.listed(parts)}."
            )
    return said


def _good(run: Run, trusted: list[Trust]) -> str:
    judged = [each for each in trusted if each.mean_abs_bits is not None]
    if not judged:
        return _unjudged(run, trusted)
    good = [each for each in judged if each.mean_abs_bits is not None and each.mean_abs_bits <= findings.GOOD_BITS]
    if not good:
        best = judged[0]
        return (
            f"No estimator agrees with its exact value. {best.estimator} is nearest, "
            f"{words.bits(best.mean_abs_bits or 0)} bits off on average."
        )
    names = [
        f"{each.estimator} ({words.bits(each.mean_abs_bits or 0)}, at most {words.bits(each.max_abs_bits or 0)})"
        for each in good
    ]
    return (
        f"Mean distance in bits from the exact value of what each estimates: {words.listed(names, 8)}. "
        "Each is judged by its own quantity: " + words.listed([_about(run, each.estimator) for each in good], 8) + "."
    )


def _about(run: Run, key: str) -> str:
    return f"{key} by {words.quantity(run.estimand(key))}"


def _unjudged(run: Run, trusted: list[Trust]) -> str:
    said = ["No exact value is known for these data, so no estimator can be judged by its error."]
    planted = [each for each in trusted if each.planted_share is not None]
    if planted:
        names = [f"{each.estimator} {100 * (each.planted_share or 0):.0f} %" for each in planted]
        said.append(f"Of bits that were planted in these rows they read: {words.listed(names)} (median).")
    else:
        said.append("Nothing was planted in these rows either, which would show whether an estimator is blind to them.")
    bounds = [key for key in run.ids if run.estimand(key).startswith("usable")]
    if bounds:
        said.append(f"{words.listed(bounds)} proves, on held-out rows, a lower bound: a layer holds at least so much.")
    return " ".join(said)


def _bad(run: Run, trusted: list[Trust]) -> str:
    said = []
    if shuffled := [each.estimator for each in trusted if each.is_shuffled]:
        verb = "measures" if len(shuffled) == 1 else "measure"
        said.append(f"{words.listed(shuffled)} {verb} shuffled pairs: there is nothing to find, whatever it shows.")
    for each in trusted:
        if each.planted_share is not None and each.planted_share < findings.BLIND:
            said.append(f"{each.estimator} is blind: it reads {100 * each.planted_share:.0f} % of what was planted.")
        if each.wrong:
            said.append(f"{each.estimator} is off by more than {words.bits(findings.WRONG_BITS)} bits in "
                        f"{stretches(each)}.")  # fmt: skip
    infinite = [each for each in findings.flagged(run.results) if each.flag == "infinite"]
    if infinite:
        names = words.listed(list(dict.fromkeys(each.estimator for each in infinite)))
        said.append(f"I(X;T) by {names}: the true value is infinite, so the number describes the estimator.")
    for flag in _major(findings.flagged(run.results)):
        said.append(
            f"{flag.estimator}: {100 * flag.share:.0f} % of its values about {flag.target.upper()} are flagged "
            f"{flag.flag} ({flag.meaning})."
        )
    return " ".join(said) or "No value is far from its exact one and none carries a serious flag."


def _major(flagged: list[Flagged]) -> list[Flagged]:
    return [each for each in flagged if each.flag not in MINOR and each.share >= 0.05][:6]


def stretches(trust: Trust) -> str:
    return words.listed([f"{layer} ({words.epochs([first, last])})" for layer, first, last in trust.wrong], 8)
