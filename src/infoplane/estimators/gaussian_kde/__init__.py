"""Density and quadrature: the information of a Gaussian kernel density."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Estimator, Values
from .._shared.columns import Floats, Labels, is_constant, rows, standardised

Bandwidth = Literal["scott", "silverman"] | Annotated[float, Gt(0)]

# A direction with less than this share of the greatest variance does not vary: it is rounding (float32: 1e-14).
NO_SPREAD = 1e-12
# Grid points along an axis at most; more are needed only where a class is a thousand times narrower than the rest.
FINEST = 4096
NARROWEST, WIDEST = 1e-100, 1e6  # deviations of the data; nothing is seen through such kernels


@dataclass(frozen=True, kw_only=True)
class GaussianKDE(Estimator):
    """I(X;Y) in bits of the Gaussian kernel density of (X, Y), by quadrature, for layers of one or two units.

    Use it for the output of a regression, where T and Y are nearly Gaussian or depend linearly, since the kernels lean
    with the data; elsewhere smoothing loses information. Above three columns in all a density cannot be estimated from
    some hundred rows, and the estimator refuses: reduce the layer, or choose another one.

    bandwidth: the width of the kernels in units of the data's own covariance, as `scipy.stats.gaussian_kde` has it:
        `scott`, n^(-1/(d+4)), `silverman`, or a number (Scott 1992, ch. 6; Silverman 1986, 4.14).

    T and Y have the marginals of that one density, so that the value is the information of something, and not negative.
    In coordinates that whiten the data the kernels are round, a grid is a product of three small matrices, and the
    trapezoidal rule at half a kernel's width is exact to 1e-6 bits. For labels every class has its own density; the
    kernels have the covariance within classes. Refuses a y that is a linear function of x: they have no density.
    """

    tolerance_bits: ClassVar[float] = 0.05
    # Another order of units turns the axes round, and the points of the grid come to lie elsewhere.
    order_tolerance_bits: ClassVar[float] = 1e-6

    bandwidth: Bandwidth = "scott"

    def _estimate(self, x: Values, y: Variable, rng: np.random.Generator) -> float:
        if x.shape[1] > 2:
            raise InfoplaneError(
                f"a density of {x.shape[1]} units is out of reach; reduce the layer to 2 "
                "(reduce: {components: 2}) or choose another estimator"
            )
        layer = rows(x)
        if is_constant(layer) or y.is_constant:
            return 0.0
        t = _white(standardised(layer))
        if y.classes is not None:
            return float(_about_classes(t, y.classes, self.bandwidth) / np.log(2))
        z = _white(standardised(rows(y.values)))
        both = np.hstack([t, z])
        if both.shape[1] > 3:
            raise InfoplaneError(
                f"a density of {x.shape[1]} units and {y.values.shape[1]} targets is out of reach; "
                "choose another estimator"
            )
        whitened = _white(both)
        if whitened.shape[1] < both.shape[1]:
            raise InfoplaneError("y is a linear function of the layer, so they have no density; use decodable")
        width = _width(self.bandwidth, len(both), both.shape[1])
        # t and z are white: the entropy of `both` beyond that of `whitened` is that of the change of coordinates.
        stretch = np.linalg.slogdet(np.cov(both.T, bias=True))[1] / 2
        nats = _entropy(t, width) + _entropy(z, width) - _entropy(whitened, width) - stretch
        return float(nats / np.log(2))

    @property
    def scale_invariant(self) -> bool:
        return True


def _about_classes(t: Floats, classes: Labels, bandwidth: Bandwidth) -> float:
    """I(T; class) in nats of one density a class, kernels shaped by the spread within classes."""
    counts = np.bincount(classes)
    there = np.flatnonzero(counts)  # in a half of the rows a class may be missing
    counts, classes = counts[there], np.searchsorted(there, classes)
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
        if bandwidth > WIDEST:
            raise InfoplaneError(f"bandwidth: {bandwidth:g} is wider than any data; lower it")
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
        if width < NARROWEST or (high - low) / step >= FINEST - 1:
            raise InfoplaneError(
                f"bandwidth: the layer is {(high - low) / width:.0f} kernels wide, too many to integrate over; raise it"
            )
        grid = low + step * np.arange(int(np.ceil((high - low) / step)) + 1)
        kernels.append(np.exp(-(((grid[:, None] - column) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi)))
    from scipy.special import xlogy  # takes a while to import

    nats = 0.0
    for slab in kernels[0]:
        density = (slab * kernels[1]) @ kernels[2].T / samples
        nats -= float(np.sum(xlogy(density, density)))
    return float(nats * step**d)
