"""I(T; class) from neighbours of the own class: names have no distances, so only those in T are taken.

Ross 2014 (eq. 2): for each of n points, in a class of n_c, how far its k-th nearest of that class is, and how many
points m of any class are that near. The mean of psi(n) - psi(n_c) - (psi(m) - psi(k)) is right on average at
independence, for any k below n_c. But what psi gives for counts is above their logarithms, and small classes far
apart would read more than H(Y): here a point counts

    log(n / n_c) * (1 - (psi(m) - psi(k)) / (psi(n) - psi(n_c))),

which is right at independence too, the same but for O(1 / n_c), and never more than log(n / n_c): no value exceeds the
plug-in entropy of the classes, and far classes read that. All points as near as the k-th, to rounding, are counted. A
point whose k-th neighbour equals it is an atom: there (psi(m) - psi(k)) and what scales it give way to
log((m + 1/2) / (k + 1/2)), of the other rows that equal it in all and in its class. A discrete T has the plug-in value
but for O(1 / n); with the row itself counted it would have that exactly, and be (values - 1) (classes - 1) / (2 n ln 2)
bits too high at independence, most of which the half takes off.

- A class of k members or fewer takes its farthest for the k-th.
- Classes of a single member have no neighbour of their own; they are taken together as one class, of which T can tell
  no more than of them (a lone one tells nothing).
- Distances are Euclidean. In many columns, where no neighbour is near, a discriminant is
  (`classes.discriminants`): of the
  columns themselves, linear, and quadratic, the one that reads most stands, if that is more than the columns
  themselves read by `SURELY` standard errors. With fewer than `ROWS_A_CLASS` rows a class, few of which are near
  along any axis, the bound of `classes.decoding` takes the place of the discriminants' neighbours.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays.scaling import Scale, scaled
from ..classes.decoding import discriminant_logs, stacked, told_bits
from ..classes.discriminants import ROWS_A_CLASS, Labels, Views, scores, views
from ..core.errors import InfoplaneError
from ._classes import own_and_all

Array = NDArray[np.float64]
# At independence 1.5 reads 0.03 bits too much (n = 350), 2.5 up to 0.01; with few columns and far gains they are alike.
SURELY = 2.5


def class_information_bits(
    xs: Sequence[NDArray[np.floating]], classes: ArrayLike, *, k: int = 3, scale: Scale = "standard"
) -> Array:
    """I(T; class) in bits of each T of `xs` `(samples, units)` with `classes` `(samples,)`; `(len(xs),)`.

    Classes are numbers or words; only which are equal counts. A constant T or a single class gives 0.
    """
    codes = _codes(classes, k)
    return np.array([_information(_views(x, len(codes), scale), codes, k) for x in xs], dtype=np.float64)


def permuted_class_information_bits(
    x: NDArray[np.floating],
    classes: ArrayLike,
    permutations: NDArray[np.int64],
    *,
    k: int = 3,
    scale: Scale = "standard",
) -> Array:
    """The same of x with `classes[p]` for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    codes = _codes(classes, k)
    seen = _views(x, len(codes), scale)
    return np.array([_information(seen, _by_appearance(codes[p]), k) for p in permutations], dtype=np.float64)


def contributions_bits(points: Array, classes: Labels, k: int) -> Array:
    """What each point adds, `(n,)`, of which the mean is the value; `points` `(n, columns)`, `classes` from 0."""
    n, counts = len(classes), np.bincount(classes)
    own, everyone, equal = own_and_all(np.ascontiguousarray(points.T), classes, counts, k)
    psi, most = _psi(n), np.log(n / counts)
    scale = np.divide(most, psi[n] - psi[counts], out=np.zeros(len(counts)), where=counts < n)[classes]
    apart = np.where(equal, np.log((everyone + 0.5) / (own + 0.5)), scale * (psi[everyone] - psi[own]))
    return np.asarray(np.where(own > 0, most[classes] - apart, 0.0) / np.log(2))


def _information(seen: Views | None, classes: Labels, k: int) -> float:
    size = classes.max() + 1
    if seen is None or size == 1:
        return 0.0
    plain = contributions_bits(seen.points, classes, k)
    best, value = 0.0, float(plain.mean())
    for other in _by_discriminants(seen, classes, k):
        more = other - plain
        gain = float(more.mean())
        if gain > best and gain > SURELY * more.std() / np.sqrt(len(more)):
            best = gain
    return value + best


def _by_discriminants(seen: Views, classes: Labels, k: int) -> Iterator[Array]:
    """What each point adds by other ways: neighbours along discriminants or, of few rows a class, these alone."""
    if len(seen.whitened) > 0 and len(classes) < ROWS_A_CLASS * (classes.max() + 1):
        yield told_bits(stacked(discriminant_logs(seen.points, classes), classes), classes)
    elif len(classes) >= ROWS_A_CLASS * (classes.max() + 1):
        for whitened in seen.whitened:
            yield contributions_bits(scores(whitened, classes, seen.order), classes, k)


def _views(x: NDArray[np.floating], samples: int, scale: Scale) -> Views | None:
    """None for a constant x."""
    t = scaled(x, scale)
    if len(t) != samples:
        raise InfoplaneError(f"x has {len(t)} rows and the classes {samples}; give one class a row")
    t = t[:, (t != t[0]).any(axis=0)]
    if t.shape[1] == 0:
        return None
    # All columns over one power of two: no digit and no ratio of distances changes, and squares stay within a double.
    t = np.ldexp(t, -int(np.frexp(np.abs(t).max())[1]))
    t = t - t.mean(axis=0)
    seen = views(t)
    # Rows that are equal are so to the bit, whatever sums were taken on the way; where most are, they are atoms.
    first, same = np.unique(t, axis=0, return_index=True, return_inverse=True)[1:]
    whitened = () if 2 * len(first) < samples else seen.whitened
    return seen._replace(points=seen.points[first[same.reshape(-1)]], whitened=whitened)


def _codes(classes: ArrayLike, k: int) -> Labels:
    """Numbers by appearance, classes of one member taken together."""
    given = np.asarray(classes)
    if given.ndim != 1 or len(given) == 0:
        raise InfoplaneError(f"classes of shape {given.shape} are not one a row; give (samples,)")
    if not 1 <= k < len(given):
        raise InfoplaneError(f"k: {k} is not between 1 and the {len(given) - 1} other samples; change it")
    codes = _by_appearance(given)
    alone = np.bincount(codes)[codes] == 1
    return _by_appearance(np.where(alone, -1, codes))


def _by_appearance(classes: NDArray[np.generic]) -> Labels:
    """0, 1, ... in order of appearance, so that no name and no order of names is seen."""
    first, codes = np.unique(classes, return_index=True, return_inverse=True)[1:]
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return np.asarray(number[codes.reshape(-1)])


@lru_cache(maxsize=8)
def _psi(samples: int) -> Array:
    """The digamma function at 0, where 0 stands for none, to `samples`: of whole numbers it is a sum."""
    return np.concatenate([[0.0, 0.0], np.cumsum(1 / np.arange(1, samples))]) - np.euler_gamma
