"""Where bins begin."""

import numpy as np

from .columns import Floats, Values, rows

ROUNDING = 1e-6  # of a unit's range: activations are float32, of which a later reader may have the exact values


def quantile_edges(layers: Floats, bins: int) -> Floats:
    """The inner edges `(layers, units, bins - 1)`, at the i/bins quantiles of units `(layers, samples, units)`."""
    samples = layers.shape[1]
    firsts = np.arange(1, bins) * samples // bins
    return np.sort(np.swapaxes(layers, 1, 2), axis=2)[:, :, firsts]


def inner_edges(t: Values, rule: str, bins: int, range: tuple[float, float] | None) -> list[Floats]:
    """The inner edges of each unit of t `(samples, units)`, ascending; none where all its values share a bin.

    A bin holds its lower edge, which is set lower by what float32 rounds.
    """
    values = rows(t)
    low, high = values.min(axis=0), values.max(axis=0)
    found = []
    for unit in np.arange(values.shape[1]):
        begin, end = (low[unit], high[unit]) if range is None else range
        if rule == "quantile":
            edges = np.unique(quantile_edges(values[None, :, unit : unit + 1], bins)[0, 0])
            edges = edges[edges > low[unit]]
        else:
            edges = begin + (end - begin) * np.arange(1, bins) / bins if end > begin else np.empty(0)
        found.append(edges - ROUNDING * (end - begin))
    return found
