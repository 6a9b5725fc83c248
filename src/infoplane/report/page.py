"""Lays the findings, the figures and what the run was made with out on one page."""

from importlib import resources

import numpy as np

from ..core.errors import InfoplaneError
from . import curves, findings, markup, story, words
from .run import Run

SECTIONS = {
    "short": "In short",
    "measured": "What was measured",
    "holds": "What the layers hold",
    "rises": "What rises and what does not",
    "trust": "Which estimators to trust",
    "flags": "Which stretches are flagged, and what to do",
    "plane": "Information plane",
    "curves": "Information against epoch",
    "scoreboard": "Scoreboard",
    "loss": "Loss",
    "made": "How it was made",
}
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


def html(run: Run) -> str:
    """The whole page, which needs nothing else; the same inputs give the same bytes.

    Raises `InfoplaneError` where Plotly, whose script the page carries, is not installed.
    """
    parts = {name: body for name, body in _sections(run).items() if body}
    scripts = [markup.script(code) for code in (plotly(), _own("report.js"))]
    policy = (
        f"default-src 'none'; script-src {' '.join(source for _, source in scripts)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    links = "".join(f'<a href="#{name}">{markup.text(SECTIONS[name])}</a> ' for name in parts)
    body = "".join(
        f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{SECTIONS[name]}</h2>\n'
        f"{content}</section>\n"
        for name, content in parts.items()
    )
    title = markup.text(run.title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>\n{_own('report.css')}</style>\n</head>\n<body>\n<header><h1>{title}</h1>\n"
        f'<nav aria-label="Sections">{links}</nav></header>\n'
        "<noscript><p>The figures need JavaScript; all findings and tables are here without it.</p></noscript>\n"
        f"<main>\n{body}</main>\n{markup.data('content', curves.content(run))}"
        f"{''.join(code for code, _ in scripts)}</body>\n</html>\n"
    )


def _sections(run: Run) -> dict[str, str]:
    return {
        "short": f'<div class="short">{markup.terms(story.short(run))}</div>\n' + markup.paragraphs(run.notes),
        "measured": markup.terms(story.measured(run)),
        "holds": markup.paragraphs(story.holds(run)) + _exact(run),
        "rises": markup.paragraphs(story.rises(run)) + _changes(run),
        "trust": _trust(run),
        "flags": _flags(run),
        "plane": _plane(run),
        "curves": _curves(run),
        "scoreboard": _scoreboard(run),
        "loss": _loss(run),
        "made": _made(run),
    }


def _exact(run: Run) -> str:
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


def _changes(run: Run) -> str:
    body = [
        [
            each.estimator, words.quantity(run.estimand(key)), each.layer, f"{each.first} to {each.last}",
            words.spread(each.start_bits), words.spread(each.end_bits),
            words.signed(each.bits), "" if each.true_bits is None else words.signed(each.true_bits),
            {1: "rises", -1: "falls", 0: "no clear change"}[each.direction] + (", not real" if each.is_wrong else ""),
        ]
        for key in run.ids
        for each in findings.changes(run, key)
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
        f"above {findings.CHANGE_BITS} bits, 1.96 standard errors, and the same way in three quarters of the networks."
    )
    return markup.table(caption, heads, body, sortable=True) if body else ""


def _trust(run: Run) -> str:
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
        for each in findings.trust(run)
    ]
    heads = ["estimator", "quantity", "verdict", "mean |error|", "largest |error|", "read of what was planted"]
    heads += ["flagged above ceiling", f"off by more than {findings.WRONG_BITS} bits"]
    judged = (
        "An estimator is judged by the exact value of its own quantity, in bits. It agrees where it is at most "
        f"{findings.GOOD_BITS} bits off on average over layers, epochs and networks, and is not to be trusted from "
        f"{findings.POOR_BITS} bits on. The last column names the layers, and the first and last epoch, at which "
        "the median network is further off than that: an average over many quiet epochs hides them."
    )
    explained = [judged, "Blind: known bits were planted into the rows, and less than half of them was read."]
    return markup.paragraphs(explained) + markup.table("How far each estimator can be trusted", heads, body)


def _flags(run: Run) -> str:
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


def _plane(run: Run) -> str:
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


def _curves(run: Run) -> str:
    panels = "".join(
        f'<figure id="curve-{place}"><figcaption>{markup.text(layer)}</figcaption>'
        '<div class="plot" role="img"></div></figure>\n'
        for place, layer in enumerate(run.results.layers)
    )
    ceiling = "" if run.results.ceiling_bits is None else f" Dashed: the ceiling {run.results.ceiling_name}."
    return (
        '<p>Point at a line to read its value, band and flags. <span id="band-words"></span>'
        f"{markup.text(ceiling)} At most {curves.MOST} epochs of a curve are drawn; its csv has all.</p>\n"
        f'<div class="controls" id="switches"></div>\n<div class="panels">\n{panels}</div>\n'
    )


def _scoreboard(run: Run) -> str:
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


def _loss(run: Run) -> str:
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


def _made(run: Run) -> str:
    parts = []
    if run.commands:
        parts.append(f"<h3>Commands</h3>\n<pre>{markup.text(chr(10).join(run.commands))}</pre>\n")
    for title, pairs in (("Parameters", run.parameters), ("Versions", run.versions), ("Data", run.hashes)):
        if pairs:
            parts.append(f"<h3>{title}</h3>\n" + markup.table(title, ["name", "value"], [list(pair) for pair in pairs]))
    return "".join(parts)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.0f} %"


def plotly() -> str:
    """Plotly's script, as its Python package ships it; the package itself, which is slow to import, is not."""
    try:
        return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        raise InfoplaneError("report: needs Plotly; `pip install 'infoplane[report]'`") from None


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
