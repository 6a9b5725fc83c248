"""The image of the input line in one layer as a Gaussian mixture: nodes of quadrature over x."""

from dataclasses import dataclass

import numpy as np

from ..compiling import compiled
from ..core.errors import InfoplaneError
from ..laws import Array, Labels
from ._law import Tables
from ._network import Image
from ._noisy_kernel import Rows, noise_rows
from ._noisy_mixture import Axes, Mixture
from ._quadrature import DENSITY, MEAN, STD, VARIATION

PANEL = 1.5  # of x: the most that t changes in one, in units of sigma, or p(y | x), as `Inputs` measures it
SHORT = ((0.1, 1), (0.5, 2), (np.inf, 3))  # nodes of a panel, by the part of `PANEL` that it spans
STRAIGHT = 0.01  # of sigma: smaller bends are left out
# `Noise` asks for steps that are good to 1e-5 bits. These are good to 1e-3 for noise with jumps, 1e-4 for other noise.
FINEST = 0.2  # variation in a panel of x
Y_STEP = 4.0  # of y, in units of `Noise.y_step`
SAME = 0.02  # of a panel of variation: 1e-5 bits
MOST_NODES = 2**20
MOST_CELLS = 2**25  # of all rows of y
NODES = {order: np.polynomial.legendre.leggauss(order) for _, order in SHORT}


@dataclass(frozen=True)
class Line:
    """p(x), and how p(y | x) varies along x: `panels (cells + 1,)` counts panels of variation, for cutting."""

    law: Tables
    x: Array
    panels: Array

    def column(self, x: Array, column: int) -> Array:
        return np.asarray(np.interp(x, self.x, self.law.inputs.rows[:, column]))


def line(law: Tables) -> Line:
    rows = law.inputs.rows
    x = np.asarray(law.low + law.inputs.step * np.arange(len(rows)), np.float64)
    most = max(PANEL * law.noise.x_panel / 2, FINEST)
    # A jump of p(x) within a cell counts as at most two panels, however high it is.
    panels = np.concatenate([[0.0], np.cumsum(np.minimum(np.diff(rows[:, VARIATION]) / most, 2.0))])
    return Line(law, x, panels)


def simplified(image: Image, within: float) -> tuple[Array, Array]:
    """The vertices x and t of the image, without those that the remaining pieces miss by less than `within`."""
    keep = _kept(image.x, image.t, within)
    return image.x[keep], image.t[keep]


@compiled
def _kept(x: Array, t: Array, within: float) -> Labels:
    """From each kept vertex, keeps the farthest whose chord is within `within` of all in between (cone of slopes)."""
    units = t.shape[1]
    keep, kept = np.empty(len(x), np.int64), 1
    keep[0] = 0
    low, high = np.empty(units), np.empty(units)
    anchor = 0
    low[:], high[:] = -np.inf, np.inf
    for i in range(1, len(x)):
        inside = True
        width = x[i] - x[anchor]
        for j in range(units):
            slope = (t[i, j] - t[anchor, j]) / width
            inside = inside and low[j] <= slope <= high[j]
        if not inside:
            anchor = i - 1
            keep[kept] = anchor
            kept += 1
            low[:], high[:] = -np.inf, np.inf
            width = x[i] - x[anchor]
        for j in range(units):
            change = t[i, j] - t[anchor, j]
            low[j], high[j] = max(low[j], (change - within) / width), min(high[j], (change + within) / width)
    keep[kept] = len(x) - 1
    return keep[: kept + 1]


def moments(image: Image, over: Line) -> tuple[Array, Array]:
    """The mean `(units,)` and covariance of t over the law of x."""
    x, mass = _nodes(image.x, np.zeros(len(image.x) - 1), over)
    t = _interpolated(x, image.x, image.t)
    mean = mass @ t
    away = t - mean
    return mean, (away * mass[:, None]).T @ away


def mixture(x: Array, t: Array, along: Axes, over: Line) -> Mixture:
    """The mixture T + sigma Z for the polyline with vertices x `(vertices,)` and t `(vertices, units)`.

    Raises `InfoplaneError` where sigma is too small for the span of the line.
    """
    vertices = along.along(t)
    length = np.sqrt((np.diff(vertices, axis=0) ** 2).sum(axis=1))
    if length.sum() > PANEL * MOST_NODES / 4:
        raise InfoplaneError(
            f"no noisy answer: the layer's values run through {length.sum():.3g} sigma; raise sigma, or use the "
            "plain truth (exact.layer_information), which is close to this"
        )
    nodes, mass = _nodes(x, length / PANEL, over)
    return Mixture(_interpolated(nodes, x, vertices), mass, _rows(nodes, over))


def _interpolated(at: Array, x: Array, t: Array) -> Array:
    piece = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    part = ((at - x[piece]) / (x[piece + 1] - x[piece]))[:, None]
    return np.asarray(t[piece] * (1 - part) + t[piece + 1] * part)


def _nodes(x: Array, panels: Array, over: Line) -> tuple[Array, Array]:
    """Nodes of x and their mass: Gauss-Legendre on panels that contain no vertex x and no fast change of the law.

    `panels (vertices - 1,)` says how many panels, or what part of one, each piece spans.
    """
    by_law = np.interp(np.arange(1, over.panels[-1]), over.panels, over.x)
    cuts = np.unique(np.concatenate([x, by_law]))
    piece = np.clip(np.searchsorted(x, cuts[:-1], side="right") - 1, 0, len(x) - 2)
    width = np.diff(cuts)
    moves = panels[piece] * width / (x[piece + 1] - x[piece])  # the change of t, in panels
    parts = np.maximum(np.ceil(moves), 1).astype(np.int64)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    half = np.repeat(width / parts, parts) / 2
    middle = np.repeat(cuts[:-1], parts) + (2 * within + 1) * half
    spans = np.maximum(np.repeat(moves / parts, parts), np.repeat(np.diff(np.interp(cuts, over.x, over.panels)), parts))
    found_x, found_mass = [], []
    shorter = 0.0
    for longest, order in SHORT:
        those = (shorter <= spans) & (spans < longest)
        at, weight = NODES[order]
        found_x.append((middle[those, None] + half[those, None] * at).ravel())
        found_mass.append((half[those, None] * weight).ravel())
        shorter = longest
    nodes = np.concatenate(found_x)
    mass = np.concatenate(found_mass) * over.column(nodes, DENSITY)
    order_of_x = np.argsort(nodes)
    order_of_x = order_of_x[mass[order_of_x] > 0]
    nodes, mass = nodes[order_of_x], mass[order_of_x]
    return nodes, mass / mass.sum()


def _rows(nodes: Array, over: Line) -> Rows:
    """p(y | x) at the nodes x; nodes share a row where it hardly varies."""
    near = np.floor(np.interp(nodes, over.x, over.panels) / SAME).astype(np.int64)
    _, of, count = np.unique(near, return_inverse=True, return_counts=True)
    x = np.bincount(of, nodes) / count
    mean, std = over.column(x, MEAN), over.column(x, STD)
    noise = over.law.noise
    step = Y_STEP * noise.y_step * std.min()
    cells = noise.step * (len(noise.density) - 1) * std.sum() / step
    if cells > MOST_CELLS:
        raise InfoplaneError(f"no noisy answer: p(y | x) needs {cells:.2g} numbers; smooth the noise of y")
    return Rows(of, *noise_rows(mean, std, noise, step))
