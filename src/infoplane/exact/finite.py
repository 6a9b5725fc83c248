"""Exact values, in bits, for any network on a `FiniteLaw`, from its activations at every pattern.

    finite_ceiling(law)                     I(X;Y), which no layer exceeds
    finite_information(t, law)              H(T) = I(X;T) and I(T;Y), by counting equal rows
    finite_binned(t, law, edges)            the same for bin(T), which includes quantised activations
    finite_noisy(t, law, sigma)             the same for T + sigma Z, a finite Gaussian mixture (Goldfeld et al. 2019)

t is `(patterns, units)`, one row for each row of `law.x`, in any float type. Only the mean over T + sigma Z is sampled,
and its error is reported. All functions raise `InfoplaneError` for a t of another shape, or one that is not finite.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import InfoplaneError
from ..finite_law import FiniteLaw
from ..laws import Array, Labels
from ._noisy_kernel import Rows
from ._noisy_mixture import Mixture, axes, near_together
from .plane_point import PlanePoint, check_noise

ROUNDINGS = 16  # of a float: equal values may differ by this many


def finite_ceiling(law: FiniteLaw) -> float:
    """I(X;Y) in bits, which no layer's I(T;Y) exceeds (data processing inequality)."""
    return _information(law.p_x, law.p_y)


def finite_information(t: ArrayLike, law: FiniteLaw, *, resolution: float | None = None) -> PlanePoint:
    """I(T;Y), and I(X;T) = H(T), in bits, of a layer with values t `(patterns, units)`.

    Rows are equal if all their units are equal. Values of a unit are equal if, in sorted order, neighbours differ by at
    most `resolution` times the unit's largest value: by default 16 roundings of t's float type, 2e-6 in float32 and
    4e-15 in float64. In float32, this also merges some values of a unit that has thousands: compute t in float64 then.
    With 0, only values with the same bits are equal.
    """
    values = _checked(t, law)
    group = _equal(values, _resolution(t, resolution))
    return _counted(group, law)


def finite_binned(t: ArrayLike, law: FiniteLaw, edges: ArrayLike | Sequence[ArrayLike]) -> PlanePoint:
    """I(bin(T);Y), and I(X;bin(T)) = H(bin(T)), in bits.

    `edges` are ascending inner edges, `(edges,)` for all units, or a list with one such array per unit. A value on an
    edge is above it; values beyond the outermost edge have their own bin.
    """
    values = _checked(t, law)
    each = _edges(edges, values.shape[1])
    bins = [np.searchsorted(edge, unit, side="right") for edge, unit in zip(each, values.T, strict=True)]
    return _counted(_numbered(np.stack(bins, axis=1)), law)


def finite_noisy(
    t: ArrayLike,
    law: FiniteLaw,
    sigma: float,
    *,
    relative: bool = False,
    stderr_bits: float = 0.005,
    seed: int | np.random.Generator = 0,
) -> PlanePoint:
    """I(T + sigma Z; Y) and I(X; T + sigma Z) in bits, Z standard normal on every unit.

    With `relative`, sigma is in units of sqrt(sum of the unit variances) over the law. T + sigma Z is a mixture of one
    Gaussian per pattern. Its density is known, so only a mean over it must be computed: by quadrature if t has one
    dimension, else by a randomly shifted lattice, until both standard errors are at most `stderr_bits` or there are a
    million points. The errors reached are reported. Raises `InfoplaneError` for a sigma that is not above 0, and for a
    relative sigma where t is constant.
    """
    check_noise(sigma, stderr_bits)
    values = _checked(t, law)
    group = _equal(values, _resolution(t, None))
    p_t, p_y = _merged(group, law)
    first = np.unique(group, return_index=True)[1]
    mean = law.p_x @ values
    spread = np.sqrt((law.p_x @ (values - mean) ** 2).sum())
    if relative and len(p_t) == 1:
        raise InfoplaneError("t: is constant, so noise relative to its spread is 0; give an absolute sigma")
    width = sigma * float(spread) if relative else sigma
    away = values - mean
    places = axes(mean, (away * law.p_x[:, None]).T @ away, width).along(values[first])
    order = near_together(places)
    order = order[p_t[order] > 0]
    mixture = Mixture(places[order], p_t[order], _classes(p_y[order]))
    (input_bits, lost_bits), errors = mixture.informations(stderr_bits, np.random.default_rng(seed))
    return PlanePoint(_information(p_t, p_y) - float(lost_bits), float(input_bits), float(errors[1]), float(errors[0]))


