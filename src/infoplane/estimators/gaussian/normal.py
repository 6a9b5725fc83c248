"""The information of a Gaussian with the data's covariance, without the bias of estimating it."""

import numpy as np
from scipy.special import digamma

from ...arrays.lattices import column_kind
from ...classes.decoding import discriminant_logs, stacked, told_bits
from ...core.doubles import bounded
from .._shared.columns import Floats, Labels, standardised
from .._shared.regression import left_out_predictions, principal

# A direction with less than this share of the greatest variance does not vary; nor is less than it left of y: 20 bits.
NO_SPREAD = 1e-12
# The most that the log of a share may vary by chance, as its variance: 0.19 bits a target. Beyond, regression is held
# back by ridges instead.
LOOSE = 2 / 30


def gaussian_bits(t: Floats, z: Floats) -> float:
    """The Gaussian's I(T;Y) in bits of t `(samples, units)` and numbers z `(samples, targets)`; 0 for a constant one.

    log2(|C_z| / |C_z|t|) / 2 (Cover & Thomas 2006, 8.4), less its mean at independence, which for Gaussian data is its
    bias at any dependence: sum over j = 1..targets of (psi((n - j) / 2) - psi((n - r - j) / 2)) / 2 nats, r the
    directions in which t varies, psi the digamma function (Wishart determinants: Anderson 2003, 7.5.3; Misra, Singh &
    Demchuk 2005). So it is right on average from few units to nearly as many as samples, and no strong pair is
    capped. Where next to no samples are left, each is predicted from the others by ridge regression, and what is
    missed takes the place of C_z|t: that reads too little.

    A z on a lattice is known to its cell, of variance step^2 / 12, which either C_z holds too, as by `lattices.spread`
    (Sheppard 1898): z = t of whole numbers has about their entropy, and no more.
    """
    t, cells = standardised(t), _cells(z)
    z, axes = _varying(standardised(z))
    units = _varying(t)[0]
    samples, r, targets = len(t), units.shape[1], z.shape[1]
    if r == 0 or targets == 0:
        return 0.0
    within = (axes.T * cells) @ axes
    left = samples - 1 - r
    if left < targets or 2 / left - 2 / (samples - 1) > LOOSE:
        whitened = z / np.sqrt(np.mean(z**2, axis=0))
        missed = (whitened - left_out_predictions(*principal(t[None]), whitened[None])[0]) * np.sqrt(
            np.mean(z**2, axis=0)
        )
        blind = samples / (samples - 1)  # the mean of the others
        return _half_log_ratio_bits(blind**2 * z.T @ z / samples + within, missed.T @ missed / samples + within)
    units /= np.linalg.norm(units, axis=0)
    missed = z - units @ (units.T @ z)
    found = _half_log_ratio_bits(z.T @ z / (samples - 1) + within, missed.T @ missed / left + within)
    # Each is right on average, its log a little low.
    j = np.arange(targets)
    low = [np.sum(digamma((n - j) / 2) - np.log(n / 2)) for n in (samples - 1, left)]
    return float(found - (low[0] - low[1]) / 2 / np.log(2))


def gaussian_class_bits(t: Floats, classes: Labels) -> float:
    """I(T; class) in bits of normal classes of one covariance, held out; `classes` `(samples,)` from 0, each there.

    Indicators of classes are no Gaussian, and read more than their entropy. The log odds of a linear discriminant
    (Fisher 1936) are those of normal classes: see `classes.decoding`. At most the plug-in entropy of the classes.
    """
    t = standardised(t)
    if not t.any() or (classes == classes[0]).all():
        return 0.0
    return float(told_bits(stacked(discriminant_logs(t, classes), classes), classes).mean())


def _cells(z: Floats) -> Floats:
    """The variance of each column's cell, in units of the column's own; 0 where it is no lattice."""
    z = bounded(z)
    steps = np.array([column_kind(column).step for column in z.T])
    return np.asarray((steps / np.where(steps > 0, z.std(axis=0), 1)) ** 2 / 12)


def _varying(centred: Floats) -> tuple[Floats, Floats]:
    """Columns on their principal axes, without those that do not vary, and these axes `(columns, r)`."""
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    axes = axes[:, variances > NO_SPREAD * max(variances[-1], 1e-300)]
    return np.asarray(centred @ axes), axes


def _half_log_ratio_bits(whole: Floats, left: Floats) -> float:
    """log2(|whole| / |left|) / 2; no less is left than rounding."""
    root = np.linalg.inv(np.linalg.cholesky(whole))
    shares = np.linalg.eigvalsh(root @ left @ root.T)
    return float(-np.sum(np.log2(np.maximum(shares, NO_SPREAD))) / 2)
