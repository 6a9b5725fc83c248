"""The tables and figures of the page, one function a section; `report.js` draws into the figures."""

import numpy as np

from . import changes as changes_of
from . import findings, markup, story, words
from . import trust as trust_in
from .curves import MOST
from .run import Run

ABOUT = {"y": "Y", "x": "X", "": "both"}
BOARD = {
    "estimator": "estimator",
    "layer": "layer",
    "estimand": "quantity",
    "values": "values",
    "error_mean_abs_bits": "mean |error|, bits",
    "error_max_abs_bits": "largest |error|, bits",
    "error_median_bits": "median error, bits",
    "error_p05_bits": "5 %",
    "error_p95_bits": "95 %",
    "ceiling_break_share": "share above ceiling",
    "dpi_break_share": "share above layer before",
}


def exact(run: Run) -> str:
    rows = findings.exact(run.results)
    if not rows:
        return ""
    first, last = int(run.results.truth["epoch"].min()), int(run.results.truth["epoch"].max())
    heads = ["layer", f"epoch {first}", f"epoch {last}", "lowest anywhere", "at epoch", "share at the ceiling"]
    body = [
        [
            row.layer,
            words.spread(row.start_bits),
            words.spread(row.end_bits),
            row.low_bits,
            row.low_epoch,
            None if row.full_share is None else f"{100 * row.full_share:.1f} %",
        ]
        for row in rows
    ]
    return markup.table("Exact I(T;Y) in bits: the median of the networks, and their range", heads, body)


def changes(run: Run) -> str:
    body = [
        [
            each.estimator, words.quantity(run.estimand(key)), each.layer, f"{each.first} to {each.last}",
            words.spread(each.start_bits), words.spread(each.end_bits),
            words.signed(each.bits), "" if each.true_bits is None else words.signed(each.true_bits),
            {1: "rises", -1: "falls", 0: "no clear change"}[each.direction] + (", not real" if each.is_wrong else ""),
        ]
        for key in run.ids
        for each in changes_of.changes(run, key)
    ]  # fmt: skip
    heads = [
        "estimator",
        "quantity",
        "layer",
        "epochs",
        "first, bits",
        "last, bits",
        "change",
        "exact change",
        "reading",
    ]
    caption = (
        "From the first epoch to the last: the median of the networks, and their range. A change counts where it is "
        f"above {changes_of.CHANGE_BITS} bits and 1.96 standard errors, and the same way in three quarters of the "
        "networks."
    )
    return markup.table(caption, heads, body, sortable=True) if body else ""


def trust(run: Run) -> str:
    body = [
        [
            each.estimator,
            words.quantity(run.estimand(each.estimator)),
            each.verdict,
            each.mean_abs_bits,
            each.max_abs_bits,
            _percent(each.planted_share),
            _percent(each.ceiling_share),
            story.stretches(each) if each.wrong else None,
        ]
        for each in trust_in.trust(run)
    ]
    heads = ["estimator", "quantity", "verdict", "mean |error|", "largest |error|", "read of what was planted"]
    heads += ["flagged above ceiling", f"off by more than {changes_of.WRONG_BITS} bits"]
    judged = (
        "An estimator is judged by the exact value of its own quantity, in bits. It agrees where it is at most "
        f"{trust_in.GOOD_BITS} bits off on average over layers, epochs and networks, and is not to be trusted from "
        f"{trust_in.POOR_BITS} bits on. The last column names the layers, and the first and last epoch, at which "
        "the median network is further off than that: an average over many quiet epochs hides them."
    )
    explained = [judged, "Blind: known bits were planted into the rows, and less than half of them was read."]
    return markup.paragraphs(explained) + markup.table("How far each estimator can be trusted", heads, body)


def flags(run: Run) -> str:
    found = findings.flagged(run.results)
    if not found:
        return markup.paragraphs(["No value carries a flag."])
    body = [
        [
            each.flag, each.estimator or "all", ABOUT[each.target], words.listed(each.layers, 6),
            f"{each.first} to {each.last}", f"{each.count:,} ({100 * each.share:.0f} %)", each.meaning, each.advice,
        ]
        for each in found
    ]  # fmt: skip
    heads = ["flag", "estimator", "about", "layers", "epochs", "values", "what it says", "what to do"]
    return markup.table("Flagged values, the most serious flag first", heads, body, sortable=True)


