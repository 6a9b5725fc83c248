"""Could it have been seen? A target with a known amount of information is planted in a layer, and read.

The layer stays as it is. A random direction among its leading components, plus as much noise as leaves the amount that
is wanted, is the planted y; for labels it is cut into classes as frequent as the real ones. The share of the planted
bits that the estimator reads says whether it could have seen as much in this layer, with so many rows: one that finds
0.1 of 1.2 planted bits says nothing by a value near 0.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..arrays.variables import Variable
from ..core.seeding import generator
from .method import Method
from .settings import Planted

Floats = NDArray[np.float64]

LEADING = 0.9  # of the variance of the standardised layer lies in the components that directions are drawn from
MOST_OF_LABELS = 0.6  # of H(Y): so much of it is planted at most
GRID = 2048  # points of the line on which densities are summed
BLIND = 0.5  # of the planted bits; with less read, the layer is beyond the estimator


def share(
    method: Method, t: NDArray[np.floating], y: Variable, key: tuple[int | str, ...], asked: Planted, seed: int
) -> float | None:
    """Of the planted bits, the share that is read, the mean over `asked.draws`; None where t or y is constant."""
    leading = _leading(np.asarray(t, dtype=np.float64))
    if leading.shape[1] == 0 or y.is_constant:
        return None
    found = []
    for draw in range(asked.draws):
        rng = generator(seed, *key, "planted", draw)
        direction = leading @ rng.normal(size=leading.shape[1])
        target, bits = plant(direction / direction.std(), y, asked.bits, rng)
        found.append(method.values([t], target, [generator(seed, *key, "planted", draw, "value")])[0][0] / bits)
    return float(np.mean(found))


def plant(direction: Floats, y: Variable, bits: float, rng: np.random.Generator) -> tuple[Variable, float]:
    """A target like y that has `bits` of information about `direction` `(samples,)`, of variance 1, and how many.

    Of labels it has 0.6 H(Y) at most. Of several columns of y, all lean to the direction, turned at random.
    """
    samples = len(direction)
    if y.classes is not None:
        shares = np.bincount(y.classes) / samples
        shares = shares[shares > 0]
        entropy_bits = float(-np.sum(shares * np.log2(shares)))
        bits = min(bits, MOST_OF_LABELS * entropy_bits)
        noise_std = _noise_std(partial(_class_bits, direction, np.cumsum(shares)[:-1]), bits)
        noisy = direction + noise_std * rng.normal(size=samples)
        codes = np.searchsorted(_quantiles(direction, noise_std, np.cumsum(shares)[:-1]), noisy)
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
        return Variable(codes[:, None].astype(np.float64), codes), bits
    noise_std = _noise_std(partial(_number_bits, direction), bits)
    columns = rng.normal(size=(samples, y.values.shape[1]))
    columns[:, 0] = direction + noise_std * columns[:, 0]
    columns[:, 0] /= columns[:, 0].std()
    if columns.shape[1] > 1:
        columns = columns @ np.linalg.qr(rng.normal(size=(columns.shape[1],) * 2))[0]
    return Variable(columns), bits


def _leading(t: Floats) -> Floats:
    """The principal components of the standardised layer that hold 90 % of its variance, `(samples, components)`."""
    moving = t[:, (t != t[0]).any(axis=0)]
    if moving.shape[1] == 0:
        return np.zeros((len(t), 0))
    z = moving / np.abs(moving).max(axis=0)
    z = z - z.mean(axis=0)
    z = z[:, z.std(axis=0) > 0]
    z /= z.std(axis=0)
    samples, units = z.shape
    if units <= samples:
        variances, axes = np.linalg.eigh(z.T @ z)
        components = z @ axes
    else:
        variances, axes = np.linalg.eigh(z @ z.T)
        components = axes * np.sqrt(np.maximum(variances, 0))
    held = np.cumsum(variances[::-1]) / variances.sum()
    count = int(np.searchsorted(held, LEADING)) + 1
    return np.asarray(components[:, ::-1][:, :count])


def _noise_std(bits_of: "partial[float]", bits: float) -> float:
    """The deviation of the noise that leaves `bits`, by bisection: more noise leaves less."""
    low, high = -12.0, 12.0  # log2
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if bits_of(2.0**middle) > bits else (low, middle)
    return float(2.0**high)


def _density(direction: Floats, noise_std: float) -> tuple[Floats, Floats]:
    """The density of direction + noise on a grid: places and values."""
    low, high = direction.min() - 6 * noise_std, direction.max() + 6 * noise_std
    counts, edges = np.histogram(direction, bins=GRID, range=(low, high))
    step = edges[1] - edges[0]
    reach = np.arange(-GRID // 2, GRID // 2) * step
    kernel = np.exp(-((reach / noise_std) ** 2) / 2)
    spread = np.fft.irfft(np.fft.rfft(counts / len(direction), 2 * GRID) * np.fft.rfft(kernel / kernel.sum(), 2 * GRID))
    return (edges[:-1] + edges[1:]) / 2, np.maximum(spread[GRID // 2 : GRID // 2 + GRID], 0) / step


def _number_bits(direction: Floats, noise_std: float) -> float:
    """I(S; S + noise) = h(S + noise) - h(noise), S uniform on the rows."""
    places, density = _density(direction, noise_std)
    step = places[1] - places[0]
    positive = density[density > 0]
    entropy = -float(np.sum(positive * np.log2(positive))) * step
    return float(entropy - np.log2(noise_std * np.sqrt(2 * np.pi * np.e)))


def _quantiles(direction: Floats, noise_std: float, shares: Floats) -> Floats:
    places, density = _density(direction, noise_std)
    return np.interp(shares, np.cumsum(density) / density.sum(), places)


def _class_bits(direction: Floats, shares: Floats, noise_std: float) -> float:
    """I(S; class), where S + noise is cut at its quantiles `shares`."""
    from scipy.special import ndtr

    below = ndtr((_quantiles(direction, noise_std, shares)[:, None] - direction) / noise_std)
    each = np.diff(np.vstack([np.zeros(len(direction)), below, np.ones(len(direction))]), axis=0)
    marginal = each.mean(axis=1, keepdims=True)
    ratio = np.divide(each, marginal, out=np.ones_like(each), where=each > 0)
    return float(np.sum(each * np.log2(ratio)) / len(direction))
