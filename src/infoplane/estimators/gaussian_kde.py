"""Density and quadrature: I(T;Y) of the Gaussian kernel density of (T, Y), for layers of one or two units.

The density is that of `scipy.stats.gaussian_kde`: kernels with the covariance of the data times the square of
`bandwidth`, which is Scott's n^(-1/(d+4)), Silverman's rule or a number (Scott 1992, ch. 6; Silverman
1986, 4.14). T and Y have the marginals of that one density, so that the estimate is the mutual information
of something, and not negative. In coordinates that whiten the data the kernels are round, a grid is a
product of three small matrices, and the trapezoidal rule at half a kernel's width is exact to 1e-6 bits.

Good where T and Y are nearly Gaussian and where they depend linearly, since the kernels lean with the
data; elsewhere smoothing loses information. For a discrete y every class has its own density; the kernels
have the covariance within classes. Above three dimensions in all a density cannot be estimated from some
hundred samples, and the estimator stops: reduce the layer (`reduce: {components: 2}`) or choose another
estimator.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import xlogy

from ..core.errors import InfoplaneError
from ._parts.variables import Floats, Labels, is_constant, is_discrete, labels, rows, standardised

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000.
TOLERANCE_BITS = 0.05
# Another order of units turns the axes round, and the points of the grid come to lie elsewhere.
ORDER_TOLERANCE_BITS = 1e-6

Bandwidth = Literal["scott", "silverman"] | Annotated[float, Field(gt=0)]

# A direction with less than this share of the greatest variance does not vary: it is rounding (float32:
# 1e-14).
NO_SPREAD = 1e-12
# Grid points along an axis at most; more are needed only where a class is a thousand times narrower than
# the rest.
FINEST = 4096


def estimate(
    x: Floats,
    y: Floats,
    *,
    rng: np.random.Generator,  # noqa: ARG001
    bandwidth: Bandwidth = "scott",
) -> float:
    """I(T;Y) in bits; x `(samples, 1 or 2)`, y `(samples, targets)`, three columns in all unless y is
    discrete.

    Raises `InfoplaneError` beyond that, and where there is no density: y a linear function of x.
    """
    x, y = rows(x), rows(y)
    if x.shape[1] > 2:
        raise InfoplaneError(
            f"a density of {x.shape[1]} units is out of reach; reduce the layer to 2 "
            "(reduce: {components: 2}) or choose another estimator"
        )
    if is_constant(x) or is_constant(y):
        return 0.0
    t = _white(standardised(x))
    if is_discrete(y):
        return float(_about_classes(t, labels(y), bandwidth) / np.log(2))
    z = _white(standardised(y))
    both = np.hstack([t, z])
    if both.shape[1] > 3:
        raise InfoplaneError(
            f"a density of {x.shape[1]} units and {y.shape[1]} targets is out of reach; choose another estimator"
        )
    whitened = _white(both)
    if whitened.shape[1] < both.shape[1]:
        raise InfoplaneError("y is a linear function of the layer, so they have no density; use decodable")
    width = _width(bandwidth, len(both), both.shape[1])
    # t and z are white: the entropy of `both` beyond that of `whitened` is that of the change of coordinates.
    stretch = np.linalg.slogdet(np.cov(both.T, bias=True))[1] / 2
    nats = _entropy(t, width) + _entropy(z, width) - _entropy(whitened, width) - stretch
    return float(nats / np.log(2))


def scale_invariant(**_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return True


def _about_classes(t: Floats, classes: Labels, bandwidth: Bandwidth) -> float:
    """I(T; class) in nats of one density a class, kernels shaped by the spread within classes."""
    counts = np.bincount(classes)
    means = np.stack([t[classes == c].mean(axis=0) for c in range(len(counts))])
    within = _axes(t - means[classes])
    if within.shape[1] < t.shape[1]:
        raise InfoplaneError("the layer has no density within the classes of y; use mixed_ksg")
    t = t @ within
    width = _width(bandwidth, len(t) / len(counts), t.shape[1])
    parts = [n / len(t) * _entropy(t[classes == c], width) for c, n in enumerate(counts)]
    return _entropy(t, width) - float(np.sum(parts))


def _white(values: Floats) -> Floats:
    """Centred columns `(samples, d)` in coordinates of unit variance, without directions that do not vary."""
    return values @ _axes(values)


def _axes(centred: Floats) -> Floats:
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = variances > NO_SPREAD * variances[-1]
    return np.asarray(axes[:, kept] / np.sqrt(variances[kept]))


def _width(bandwidth: Bandwidth, samples: float, d: int) -> float:
    """The kernels' standard deviation in white coordinates, as `scipy.stats.gaussian_kde` has it."""
    if not isinstance(bandwidth, str):
        return float(bandwidth)
    effective = samples if bandwidth == "scott" else samples * (d + 2) / 4
    return float(effective ** (-1 / (d + 4)))


def _entropy(t: Floats, width: float) -> float:
    """Entropy in nats of the mean of round Gaussians at the rows of t `(samples, 1 to 3)`."""
    samples, d = t.shape
    step = width / 2
    kernels = [np.ones((1, samples))] * (3 - d)
    for column in t.T:
        low, high = column.min() - 6 * width, column.max() + 6 * width
        points = int(np.ceil((high - low) / step)) + 1
        if points > FINEST:
            raise InfoplaneError(
                f"bandwidth: the layer is {(high - low) / width:.0f} kernels wide, too many to integrate over; raise it"
            )
        grid = low + step * np.arange(points)
        kernels.append(np.exp(-(((grid[:, None] - column) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi)))
    nats = 0.0
    for slab in kernels[0]:
        density = (slab * kernels[1]) @ kernels[2].T / samples
        nats -= float(np.sum(xlogy(density, density)))
    return float(nats * step**d)
