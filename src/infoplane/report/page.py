"""Lays the findings, the figures and what the run was made with out on one page."""

from importlib import resources

from ..core.errors import InfoplaneError
from . import curves, markup, parts, story
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


def html(run: Run) -> str:
    """The whole page, which needs nothing else; the same inputs give the same bytes.

    Raises `InfoplaneError` where Plotly, whose script the page carries, is not installed.
    """
    sections = {name: body for name, body in _sections(run).items() if body}
    scripts = [markup.script(code) for code in (plotly(), _own("report.js"))]
    policy = (
        f"default-src 'none'; script-src {' '.join(source for _, source in scripts)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    links = "".join(f'<a href="#{name}">{markup.text(SECTIONS[name])}</a> ' for name in sections)
    body = "".join(
        f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{SECTIONS[name]}</h2>\n'
        f"{content}</section>\n"
        for name, content in sections.items()
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
        "holds": markup.paragraphs(story.holds(run)) + parts.exact(run),
        "rises": markup.paragraphs(story.rises(run)) + parts.changes(run),
        "trust": parts.trust(run),
        "flags": parts.flags(run),
        "plane": parts.plane(run),
        "curves": parts.curves(run),
        "scoreboard": parts.scoreboard(run),
        "loss": parts.loss(run),
        "made": parts.made(run),
    }


def plotly() -> str:
    """Plotly's script, as its Python package ships it; the package itself, which is slow to import, is not."""
    try:
        return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        raise InfoplaneError("report: needs Plotly; `pip install 'infoplane[report]'`") from None


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
