"""What the best decoder of a family can use of each layer, over the law of the data: nothing is fitted to samples."""

import numpy as np

from ..laws import Array, KnownLaw
from ._activations import named
from ._blurred import entropy_of_y_bits, grid, masses, moments_of_y
from ._images import images
from ._law import tables
from ._network import Layers, checked
from ._quadrature import MEAN

NO_SPREAD = 1e-12  # a direction with less than this share of the greatest variance does not vary: it is rounding


def linearly_usable_information(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[float]:
    """h(Y) - min E[-log2 q(y | t)] in bits of each layer, q normal around a linear function of t and equally wide.

    The best of these predicts y by least squares, and errs by what is left of its variance: h(Y) - log2(2 pi e v) / 2
    (Barber & Agakov 2003; Xu et al. 2020). At most I(T;Y), and negative where a normal q is worse than the density of
    y. By quadrature on the tables of the law, to some 1e-5 bits. The arguments and errors are those of
    `layer_information`.
    """
    law = tables(dataset)
    assert isinstance(dataset, KnownLaw)
    x, mass, y = grid(law), masses(law), law.inputs.rows[:, MEAN]
    entropy_bits, (mean, variance) = entropy_of_y_bits(law), moments_of_y(law)
    found = []
    for image in images(checked(layers), law.low, law.high, named(activation, negative_slope)):
        t = np.stack([np.interp(x, image.x, unit) for unit in image.t.T], axis=1)
        left = variance - _explained(t, y - mean, mass)
        found.append(entropy_bits - float(np.log2(2 * np.pi * np.e * left)) / 2)
    return found


def _explained(t: Array, y: Array, mass: Array) -> float:
    """The variance of y `(nodes,)`, of mean 0, that a linear function of t `(nodes, units)` explains."""
    away = (t - mass @ t) * np.sqrt(mass)[:, None]
    spread = np.sqrt((away**2).sum(axis=0))
    away = away[:, spread > 0] / spread[spread > 0]
    if away.shape[1] == 0:
        return 0.0
    directions, sizes, _ = np.linalg.svd(away, full_matrices=False)
    kept = directions[:, sizes**2 > NO_SPREAD * sizes[0] ** 2]
    return float(((kept.T @ (y * np.sqrt(mass))) ** 2).sum())
