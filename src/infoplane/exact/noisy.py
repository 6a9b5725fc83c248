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
from ..estimands import Noisy
from ..laws import Array, KnownLaw
from ._activations import named
from ._blurred import blurred
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
    found = noisy_points(
        layers,
        dataset,
        Noisy(sigma, "layer" if relative else "none"),
        activation=activation,
        negative_slope=negative_slope,
        stderr_bits=stderr_bits,
        seed=seed,
    )
    points = [point for point in found if point is not None]
    if len(points) < len(found):
        raise InfoplaneError(
            f"layers[{found.index(None)}]: is constant, so noise relative to its spread is 0; give an absolute sigma"
        )
    return points


def noisy_points(
    layers: Layers,
    dataset: object,
    estimand: Noisy,
    *,
    activation: str = "relu",
    negative_slope: float = 0.01,
    stderr_bits: float = 0.005,
    seed: int = 0,
) -> list[PlanePoint | None]:
    """`noisy_information` for noise of any scale, on y as well if the estimand says so; None for a layer that is
    constant, to which noise relative to its spread is none.

    Only the first coordinate sees the noise on y. That takes noise of y that is normal; raises `InfoplaneError` for
    any other.
    """
    check_noise(estimand.sigma, stderr_bits)
    tables(dataset)  # raises where there is no known law
    assert isinstance(dataset, KnownLaw)
    if estimand.target_sigma is not None:
        dataset = blurred(dataset, estimand.target_sigma, relative=estimand.scale != "none")
    law, bend, weights = tables(dataset), named(activation, negative_slope), checked(layers)
    over = line(law)
    found: list[PlanePoint | None] = []
    for image in images(weights, law.low, law.high, bend):
        scaled = _scaled(image, estimand, over)
        if scaled is None:
            found.append(None)
            continue
        same, mean, covariance, width = scaled
        along = axes(mean, covariance, width)
        rng = np.random.default_rng(seed)
        found.append(_point(same, along, width, over, stderr_bits, rng))
    return found


def _scaled(image: Image, estimand: Noisy, over: Line) -> tuple[Image, Array, Array, float] | None:
    """The image, its mean and covariance, and the deviation of the noise, all in one unit; None if it is constant."""
    mean, covariance = moments(image, over)
    if estimand.scale == "none":
        return image, mean, covariance, estimand.sigma
    if estimand.scale == "layer":
        spread = float(np.sqrt(np.trace(covariance)))
        moves = spread > 4 * np.sqrt((image.error**2).sum())
        return (image, mean, covariance, estimand.sigma * spread) if moves else None
    spreads = np.sqrt(np.maximum(np.diag(covariance), 0))
    kept = spreads > 4 * image.error
    if not kept.any():
        return None
    spreads = spreads[kept]
    own = Image(image.x, image.t[:, kept] / spreads, image.error[kept] / spreads)
    return own, mean[kept] / spreads, covariance[np.ix_(kept, kept)] / np.outer(spreads, spreads), estimand.sigma


def _point(
    image: Image, along: Axes, sigma: float, over: Line, stderr_bits: float, rng: np.random.Generator
) -> PlanePoint:
    mixed = mixture(*simplified(image, STRAIGHT * sigma), along, over)
    (input_bits, lost_bits), errors = mixed.informations(stderr_bits, rng)
    # A share of the ceiling, by the same quadrature, so that losing nothing and losing all are both exact.
    whole = mixed.nothing_seen()
    kept = 1 - lost_bits / whole if whole > 0 else 0.0
    return PlanePoint(float(over.law.ceiling_bits * kept), float(input_bits), float(errors[1]), float(errors[0]))
