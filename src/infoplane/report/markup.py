"""HTML from plain text: whatever comes in is shown, never run."""

import base64
import hashlib
import html
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

Cell = str | float | None
SHORT = 14  # characters that stay in one line


def text(words: str) -> str:
    return html.escape(words, quote=True)


def paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{text(sentence)}</p>\n" for sentence in sentences)


def terms(pairs: Iterable[tuple[str, str | Sequence[str]]]) -> str:
    """What is said of each term: words, or sentences as a list."""
    rows = "".join(f"<dt>{text(term)}</dt><dd>{_said(words)}</dd>\n" for term, words in pairs)
    return f"<dl>\n{rows}</dl>\n"


def _said(words: str | Sequence[str]) -> str:
    if isinstance(words, str):
        return text(words)
    return "<ul>" + "".join(f"<li>{text(each)}</li>" for each in words) + "</ul>"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, sortable: bool = False) -> str:
    """Numbers are right-aligned with three decimals and sort by their full value; None is an empty cell."""
    head = "".join(f'<th scope="col">{_button(name) if sortable else text(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    label = text(caption)
    kind = ' class="sortable"' if sortable else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table{kind}>'
        f'<caption class="soft">{label}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )


def script(code: str) -> tuple[str, str]:
    """An inline script, and its source for a Content-Security-Policy that lets nothing else run."""
    code = code.replace("</script", r"<\/script").replace("<!--", r"<\!--")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return f"<script>{code}</script>\n", f"'sha256-{digest}'"


def data(identifier: str, content: Any) -> str:
    """JSON that no browser takes for markup, whatever names are in it."""
    found = json.dumps(content, separators=(",", ":"), allow_nan=False)  # escapes everything but ASCII
    for sign in "<>&":
        found = found.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{identifier}">{found}</script>\n'


def _button(name: str) -> str:
    return f'<button type="button">{text(name)}</button>'


def _cell(value: Cell) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return '<td data-value=""></td>'
    if isinstance(value, str):
        if len(value) <= SHORT:
            return f'<td class="short-words">{text(value)}</td>'
        return f'<td class="words">{text(value)}</td>' if len(value) > 30 else f"<td>{text(value)}</td>"
    shown = str(value) if isinstance(value, int) else f"{value:.3f}".replace("-", "−")
    return f'<td class="number" data-value="{value!r}">{shown}</td>'
