"""What a binned layer holds: the population values that a binning estimator estimates."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..core.errors import InfoplaneError
from ..laws import Array, KnownLaw, Labels
from ._activations import named
from ._images import images
from ._information import entropy
from ._law import Tables, tables
from ._meetings import SLACK
from ._network import Image, Layers, checked
from ._quadrature import atom_loss

Bins = int | Sequence[float] | Array
Range = tuple[float, float] | None


def binned_entropy(
    layers: Layers,
    dataset: object,
    bins: Bins,
    *,
    range: Range = None,
    activation: str = "relu",
    negative_slope: float = 0.01,
) -> list[float]:
    """H(bin(T)) in bits of each layer, which is I(X; bin(T)), from the probability of the x in each cell.

    As in `numpy.histogram`, `bins` is either a number of bins of equal width on `range`, or on each unit's own range
    over the support of x (for an unbounded x: without tails of 1e-8), or it gives their ascending edges. A bin holds
    its lower edge; values beyond the outermost edges fall into the outermost bins. A layer's cell is the vector of its
    units' bins. Raises `InfoplaneError` as `layer_information` does, and for empty bins.
    """
    return [entropy(mass) for _, _, _, mass in _cells(layers, dataset, bins, range, activation, negative_slope)]


def binned_information(
    layers: Layers,
    dataset: object,
    bins: Bins,
    *,
    range: Range = None,
    activation: str = "relu",
    negative_slope: float = 0.01,
) -> list[float]:
    """I(bin(T);Y) in bits of each layer; the arguments are those of `binned_entropy`."""
    law = tables(dataset)
    values = []
    for low, high, cell, mass in _cells(layers, dataset, bins, range, activation, negative_slope):
        order = np.argsort(cell, kind="stable")
        of_one_cell = np.split(order, np.searchsorted(cell[order], np.arange(1, len(mass))))
        lost = sum(atom_loss(low[which], high[which], law.inputs, law.noise) for which in of_one_cell)
        values.append(law.ceiling_bits - lost if len(mass) > 1 else 0.0)
    return values


def _cells(
    layers: Layers, dataset: object, bins: Bins, range: Range, activation: str, negative_slope: float
) -> Iterator[tuple[Array, Array, Labels, Array]]:
    """For each layer: the stretches of x, `low` and `high`, the cell that each falls in, and the mass of each cell."""
    law: Tables = tables(dataset)
    assert isinstance(dataset, KnownLaw)
    for image in images(checked(layers), law.low, law.high, named(activation, negative_slope)):
        edges = _edges(image, bins, range)
        crossings = [_crossings(image.x, t, e) for t, e in zip(image.t.T, edges, strict=True)]
        x = np.unique(np.concatenate([image.x, *crossings]))
        middle = (x[1:] + x[:-1]) / 2
        place = [
            np.searchsorted(e, np.interp(middle, image.x, t) + SLACK * error, side="right")
            for t, e, error in zip(image.t.T, edges, image.error, strict=True)
        ]
        _, cell = np.unique(np.stack(place), axis=1, return_inverse=True)
        mass = np.diff(dataset.inputs.cdf(x))
        yield x[:-1], x[1:], cell.ravel(), np.bincount(cell.ravel(), mass).astype(np.float64)


def _edges(image: Image, bins: Bins, range: Range) -> list[Array]:
    """The inner edges of each unit's bins; none for a unit that is constant and has no `range`."""
    if not isinstance(bins, int):
        given = np.asarray(bins, np.float64)
        if given.ndim != 1 or len(given) < 2 or not (np.diff(given) > 0).all():
            raise InfoplaneError(f"bins: {bins} are not ascending edges of at least one bin; fix them")
        return [given[1:-1]] * image.t.shape[1]
    if bins < 1 or (range is not None and not range[0] < range[1]):
        raise InfoplaneError(f"bins: {bins} on {range} are not bins; give at least 1, and the lower end first")
    edges: list[Array] = []
    for t, error in zip(image.t.T, image.error, strict=True):
        low, high = range or (t.min(), t.max())
        edges.append(np.linspace(low, high, bins + 1)[1:-1] if high - low > SLACK * error else np.empty(0))
    return edges


def _crossings(x: Array, t: Array, edges: Array) -> Array:
    """Where the polyline (x, t), both `(vertices,)`, meets an edge within a piece."""
    low, high = np.minimum(t[:-1], t[1:]), np.maximum(t[:-1], t[1:])
    piece, edge = np.nonzero((low[:, None] < edges) & (edges < high[:, None]))
    part = (edges[edge] - t[piece]) / (t[piece + 1] - t[piece])
    return np.asarray(x[piece] + part * (x[piece + 1] - x[piece]))