def _checked(t: ArrayLike, law: FiniteLaw) -> Array:
    values = np.array(t, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != len(law.x) or values.shape[1] == 0:
        raise InfoplaneError(f"t: has shape {values.shape}; give ({len(law.x)}, units), a row for each pattern")
    if not np.isfinite(values).all():
        raise InfoplaneError("t: holds NaN or infinity; look at the training that made the network")
    return values


def _resolution(t: ArrayLike, given: float | None) -> float:
    if given is not None:
        if not 0 <= given < 1:
            raise InfoplaneError(f"resolution: {given} is not a share of a unit's largest value; give 0 to 1")
        return given
    kind = np.asarray(t).dtype
    return ROUNDINGS * float(np.finfo(kind if kind.kind == "f" else np.float64).eps)


def _equal(values: Array, resolution: float) -> Labels:
    """The group of equal rows that each row belongs to, `(patterns,)`, numbered from 0."""
    order = values.argsort(axis=0, kind="stable")
    ascending = np.take_along_axis(values, order, axis=0)
    apart = np.diff(ascending, axis=0) > resolution * np.abs(values).max(axis=0)
    step = np.concatenate([np.zeros((1, values.shape[1]), np.int64), np.cumsum(apart, axis=0)])
    place = np.empty_like(step)
    np.put_along_axis(place, order, step, axis=0)
    return _numbered(place)


def _numbered(places: Labels) -> Labels:
    return np.asarray(np.unique(places, axis=0, return_inverse=True)[1], np.int64).ravel()


def _merged(group: Labels, law: FiniteLaw) -> tuple[Array, Array]:
    """p(t) `(groups,)` and p(y | t) `(groups, classes)`."""
    p_t = np.bincount(group, law.p_x).astype(np.float64)
    joint = np.zeros((len(p_t), law.p_y.shape[1]))
    np.add.at(joint, group, law.p_x[:, None] * law.p_y)
    return p_t, joint / np.where(p_t > 0, p_t, 1)[:, None]


def _counted(group: Labels, law: FiniteLaw) -> PlanePoint:
    p_t, p_y = _merged(group, law)
    return PlanePoint(_information(p_t, p_y), float(_entropy_bits(p_t)))


def _information(p: Array, p_y: Array) -> float:
    """The information in bits between a variable with probabilities `p (values,)` and y, `p_y (values, classes)`."""
    return float(_entropy_bits(p @ p_y) - p @ _entropy_bits(p_y))


def _entropy_bits(p: Array) -> Array:
    """The entropy over the last axis."""
    return np.asarray(-(p * np.log2(np.where(p > 0, p, 1))).sum(axis=-1) + 0.0)


def _classes(p_y: Array) -> Rows:
    components, classes = p_y.shape
    start = classes * np.arange(components + 1)
    return Rows(np.arange(components), np.zeros(components, np.int64), start, p_y.ravel(), _entropy_bits(p_y), classes)


def _edges(edges: ArrayLike | Sequence[ArrayLike], units: int) -> list[Array]:
    try:
        each = [np.asarray(edge, np.float64) for edge in edges]  # type: ignore[union-attr]
        if all(edge.ndim == 0 for edge in each):
            each = [np.asarray(edges, np.float64)] * units
    except (TypeError, ValueError):
        raise InfoplaneError("edges: are not an array of numbers, nor one array per unit; give either") from None
    if len(each) != units:
        raise InfoplaneError(f"edges: are for {len(each)} units, but t has {units}; give one array per unit")
    for edge in each:
        if edge.ndim != 1 or not (np.diff(edge) > 0).all() or not np.isfinite(edge).all():
            raise InfoplaneError(f"edges: {edge} are not ascending numbers; sort them")
    return each
