"""What a binned layer holds: the population values that a binning estimator estimates."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from ..core.errors import InfoplaneError
from ..laws import Array, KnownLaw, Labels
from ._activations import named
from ._blurred import grid
from ._images import images
from ._information import entropy
from ._law import Tables, tables
from ._meetings import SLACK
from ._network import Image, Layers, checked
from ._quadrature import DENSITY, MEAN, STD, atom_loss
from .plane_point import PlanePoint

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
    cells = _cells(layers, dataset, lambda _, image: _edges(image, bins, range), activation, negative_slope)
    return [entropy(mass) for _, _, _, mass in cells]


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
    cells = _cells(layers, dataset, lambda _, image: _edges(image, bins, range), activation, negative_slope)
    return [_kept(*of_layer, tables(dataset)) for of_layer in cells]


def cut_information(
    layers: Layers,
    dataset: object,
    edges: Sequence[Sequence[Array]],
    y_edges: Array | None = None,
    *,
    activation: str = "relu",
    negative_slope: float = 0.01,
) -> list[PlanePoint]:
    """I(bin T; bin Y), or I(bin T; Y) without `y_edges`, and H(bin T), in bits of each layer.

    `edges` are the ascending inner edges of each layer's units, none for a unit that has one bin; `y_edges (edges,)`
    those of y. A bin holds its lower edge. Otherwise as `binned_information`.
    """
    law = tables(dataset)
    assert isinstance(dataset, KnownLaw)
    x, below = grid(law), None if y_edges is None else _mass_below(dataset, tuple(y_edges.tolist()))
    found = []
    for low, high, cell, mass in _cells(layers, dataset, lambda number, _: edges[number], activation, negative_slope):
        if below is None:
            bits = _kept(low, high, cell, mass, law)
        else:
            of_stretch = [np.interp(high, x, column) - np.interp(low, x, column) for column in below.T]
            joint: Array = np.stack(
                [np.bincount(cell, each, len(mass)).astype(np.float64) for each in of_stretch], axis=1
            )
            bits = entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1)) - entropy(joint.ravel())
        found.append(PlanePoint(bits, entropy(mass)))
    return found


@lru_cache(maxsize=4)
def _mass_below(dataset: KnownLaw, y_edges: tuple[float, ...]) -> Array:
    """The probability that x lies below each node of the tables and y in each of its bins, `(nodes, bins)`."""
    law = tables(dataset)
    x, rows = grid(law), law.inputs.rows
    inner = dataset.noise.cdf((np.asarray(y_edges) - rows[:, MEAN, None]) / rows[:, STD, None])
    ends = np.zeros((len(x), 1)), np.ones((len(x), 1))
    density = np.diff(np.hstack([ends[0], inner, ends[1]]), axis=1) * rows[:, DENSITY, None]
    steps = (density[1:] + density[:-1]) / 2 * np.diff(x)[:, None]
    below = np.vstack([np.zeros(density.shape[1]), np.cumsum(steps, axis=0)])
    return np.asarray(below / below[-1].sum())


def _kept(low: Array, high: Array, cell: Labels, mass: Array, law: Tables) -> float:
    """I(bin(T);Y) in bits of the stretches of x in these cells."""
    if len(mass) == 1:
        return 0.0
    order = np.argsort(cell, kind="stable")
    of_one_cell = np.split(order, np.searchsorted(cell[order], np.arange(1, len(mass))))
    lost = sum(atom_loss(low[which], high[which], law.inputs, law.noise) for which in of_one_cell)
    return float(law.ceiling_bits - lost)


def _cells(
    layers: Layers,
    dataset: object,
    edges_of: Callable[[int, Image], Sequence[Array]],
    activation: str,
    negative_slope: float,
) -> Iterator[tuple[Array, Array, Labels, Array]]:
    """For each layer: the stretches of x, `low` and `high`, the cell that each falls in, and the mass of each cell.

    `edges_of` gives the inner edges of each unit, from the number of a layer and its image.
    """
    law: Tables = tables(dataset)
    assert isinstance(dataset, KnownLaw)
    bend = named(activation, negative_slope)
    for number, image in enumerate(images(checked(layers), law.low, law.high, bend)):
        edges = edges_of(number, image)
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
