"""I(X; T + sigma Z) and I(T + sigma Z; Y) of linear networks on Gaussian data: log-determinants, nothing sampled.

x is Gaussian with covariance C, y = a x + noise, and layer l is T = W_l ... W_1 x = A x. All are jointly Gaussian
(Cover & Thomas 2006, theorem 8.4.1). With S = A C A' + sigma^2 1,

    I(X; T + sigma Z) = 1/2 log2 det(1 + A C A' / sigma^2)
    I(T + sigma Z; Y) = 1/2 log2 det(cov Y) / det(cov Y - a C A' S^-1 A C a')

Biases do not change these values.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import InfoplaneError
from ..laws import Array
from .plane_point import PlanePoint, check_noise


def linear_gaussian_information(
    weights: Sequence[ArrayLike],
    input_covariance: ArrayLike,
    readout: ArrayLike,
    noise_std: ArrayLike,
    sigma: float,
    *,
    relative: bool = False,
) -> list[PlanePoint]:
    """I(T + sigma Z; Y) and I(X; T + sigma Z) in bits of each layer of a linear network, Z standard normal.

    `weights` are (out, in), in order; `input_covariance (inputs, inputs)`; `readout` a of y = a x + noise, `(inputs,)`
    or `(targets, inputs)`; `noise_std` is one number or one per target. With `relative`, sigma is in units of sqrt(sum
    of the layer's unit variances). Raises `InfoplaneError` for shapes that do not match, for an invalid covariance, and
    for noise that is not above 0.
    """
    check_noise(sigma, 1.0)
    covariance = _covariance(input_covariance)
    a, noise = _target(readout, noise_std, len(covariance))
    found = []
    for number, through in enumerate(_products(weights, len(covariance))):
        signal = through @ covariance @ through.T
        spread = float(np.sqrt(np.trace(signal)))
        if relative and spread == 0:
            raise InfoplaneError(f"weights[{number}]: its layer is constant and has no spread; give an absolute sigma")
        width = sigma * spread if relative else sigma
        input_bits = _half_log2_det(np.eye(len(signal)) + signal / width**2)
        # `after`: the variance of y that T + sigma Z does not explain, in units of the noise of y.
        across = (a @ covariance @ through.T) / noise[:, None] / width
        before = np.eye(len(a)) + (a @ covariance @ a.T) / np.outer(noise, noise)
        after = before - across @ np.linalg.solve(np.eye(len(signal)) + signal / width**2, across.T)
        found.append(PlanePoint(_half_log2_det(before) - _half_log2_det(after), input_bits))
    return found


def linear_gaussian_ceiling(input_covariance: ArrayLike, readout: ArrayLike, noise_std: ArrayLike) -> float:
    """I(X;Y) in bits, which no layer's I(T + sigma Z; Y) exceeds."""
    covariance = _covariance(input_covariance)
    a, noise = _target(readout, noise_std, len(covariance))
    return _half_log2_det(np.eye(len(a)) + (a @ covariance @ a.T) / np.outer(noise, noise))


def _half_log2_det(matrix: Array) -> float:
    return float(np.linalg.slogdet(matrix)[1] / (2 * np.log(2)))


def _numbers(name: str, values: ArrayLike) -> Array:
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise InfoplaneError(f"{name}: is not an array of numbers; give one") from None
    if not np.isfinite(found).all():
        raise InfoplaneError(f"{name}: holds NaN or infinity; fix it")
    return found


def _covariance(given: ArrayLike) -> Array:
    found = _numbers("input_covariance", given)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or len(found) == 0:
        raise InfoplaneError(f"input_covariance: has shape {found.shape}; give (inputs, inputs)")
    rounding = 1e-9 * np.abs(found).max()
    if np.abs(found - found.T).max() > rounding or np.linalg.eigvalsh(found).min() < -rounding:
        raise InfoplaneError("input_covariance: is not symmetric without negative eigenvalues; fix it")
    return (found + found.T) / 2


def _target(readout: ArrayLike, noise_std: ArrayLike, inputs: int) -> tuple[Array, Array]:
    a, noise = np.atleast_2d(_numbers("readout", readout)), _numbers("noise_std", noise_std)
    if a.ndim != 2 or a.shape[1] != inputs or len(a) == 0:
        raise InfoplaneError(f"readout: has shape {a.shape}; give ({inputs},) or (targets, {inputs})")
    if noise.shape not in ((), (len(a),)) or not (noise > 0).all():
        raise InfoplaneError(f"noise_std: give one number above 0, or {len(a)} of them")
    return a, np.broadcast_to(noise, (len(a),))


def _products(weights: Sequence[ArrayLike], inputs: int) -> list[Array]:
    """W_l ... W_1 of each layer l, `(units, inputs)`."""
    found: list[Array] = []
    through = np.eye(inputs)
    for number, weight in enumerate(weights):
        w = _numbers(f"weights[{number}]", weight)
        if w.ndim != 2 or w.shape[1] != len(through) or len(w) == 0:
            raise InfoplaneError(f"weights[{number}]: has shape {w.shape}; give (out, {len(through)})")
        through = w @ through
        found.append(through)
    if not found:
        raise InfoplaneError("weights: empty; give one (out, in) per layer")
    return found