def plane(run: Run) -> str:
    tables = [run.results.estimates, run.results.truth, run.results.other_truths]
    has_both = any(
        {"x", "y"} <= set(own.loc[np.isfinite(own["mi_bits"]), "target"])
        for table in tables
        for _, own in table.groupby("estimator" if "estimator" in table else "estimand", observed=True)
    )
    if not has_both:
        return markup.paragraphs(["The plane needs I(X;T) too, which was not measured in this run."])
    return (
        "<p>How much each layer holds about the input (across) and about the target (up); dashed is the ceiling. "
        "Move the slider, or play. The I(X;T) of a network without noise is infinite: what an estimator shows of it "
        "describes the estimator.</p>\n"
        '<div class="controls"><label>Values by <select id="plane-source"></select></label></div>\n'
        '<div class="slider"><button type="button" class="play" id="play">Play</button>'
        '<input type="range" id="epoch" min="0" max="0" value="0" step="1" aria-label="Epoch">'
        '<output id="epoch-words" for="epoch"></output></div>\n'
        '<figure><div class="plot" id="plane-plot" role="img" data-height="430" data-wide="yes"></div></figure>\n'
        '<div class="scroll"><table id="plane-values"><caption class="soft">The values at this epoch, in bits: median '
        'of the networks</caption><thead><tr><th scope="col">layer</th><th scope="col">about X</th>'
        '<th scope="col">about Y</th></tr></thead><tbody></tbody></table></div>\n'
    )


def curves(run: Run) -> str:
    panels = "".join(
        f'<figure id="curve-{place}"><figcaption>{markup.text(layer)}</figcaption>'
        '<div class="plot" role="img"></div></figure>\n'
        for place, layer in enumerate(run.results.layers)
    )
    ceiling = "" if run.results.ceiling_bits is None else f" Dashed: the ceiling {run.results.ceiling_name}."
    return (
        '<p>Point at a line to read its value, band and flags. <span id="band-words"></span>'
        f"{markup.text(ceiling)} At most {MOST} epochs of a curve are drawn; its csv has all.</p>\n"
        f'<div class="controls" id="switches"></div>\n<div class="panels">\n{panels}</div>\n'
    )


def scoreboard(run: Run) -> str:
    if run.board.empty:
        return markup.paragraphs(["There is no exact value to compare with, so there is no scoreboard."])
    there = [name for name in BOARD if name in run.board]
    rows = [
        [value if isinstance(value, float) else int(value) if name == "values" else str(value)
         for name, value in zip(there, row, strict=True)]
        for row in run.board[there].itertuples(index=False)
    ]  # fmt: skip
    caption = "Estimate minus the exact value of the same quantity, by estimator and layer; sort by a click on a head"
    return markup.table(caption, [BOARD[name] for name in there], rows, sortable=True)


def loss(run: Run) -> str:
    training = run.results.training
    if training.empty:
        return markup.paragraphs(["The loss of this run was not recorded with it."])
    last = training[training["epoch"] == training["epoch"].max()]
    said = (
        f"At epoch {int(last['epoch'].iloc[0])} the training loss is {last['train_loss'].median():.4g} and the test "
        f"loss {last['test_loss'].median():.4g}, medians of {words.counted(len(last), 'network')}."
    )
    label = markup.text(f"Loss against epoch. {said}")
    return (
        f"{markup.paragraphs([said])}"
        f'<figure><div class="plot" id="loss-plot" role="img" aria-label="{label}" data-wide="yes"></div></figure>\n'
    )


def made(run: Run) -> str:
    parts = []
    if run.commands:
        parts.append(f"<h3>Commands</h3>\n<pre>{markup.text(chr(10).join(run.commands))}</pre>\n")
    for title, pairs in (("Parameters", run.parameters), ("Versions", run.versions), ("Data", run.hashes)):
        if pairs:
            parts.append(f"<h3>{title}</h3>\n" + markup.table(title, ["name", "value"], [list(pair) for pair in pairs]))
    return "".join(parts)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.0f} %"
