"""I(T + sigma Z; Y) and I(X; T + sigma Z) of every layer of a network with one input, from the law of the data.

Z is standard normal on every unit. With noise, both informations are finite for every network (Goldfeld et al. 2019);
without noise, the second is not (Amjad & Geiger 2019). The density of T + sigma Z, alone and together with y, is an
integral over one-dimensional x, computed by quadrature along the polyline x -> t. A mean over T + sigma Z remains:

    I(X; T + sigma Z) = E log2 p(u | x) / p(u)
    I(T + sigma Z; Y) = I(X;Y) - I(X;Y | T + sigma Z), the last of which is a mean over u of the generalised
                        Jensen-Shannon divergence of p(y | x) under p(x | u), an integral over y

It is computed by quadrature where the layer has one dimension, else by a randomly shifted lattice over x and Z. The
data processing inequality holds within a layer: I(T + sigma Z; Y) is at most I(X;Y) and at most I(X; T + sigma Z), and
both fall with sigma. It does not hold from layer to layer, since a layer is a function of the previous one without its
noise.
"""

import numpy as np

from ..core.errors import InfoplaneError
from ..laws import Array, KnownLaw
from ._activations import named
from ._images import images
from ._law import tables
from ._network import Image, Layers, checked
from ._noisy_line import STRAIGHT, Line, line, mixture, moments, simplified
from ._noisy_mixture import Axes, axes
from .plane_point import PlanePoint, check_noise


def noisy_information(
    layers: Layers,
    dataset: object,
    sigma: float,
    *,
    activation: str = "relu",
    negative_slope: float = 0.01,
    relative: bool = False,
    stderr_bits: float = 0.005,
    seed: int = 0,
) -> list[PlanePoint]:
    """I(T + sigma Z; Y) and I(X; T + sigma Z) in bits of each layer; T is its values after the activation (the last
    layer has none).

    `layers` are (weight (out, in), bias (out,)), the first with one input; the dataset is a `KnownLaw`; the activation
    is any that `layer_information` knows. With `relative`, sigma is in units of sqrt(sum of the layer's unit
    variances) over the law of x, so that the scale of a layer does not matter; otherwise in the layer's own units.

    Points are added until both standard errors are at most `stderr_bits`, or there are a million; the errors reached
    are reported. In addition, quadrature is off by about 1e-4 bits. A layer of one dimension is integrated, not
    sampled; its error is the change from half as many steps. Every layer uses the same seed. Raises `InfoplaneError`
    for a dataset without a known law, a sigma that is not above 0 or too small to resolve, weights that do not form a
    finite network of one input, and a relative sigma for a constant layer.
    """
    check_noise(sigma, stderr_bits)
    law, bend, weights = tables(dataset), named(activation, negative_slope), checked(layers)
    assert isinstance(dataset, KnownLaw)
    over = line(law)
    found = []
    for number, image in enumerate(images(weights, law.low, law.high, bend)):
        mean, covariance = moments(image, over)
        width = sigma * _spread(covariance, image, number) if relative else sigma
        along = axes(mean, covariance, width)
        rng = np.random.default_rng(seed)
        found.append(_point(image, along, width, over, stderr_bits, rng))
    return found


def _spread(covariance: Array, image: Image, number: int) -> float:
    """sqrt(sum of the units' variances). Raises `InfoplaneError` where it is 0 up to rounding."""
    spread = float(np.sqrt(np.trace(covariance)))
    if not spread > 4 * np.sqrt((image.error**2).sum()):
        raise InfoplaneError(
            f"layers[{number}]: is constant, so noise relative to its spread is 0; give an absolute sigma"
        )
    return spread


def _point(
    image: Image, along: Axes, sigma: float, over: Line, stderr_bits: float, rng: np.random.Generator
) -> PlanePoint:
    mixed = mixture(*simplified(image, STRAIGHT * sigma), along, over)
    (input_bits, lost_bits), errors = mixed.informations(stderr_bits, rng)
    # A share of the ceiling, by the same quadrature, so that losing nothing and losing all are both exact.
    whole = mixed.nothing_seen()
    kept = 1 - lost_bits / whole if whole > 0 else 0.0
    return PlanePoint(float(over.law.ceiling_bits * kept), float(input_bits), float(errors[1]), float(errors[0]))
