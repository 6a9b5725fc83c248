"""I(X; T + sigma Z) and I(T + sigma Z; Y) from samples alone: the sample-propagation estimate of Goldfeld et al. (2019,
ICML, "Estimating information flow in deep neural networks").

The n rows of t, with noise added, are a known Gaussian mixture. This module computes the information of that mixture,
so the empirical law stands in for the true one. The only error of the computation is that of a mean, and it is
reported. As an estimate of the truth, the value has a further error, which is not reported. The entropy of the mixture
is too low on average (entropy is concave), so I(X; T + sigma Z), which never exceeds log2 n, reads low. Each class has
fewer rows and loses more than the whole, so I(T + sigma Z; Y) usually reads high. Both errors vanish with n, faster for
wider noise and fewer dimensions. Where no noise reaches from one row to the next, the first is log2 n and the second
H(Y), for any y.

A continuous y takes each of its values once, so only one row would be left given y. Noise of `target_sigma` on y makes
it a question that samples can answer: I(T + sigma Z; Y + target_sigma Z'), which is at most I(T + sigma Z; Y).
"""

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import InfoplaneError
from ..finite_law import FiniteLaw
from ..laws import Array
from ._noisy_kernel import Rows
from ._noisy_mixture import Mixture, axes, near_together
from .finite import finite_noisy
from .plane_point import PlanePoint, check_noise

Y_STEP = 0.5  # of y, in units of its noise
FAR = 12  # steps: the noise of a y reaches no farther
MOST_STEPS = 2**24


def empirical_noisy_information(
    t: ArrayLike,
    y: ArrayLike,
    sigma: float,
    *,
    rng: np.random.Generator,
    target_sigma: float | None = None,
    relative: bool = False,
    stderr_bits: float = 0.005,
) -> PlanePoint:
    """I(T + sigma Z; Y) and I(X; T + sigma Z) in bits under the empirical law of t `(samples, units)` and y.

    Without `target_sigma`, y `(samples,)` or `(samples, 1)` holds class labels of any kind. With it, y `(samples,)` or
    `(samples, targets)` holds numbers, to which noise of that standard deviation is added, in y's own units. With
    `relative`, sigma is in units of sqrt(sum of the units' variances), and `target_sigma` in the same units of y.

    The standard errors are those of the computation, not of the samples. Raises `InfoplaneError` for shapes that do not
    match, values that are not finite, and noise that is not above 0.
    """
    check_noise(sigma, stderr_bits)
    places = _numbers("t", t)
    if target_sigma is None:
        labels = np.asarray(y).reshape(-1)
        _same_length(places, labels)
        classes = np.unique(labels, return_inverse=True)[1]
        law = FiniteLaw(places, _even(places), classes.astype(np.float64))
        return finite_noisy(places, law, sigma, relative=relative, stderr_bits=stderr_bits, seed=rng)
    check_noise(target_sigma, stderr_bits)
    target = _numbers("y", y)
    _same_length(places, target)
    if relative:
        sigma, target_sigma = sigma * _spread("t", places), target_sigma * _spread("y", target)
    if target.shape[1] == 1:
        return _one_target(places / sigma, target[:, 0] / target_sigma, stderr_bits, rng)
    both = np.hstack([places / sigma, target / target_sigma])
    # I(T; Y) = I(row; T) + I(row; Y) - I(row; T, Y), all with noise, since T and Y are independent given the row.
    parts = [_of_row(part, stderr_bits / np.sqrt(3), rng) for part in (places / sigma, target / target_sigma, both)]
    bits, errors = np.array(parts).T
    return PlanePoint(
        float(bits[0] + bits[1] - bits[2]), float(bits[0]), float(np.sqrt((errors**2).sum())), float(errors[0])
    )


def empirical_input_information(
    t: ArrayLike, sigma: float, *, rng: np.random.Generator, relative: bool = False, stderr_bits: float = 0.005
) -> tuple[float, float]:
    """I(X; T + sigma Z) in bits under the empirical law of t `(samples, units)`, and its standard error.

    The arguments are those of `empirical_noisy_information`.
    """
    check_noise(sigma, stderr_bits)
    places = _numbers("t", t)
    return _of_row(places / (sigma * _spread("t", places) if relative else sigma), stderr_bits, rng)


def _one_target(t: Array, y: Array, stderr_bits: float, rng: np.random.Generator) -> PlanePoint:
    """Takes t and y in units of their noise."""
    places = _principal(t)
    order = near_together(places)
    mixture = Mixture(places[order], _even(t), _normal_rows(y[order]))
    (input_bits, lost_bits), errors = mixture.informations(stderr_bits, rng)
    target_bits = mixture.nothing_seen() - lost_bits
    return PlanePoint(float(target_bits), float(input_bits), float(errors[1]), float(errors[0]))


def _of_row(t: Array, stderr_bits: float, rng: np.random.Generator) -> tuple[float, float]:
    """I(row; T + Z) in bits and its standard error."""
    places = _principal(t)
    every = np.zeros(len(t), np.int64)
    no_target = Rows(every, every[:1], np.array([0, 1]), np.ones(1), np.zeros(1), 1)
    (bits, _), errors = Mixture(places[near_together(places)], _even(t), no_target).informations(stderr_bits, rng)
    return float(bits), float(errors[0])


def _principal(t: Array) -> Array:
    mean = t.mean(axis=0)
    return axes(mean, (t - mean).T @ (t - mean) / len(t), 1.0).along(t)


def _normal_rows(y: Array) -> Rows:
    """One standard normal around each y `(samples,)`."""
    nearest = np.round((y - y.min()) / Y_STEP)
    if nearest.max() > MOST_STEPS:
        raise InfoplaneError(f"target_sigma: y spans {np.ptp(y):.3g} of it, too many to resolve; raise it")
    steps = np.arange(-FAR, FAR + 1)
    density = np.exp(-(((nearest[:, None] + steps) * Y_STEP - (y - y.min())[:, None]) ** 2) / 2)
    density /= density.sum(axis=1, keepdims=True)
    bits = -(density * np.log2(density)).sum(axis=1)
    start = len(steps) * np.arange(len(y) + 1)
    first = nearest.astype(np.int64)
    return Rows(np.arange(len(y)), first, start, density.ravel(), bits, int(first.max()) + len(steps))


def _even(t: Array) -> Array:
    return np.full(len(t), 1 / len(t))


def _spread(name: str, values: Array) -> float:
    spread = float(np.sqrt(values.var(axis=0).sum()))
    if not spread > 1e-12 * np.abs(values).max():
        raise InfoplaneError(f"{name}: is constant, so noise relative to its spread is 0; give an absolute sigma")
    return spread


def _numbers(name: str, values: ArrayLike) -> Array:
    """As `(samples, columns)` of float64."""
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InfoplaneError(f"{name}: is not an array of numbers; give one") from None
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or 0 in found.shape:
        raise InfoplaneError(f"{name}: has shape {found.shape}; give (samples, columns)")
    if not np.isfinite(found).all():
        raise InfoplaneError(f"{name}: holds NaN or infinity; leave those samples out")
    return found


def _same_length(t: Array, y: Array) -> None:
    if len(t) != len(y):
        raise InfoplaneError(f"t has {len(t)} samples, but y has {len(y)}; give equally many")
