"""Turns a `KnownLaw` into the tables that the compiled quadrature reads, once per dataset."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..core.errors import InfoplaneError
from ..laws import Array, KnownLaw, Law
from ._quadrature import Inputs, Noise, atom_loss

TAIL = 1e-8  # probability left out on each side of a law of unbounded support
CELLS, MOST_CELLS = 2**14, 2**19  # first and largest size of a table
ACCURACY = 2e-6  # mean error of a table between its nodes, relative to the mean density or to the noise
HOPELESS = 1e-3  # with a larger error at the finest table, the law is not resolved: tails as heavy as Cauchy's
MOST_Y = 2**24  # if y needs more steps, the noise is too small for the range of f
GAUSS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Tables:
    """The law on its support `low` to `high`, without far tails; `error_bits` bounds the error of `ceiling_bits`."""

    inputs: Inputs
    noise: Noise
    low: float
    high: float
    ceiling_bits: float
    error_bits: float


def tables(dataset: object) -> Tables:
    """The tables of a `KnownLaw`. Raises `InfoplaneError` for a dataset without a known law."""
    if not isinstance(dataset, KnownLaw):
        raise InfoplaneError(
            f"no exact answer: the dataset, a {type(dataset).__name__}, does not declare the law of one x "
            "and of y given x; use one that makes a KnownLaw"
        )
    return _tables(dataset)


@lru_cache(maxsize=8)
def _tables(dataset: KnownLaw) -> Tables:
    low, high = _ends(dataset.inputs, "x")
    noise, inputs = _noise(dataset.noise), _inputs(dataset, low, high)
    span = np.ptp(inputs.rows[:, 1]) / inputs.rows[:, 2].min()
    if span > MOST_Y * noise.y_step:
        raise InfoplaneError(
            f"no exact answer: f(x) spans {span:.3g} standard deviations of the noise; raise noise_std or bound x"
        )
    everything = np.array([low]), np.array([high])
    wide = atom_loss(*everything, inputs, noise._replace(x_panel=2 * noise.x_panel))
    while True:
        ceiling_bits = atom_loss(*everything, inputs, noise)
        change = abs(ceiling_bits - wide)
        if change < 1e-5 or noise.x_panel < 1 / 16:
            break
        noise, wide = noise._replace(x_panel=noise.x_panel / 2), ceiling_bits
    coarse = atom_loss(*everything, inputs, noise._replace(y_step=2 * noise.y_step))
    error_bits = change + abs(ceiling_bits - coarse) + ACCURACY
    return Tables(inputs, noise, low, high, ceiling_bits, error_bits)


def _ends(law: Law, what: str) -> tuple[float, float]:
    """The ends of the support; where it is unbounded, without the tails."""
    low, high = (float(end) for end in law.support())
    tails = law.ppf(np.array([TAIL, 1 - TAIL]))
    low, high = (
        (low if np.isfinite(low) else float(tails[0])),
        (high if np.isfinite(high) else float(tails[1])),
    )
    if not (np.isfinite([low, high]).all() and low < high):
        raise InfoplaneError(f"no exact answer: the law of {what} reaches from {low} to {high}; fix its ppf")
    return low, high


def _averages(law: Law, grid: Array) -> Array:
    """The density of `law` on an even `grid`, averaged over a step around each node; linear between nodes.

    It comes from the distribution function, so that the trapezoid rule gives each cell its mass for any density.
    """
    half = (grid[1] - grid[0]) / 2
    edges = np.concatenate([grid[:1], grid[1:] - half, grid[-1:]])
    mass = np.diff(law.cdf(edges))
    return np.asarray(mass / np.diff(edges) / mass.sum())


def _refined(table: Callable[[int], Array], error: Callable[[Array, Array], Array], what: str) -> Array:
    """`table(cells)`, `(cells + 1, columns)`, with enough cells to be linear between its nodes.

    `error` maps the deviations at the middles of cells, and the values there, to errors, which are averaged over the
    cells. So a kink or a jump, which no step resolves, may be wrong for the width of one cell.
    """
    cells = CELLS
    values = table(cells)
    while True:
        finer = table(2 * cells)
        if not np.isfinite(finer).all():
            raise InfoplaneError(f"no exact answer: {what} is not finite everywhere on its support")
        off = error(np.abs(finer[1::2] - (values[1:] + values[:-1]) / 2), finer[1::2]).mean(axis=0).max()
        if off <= ACCURACY:
            return values
        if cells == MOST_CELLS:
            break
        cells, values = 2 * cells, finer
    if off > HOPELESS:
        raise InfoplaneError(f"no exact answer: {what} needs finer steps than {cells}; use a smoother law")
    return values


def _inputs(dataset: KnownLaw, low: float, high: float) -> Inputs:
    def table(cells: int) -> Array:
        x = np.linspace(low, high, cells + 1)
        columns = _averages(dataset.inputs, x), dataset.function(x), dataset.noise_std(x)
        values = np.stack(np.broadcast_arrays(*columns), axis=-1).astype(np.float64)
        if not (values[:, 2] > 0).all():
            raise InfoplaneError("no exact answer: noise_std(x) is not above 0 everywhere; fix it")
        return values

    def error(off: Array, middle: Array) -> Array:
        density, _, std = middle.T
        relative = np.minimum(off[:, 1:] / std[:, None], 1) * density[:, None]
        return np.column_stack([off[:, 0], relative]) * (high - low)

    rows = _refined(table, error, "p(x), f(x) or noise_std(x)")
    density, mean, std = rows.T
    thin = 1e-4 * density.max()
    change = (
        np.abs(np.diff(mean)) / np.minimum(std[1:], std[:-1])
        + 2 * np.abs(np.diff(np.log(std)))
        + np.abs(np.diff(density)) / (np.minimum(density[1:], density[:-1]) + thin)
    )
    variation = np.concatenate([[0.0], np.cumsum(change)])
    return Inputs(low, (high - low) / (len(rows) - 1), np.column_stack([rows, variation]))


def _noise(law: Law) -> Noise:
    low, high = _ends(law, "the noise")
    density = _refined(
        lambda cells: _averages(law, np.linspace(low, high, cells + 1))[:, None],
        lambda off, _: off * (high - low),
        "the density of the noise",
    )[:, 0]
    grid = np.linspace(low, high, len(density))

    def both(z: Array) -> Array:
        p = np.interp(z, grid, density, left=0, right=0)
        return np.stack([-p * np.log2(np.where(p > 0, p, 1)), p])

    entropy_bits = float(np.trapezoid(both(grid)[0], grid))
    # The largest step at which the trapezoid rule gives the entropy of the noise, wherever the grid begins.
    y_step = 0.25
    while y_step > 1 / 128:
        shifts = np.linspace(0, y_step, 7)[:, None]
        bits = both(low - shifts + np.arange((high - low) / y_step + 2) * y_step)[0]
        if np.abs(bits.sum(axis=1) * y_step - entropy_bits).max() < 5e-5:
            break
        y_step /= 2
    step = (high - low) / (len(density) - 1)
    return Noise(low, step, density, _knots(both, low, high), entropy_bits, y_step, min(2.0, 32 * y_step))


def _knots(function: Callable[[Array], Array], low: float, high: float, depth: int = 0) -> Array:
    """Ends of panels from `low` to `high`; on each, Gauss-Legendre quadrature of `function` is good to 1e-7."""

    def integral(a: float, b: float) -> Array:
        return np.asarray(function((a + b) / 2 + (b - a) / 2 * GAUSS[0]) @ GAUSS[1] * (b - a) / 2)

    middle = (low + high) / 2
    error = np.abs(integral(low, high) - integral(low, middle) - integral(middle, high)).max()
    if error < 1e-7 or depth == 12:
        return np.array([low, high])
    left, right = _knots(function, low, middle, depth + 1), _knots(function, middle, high, depth + 1)
    return np.concatenate([left, right[1:]])
