"""What the best linear decoder can use of each layer, over the law of the data: nothing is fitted to samples.

The decoder predicts y by least squares from t and lays a normal law q(y | t) of one width around the prediction. What
it can use is how well it tells which t a y came from,

    E log2 q(y | t) / q(y),    q(y) = E_t q(y | t),

the limit for many rows of the contrastive bound (van den Oord et al. 2018; Poole et al. 2019, eq. 10). It is at most
I(T;Y), and at least the bound h(Y) - E[-log2 q(y | t)] of Barber & Agakov (2003), by D(p(y) || q(y)): that one charges
a decoder for the shape of y's own density, which it has not got from t.
"""

from functools import lru_cache

import numpy as np

from ..laws import Array, KnownLaw
from ._activations import named
from ._blurred import grid, masses
from ._images import images
from ._law import tables
from ._network import Layers, checked
from ._quadrature import MEAN, STD

NO_SPREAD = 1e-12  # a direction with less than this share of the greatest variance does not vary: it is rounding
STEP = 0.1  # of a grid of y, in units of the narrowest noise
REACH = 7.0  # deviations of a normal law beyond which it is left out
NODES, NODES_OF_Y = 2**12, 2**11  # of x, at most: for the predictions, and for the density of y


def linearly_usable_information(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[float]:
    """E log2 q(y | t) / q(y) in bits of each layer, with the best linear predictor of y, by quadrature to a few 1e-4.

    0 for a layer that tells nothing linear. The arguments and errors are those of `layer_information`.
    """
    law = tables(dataset)
    assert isinstance(dataset, KnownLaw)
    every = max(1, len(law.inputs.rows) // NODES)
    x, mass, rows = (column[::every] for column in (grid(law), masses(law), law.inputs.rows))
    mass = mass / mass.sum()
    mean, noise = float(mass @ rows[:, MEAN]), float(mass @ rows[:, STD] ** 2)
    y = rows[:, MEAN] - mean
    found = []
    for image in images(checked(layers), law.low, law.high, named(activation, negative_slope)):
        t = np.stack([np.interp(x, image.x, unit) for unit in image.t.T], axis=1)
        predicted = _predicted(t, y, mass)
        left = noise + float(mass @ (y - predicted) ** 2)
        told = _cross_entropy_bits(dataset, mean + predicted, mass, left) - np.log2(2 * np.pi * np.e * left) / 2
        found.append(float(told))
    return found


def _predicted(t: Array, y: Array, mass: Array) -> Array:
    """What the best linear function of t `(nodes, units)` says of y `(nodes,)`, both less their means."""
    weight = np.sqrt(mass)
    away = (t - mass @ t) * weight[:, None]
    spread = np.sqrt((away**2).sum(axis=0))
    moving = spread > NO_SPREAD * np.abs(t).max(initial=0.0)
    if not moving.any():
        return np.zeros(len(y))
    gram = (away[:, moving] / spread[moving]).T @ (away[:, moving] / spread[moving])
    sizes, axes = np.linalg.eigh(gram)
    kept = sizes > NO_SPREAD * sizes[-1]
    along = (away[:, moving] / spread[moving]) @ (axes[:, kept] / np.sqrt(sizes[kept]))
    values = (t - mass @ t)[:, moving] / spread[moving] @ (axes[:, kept] / np.sqrt(sizes[kept]))
    return np.asarray(values @ (along.T @ (y * weight)))


def _cross_entropy_bits(dataset: KnownLaw, predicted: Array, mass: Array, variance: float) -> float:
    """-E log2 q(y), q the mixture of normals of this variance around the predictions `(nodes,)`."""
    first, step, p = _density_of_y(dataset)
    low = min(first, float(predicted.min()))
    ahead = int(np.ceil((first - low) / step)) + 1
    low = first - ahead * step
    count = max(ahead + len(p), int((predicted.max() - low) / step) + 2)
    place = (predicted - low) / step
    cell = np.minimum(place.astype(np.int64), count - 2)
    part = place - cell
    heap = np.bincount(cell, mass * (1 - part), count) + np.bincount(cell + 1, mass * part, count)
    width = np.sqrt(variance)
    reach = int(np.ceil(REACH * width / step))
    kernel = np.exp(-((np.arange(-reach, reach + 1) * step / width) ** 2) / 2)
    density = np.convolve(heap, kernel / (kernel.sum() * step))[reach:][:count]
    here = density[ahead : ahead + len(p)]
    return float(-(p * np.log2(np.where(here > 0, here, 1e-300))).sum() * step)


@lru_cache(maxsize=8)
def _density_of_y(dataset: KnownLaw) -> tuple[float, float, Array]:
    """Where a grid of y begins, its step, and p(y) on it `(values,)`, which sums to 1 / step."""
    law = tables(dataset)
    every = max(1, len(law.inputs.rows) // NODES_OF_Y)
    mass, rows = masses(law)[::every], law.inputs.rows[::every]
    noise_low, noise_high = law.noise.low, law.noise.low + law.noise.step * (len(law.noise.density) - 1)
    step = STEP * float(rows[:, STD].min())
    low = float((rows[:, MEAN] + rows[:, STD] * noise_low).min())
    high = float((rows[:, MEAN] + rows[:, STD] * noise_high).max())
    y = np.arange(low, high + step, step)
    z = np.arange(len(law.noise.density)) * law.noise.step + noise_low
    p = np.zeros(len(y))
    for of_x, (mean, std) in zip(mass, rows[:, [MEAN, STD]], strict=True):
        begin, end = np.searchsorted(y, (mean + std * noise_low, mean + std * noise_high))
        p[begin:end] += of_x / std * np.interp((y[begin:end] - mean) / std, z, law.noise.density)
    return low, step, p / (p.sum() * step)
