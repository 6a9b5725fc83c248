"""Rows in numbered cells, and the entropies of cells: the compiled part of `binning`."""

from typing import Any

import numpy as np

from ...compiling import compiled


@compiled
def cells_by_width(layers: Any, bins: int, low: float, high: float) -> Any:
    """The cell of each row of `layers` `(layers, samples, units)`, `(layers, samples)`.

    `low` and `high` are nan where units have their own.
    """
    cells = np.zeros(layers.shape[:2], np.int64)
    for t, own in zip(layers, cells):  # noqa: B905
        size = 1
        for unit in range(t.shape[1]):
            least = t[:, unit].min() if np.isnan(low) else low
            greatest = t[:, unit].max() if np.isnan(high) else high
            width = greatest / 2 - least / 2  # halves, because the whole can be more than the largest double
            if width == 0:
                continue
            size = make_room(own, size, bins)
            for i in range(len(t)):
                place = (t[i, unit] / 2 - least / 2) / width * bins
                own[i] = own[i] * bins + int(min(max(place, 0.0), bins - 1.0))
        renumber(own)
    return cells


@compiled
def cells_by_edges(layers: Any, edges: Any) -> Any:
    """The same for bins that begin at `edges` `(layers, units, bins - 1)`, ascending."""
    cells = np.zeros(layers.shape[:2], np.int64)
    for t, starts, own in zip(layers, edges, cells):  # noqa: B905
        size, bins = 1, starts.shape[1] + 1
        for unit in range(t.shape[1]):
            size = make_room(own, size, bins)
            for i in range(len(t)):
                own[i] = own[i] * bins + np.searchsorted(starts[unit], t[i, unit], side="right")
        renumber(own)
    return cells


@compiled
def make_room(cells: Any, size: int, bins: int) -> int:
    """`size` times `bins`, the new bound on the cells; they are renumbered first where it would overflow."""
    return bins * (renumber(cells) if size > 2**62 // bins else size)


@compiled
def renumber(cells: Any) -> int:
    """Numbers `cells` anew in place, 0, 1, ... in order of appearance; returns how many there are.

    An open-addressing table: about ten times faster than sorting, and exact, since the keys are compared.
    """
    bits = 1
    while (1 << bits) < 2 * len(cells):
        bits += 1
    keys = np.full(1 << bits, -1, np.int64)
    numbers = np.empty(1 << bits, np.int64)
    known = 0
    for i in range(len(cells)):
        slot = (np.uint64(cells[i]) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)
        while keys[slot] != -1 and keys[slot] != cells[i]:
            slot = (slot + np.uint64(1)) & np.uint64((1 << bits) - 1)
        if keys[slot] == -1:
            keys[slot] = cells[i]
            numbers[slot] = known
            known += 1
        cells[i] = numbers[slot]
    return known


@compiled
def entropies(cells: Any) -> Any:
    """The plug-in entropy in bits of each layer's numbered `cells` `(layers, samples)`, `(layers,)`."""
    bits = np.empty(len(cells))
    for layer in range(len(cells)):
        bits[layer] = entropy(cells[layer])
    return bits


@compiled
def informations(x_cells: Any, y_cells: Any) -> Any:
    """What each layer's numbered cells `(layers, samples)` tell of y's `(samples,)`, `(layers,)` bits."""
    bits, y_bits, y_size = np.zeros(len(x_cells)), entropy(y_cells), y_cells.max() + 1
    for layer in range(len(x_cells)):
        x_bits = entropy(x_cells[layer])
        if x_bits > 0:
            both = x_cells[layer] * y_size + y_cells
            renumber(both)
            bits[layer] = x_bits + y_bits - entropy(both)
    return bits


@compiled
def entropy(cells: Any) -> float:
    """Of one layer's `(samples,)`; grouped by count, so that the order of the cells is nothing."""
    samples = len(cells)
    counts = np.bincount(cells)
    how_many = np.bincount(counts)
    bits = 0.0
    for count in range(1, len(how_many)):
        if how_many[count] > 0 and count < samples:
            bits -= how_many[count] * (count / samples) * np.log2(count / samples)
    return bits
