"""Colours that all figures share, on paper and on the page: an estimator's by its place, a layer's by its depth."""

from collections.abc import Sequence

# Okabe & Ito 2008, which all kinds of colour vision tell apart, without black and without yellow (too pale on white).
ESTIMATORS = ("#D55E00", "#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#8A6D3B")
# Viridis from its dark to its light end; the last yellow is too pale on white.
DEPTHS = ("#482878", "#3E4A89", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#A5CF2E")


def layers(count: int) -> list[str]:
    """A colour for each of so many layers, from dark to light with depth."""
    last = len(DEPTHS) - 1
    return [DEPTHS[round(place * last / max(count - 1, 1))] for place in range(count)]


def estimator(key: str, ids: Sequence[str]) -> tuple[str, int]:
    """The colour of an estimator id, and how often the colours were used up before it, which its dashes tell."""
    round_, place = divmod(list(ids).index(key), len(ESTIMATORS))
    return ESTIMATORS[place], round_
