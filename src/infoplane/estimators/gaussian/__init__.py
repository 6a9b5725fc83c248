"""The information of a Gaussian with the covariance of the data."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Estimator, Values
from .._shared.columns import Floats, is_constant, rows, standardised
from .normal import gaussian_bits, gaussian_class_bits

Shrinkage = Literal["unbiased", "ledoit_wolf", "oas", "none"]

# A direction with less than this share of the greatest variance does not vary: it is rounding (float32: 1e-14).
NO_SPREAD = 1e-12


@dataclass(frozen=True, kw_only=True)
class Gaussian(Estimator):
    """I(X;Y) in bits of a Gaussian with the data's covariance, log2(|C_t| |C_y| / |C|) / 2 (Cover & Thomas 2006, 8.4).

    Use it for linear networks, and to see what is linear. It sees linear dependence only: it is low where T and Y
    depend otherwise, but it is no bound, since it is too high where, say, y is not Gaussian. Labels are normal classes
    of one covariance, held out, whatever the shrinkage.

    shrinkage: `unbiased` shrinks nothing, and takes the bias of the determinants off: right on average from few units
        to nearly as many as samples; with more, each sample is predicted from the others (see `normal`). Else how the
        covariance of all standardised columns is shrunk towards the unit matrix, `ledoit_wolf` (Ledoit & Wolf 2004, eq.
        14), `oas` (Chen et al. 2010, eq. 23, for Gaussian data) or `none`. With `none` many units read too much (1.4
        bits at independence for 300 units and 350 samples); with shrinkage strong pairs read too little (2.7 of 6.6
        bits), and so do units of which one of 8 matters (0.27 of 0.5).

    Dead units and directions that do not vary are left out. Refuses a y that is a linear function of x where nothing
    shrinks that: the value is infinite.
    """

    tolerance_bits: ClassVar[float] = 0.05

    shrinkage: Shrinkage = "unbiased"

    def _estimate(self, x: Values, y: Variable, rng: np.random.Generator) -> float:
        t = rows(x)
        if is_constant(t) or y.is_constant:
            return 0.0
        if y.classes is not None:
            return gaussian_class_bits(t, y.classes)
        if self.shrinkage == "unbiased":
            return gaussian_bits(t, rows(y.values))
        t, z = _varying(standardised(t)), _varying(standardised(rows(y.values)))
        both = np.hstack([t, z])
        covariance = both.T @ both / len(both)
        weight = _weight(both, covariance, self.shrinkage)
        mean_variance = np.trace(covariance) / len(covariance)
        covariance = (1 - weight) * covariance + weight * mean_variance * np.eye(len(covariance))
        units = t.shape[1]
        logs = [np.linalg.slogdet(c) for c in (covariance[:units, :units], covariance[units:, units:], covariance)]
        if not np.linalg.eigvalsh(covariance)[0] > NO_SPREAD * mean_variance:
            raise InfoplaneError("y is a linear function of the layer: infinite for a Gaussian; set a shrinkage")
        return float((logs[0][1] + logs[1][1] - logs[2][1]) / 2 / np.log(2))

    @property
    def scale_invariant(self) -> bool:
        return True


def _varying(centred: Floats) -> Floats:
    """Columns on their principal axes, without those that do not vary."""
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    return np.asarray(centred @ axes[:, variances > NO_SPREAD * variances[-1]])


def _weight(centred: Floats, covariance: Floats, shrinkage: Shrinkage) -> float:
    """The weight of the unit matrix against `covariance` `(d, d)`, that of `centred` `(samples, d)`."""
    samples, d = centred.shape
    trace, squares = float(np.trace(covariance)), float(np.sum(covariance**2))
    distance = squares - trace**2 / d
    if shrinkage == "none" or distance <= 0:
        return 0.0
    if shrinkage == "ledoit_wolf":
        noise = (np.sum(np.sum(centred**2, axis=1) ** 2) / samples - squares) / samples
        return float(min(noise / distance, 1.0))
    noise = (1 - 2 / d) * squares + trace**2
    return float(min(noise / ((samples + 1 - 2 / d) * distance), 1.0))
