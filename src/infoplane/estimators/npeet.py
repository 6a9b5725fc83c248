"""NPEET's `mi`, the estimator of the question this project answers (npeet-plus 0.2.0 publishes it).

Kraskov, Stögbauer & Grassberger 2004, eq. 8, on the columns as they are, after adding uniform noise of 1e-10
to break ties, and with the distance of the k-th neighbour shortened by 1e-15.

`estimate` calls the package. Its noise comes from numpy's global generator, which draws from `rng` for the call and
is put back after it: while a call lasts no other thread may use that generator. Many values at once, as the
pipeline asks for, come from the kernels of `neighbours`, which are given the same noise and the same 1e-15, ten
times as fast: the same neighbours and counts, and numbers that are the package's but for the rounding of a sum
(tests/test_npeet.py holds them to 1e-12).

Columns of very different, very small or large scale give what NPEET gives, right or not; `ksg` scales them.
Flag `scale`: columns so small that the noise covers them, or so large that the 1e-15 by which NPEET shortens
distances, to leave out the k-th neighbour, is lost to rounding. (At a deviation of 30, 8 units read 0.20 bits
where they read 0.56 at 1.)
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..core.errors import InfoplaneError
from ..scaling import as_rows
from ._parts.limits import neighbours_bits, rounded_bits

Floats = NDArray[np.float64]

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000, k = 3.
TOLERANCE_BITS = 0.05
# The noise that breaks ties goes with the order of rows and units.
ORDER_TOLERANCE_BITS = 0.05

NOISE, SHORTENED = 1e-10, 1e-15  # NPEET's own constants


def estimate(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    *,
    rng: np.random.Generator,
    k: Annotated[int, Field(ge=1)] = 3,
) -> float:
    """I(X;Y) in bits of x `(samples, units)` and y `(samples, targets)`, from the `k` nearest neighbours.

    A constant x or y gives 0. Raises `InfoplaneError` where k is not below the number of samples, or where
    values are tied at a scale at which the noise of 1e-10 is lost, so that NPEET would return infinity.
    """
    x, y = as_rows(x), as_rows(y)
    if _says_nothing(x, y, k):
        return 0.0
    from npeet_plus import mi  # a second, of scikit-learn most

    before = np.random.get_bit_generator()  # type: ignore[attr-defined]
    np.random.set_bit_generator(rng.bit_generator)  # type: ignore[attr-defined]
    try:
        mi_bits = float(mi(x, y, k=k))
    finally:
        np.random.set_bit_generator(before)  # type: ignore[attr-defined]
    return _untied(mi_bits)


def estimate_many(
    xs: Sequence[NDArray[np.floating]],
    y: NDArray[np.floating],
    *,
    rngs: Sequence[np.random.Generator],
    k: Annotated[int, Field(ge=1)] = 3,
) -> Floats:
    """`estimate` of each of `xs` with one y, `(len(xs),)` bits."""
    y = as_rows(y)
    return np.array([_as_npeet(as_rows(x), y, rng, k) for x, rng in zip(xs, rngs, strict=True)], dtype=np.float64)


def scale_range(**_: object) -> tuple[float, float]:
    """The standard deviations of a column between which NPEET reads the same: its constants are for these."""
    return 1e-8, 10.0


def compares_scales(**_: object) -> bool:
    """Whether the ratio of scales in x and in y matters: the k-th neighbour is the same distance off in both."""
    return True


def maximum_bits(samples: int, *, k: Annotated[int, Field(ge=1)] = 3, **_: object) -> float:
    """What x = y gives: the k neighbours in x are those in y."""
    return neighbours_bits(k, samples)


def target_maximum_bits(y: NDArray[np.floating], *, k: Annotated[int, Field(ge=1)] = 3, **_: object) -> float:
    """What x = y but for rounding gives."""
    return rounded_bits(k, len(y))


def _as_npeet(x: Floats, y: Floats, rng: np.random.Generator, k: int) -> float:
    if _says_nothing(x, y, k):
        return 0.0
    from ..neighbours import information_bits  # compiled; to check a configuration needs no compiler

    draw = np.random.RandomState(rng.bit_generator).random_sample
    x, y = x + NOISE * draw(x.shape), y + NOISE * draw(y.shape)
    nearer = (1.0, SHORTENED)
    return _untied(float(information_bits([x], y, k=k, variant=1, scale="none", atoms="nan", nearer=nearer)[0]))


def _says_nothing(x: Floats, y: Floats, k: int) -> bool:
    """Whether x or y is constant, so that NPEET would compare its noise."""
    if k >= len(x):
        raise InfoplaneError(f"k: {k} is not below the {len(x)} samples; lower it")
    return bool((x == x[0]).all() or (y == y[0]).all())


def _untied(mi_bits: float) -> float:
    if not np.isfinite(mi_bits):
        raise InfoplaneError("values are tied beyond NPEET's noise of 1e-10; use ksg or mixed_ksg")
    return mi_bits
