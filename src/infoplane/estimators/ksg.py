"""KSG: mutual information from k nearest neighbours (Kraskov, Stögbauer & Grassberger 2004, eq. 8 and 9).

`variant` 1 is eq. 8, 2 is eq. 9, which takes off more of the error where x and y are strongly dependent. A
larger `k` gives less scatter and more bias towards 0. Distances are max norms, so `scale` matters as much as
either (see `scaling`). With `variant` 1 and `scale` none this is NPEET's `mi` without its jitter. See
`neighbours` for ties.

I(X;T) of a deterministic network is infinite unless T is discrete; what this gives for it grows like log2 of
the samples.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..core.devices import Device
from ..scaling import Scale
from ._parts.limits import neighbours_bits, rounded_bits

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000, k = 3.
TOLERANCE_BITS = 0.05

Neighbours = Annotated[int, Field(ge=1)]
Values = NDArray[np.floating]


def estimate(
    x: Values,
    y: Values,
    *,
    rng: np.random.Generator,
    variant: Literal[1, 2] = 1,
    k: Neighbours = 3,
    scale: Scale = "standard",
    device: Device = "cpu",
) -> float:
    """I(X;Y) in bits of x `(samples, units)` and y `(samples, targets)`. Draws nothing from `rng`.

    A constant x or y gives 0. Raises `InfoplaneError` where k is not below the number of samples,
    and for `device` "cuda" without a GPU.
    """
    return float(estimate_many([x], y, rngs=[rng], variant=variant, k=k, scale=scale, device=device)[0])


def estimate_many(
    xs: Sequence[Values],
    y: Values,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    variant: Literal[1, 2] = 1,
    k: Neighbours = 3,
    scale: Scale = "standard",
    device: Device = "cpu",
) -> NDArray[np.float64]:
    """`estimate` of each of `xs` with one y, `(len(xs),)` bits."""
    from ..neighbours import information_bits  # compiled; to check a configuration needs no compiler

    return information_bits(xs, y, k=k, variant=variant, scale=scale, atoms="psi", device=device)


def estimate_permuted(
    x: Values,
    y: Values,
    *,
    permutations: NDArray[np.int64],
    rng: np.random.Generator,  # noqa: ARG001
    variant: Literal[1, 2] = 1,
    k: Neighbours = 3,
    scale: Scale = "standard",
    device: Device = "cpu",
) -> NDArray[np.float64]:
    """`estimate` of x and y[p] for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    from ..neighbours import permuted_information_bits

    return permuted_information_bits(x, y, permutations, k=k, variant=variant, scale=scale, atoms="psi", device=device)


def scale_invariant(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return scale != "none"


def compares_scales(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the ratio of scales in x and in y matters: the k-th neighbour is the same distance off in both."""
    return scale == "none"


def maximum_bits(samples: int, *, variant: Literal[1, 2] = 1, k: Neighbours = 3, **_: object) -> float:
    """What x = y without ties gives: the k neighbours in x are those in y."""
    return neighbours_bits(k, samples) - (1 / (k * math.log(2)) if variant == 2 else 0)


def target_maximum_bits(y: Values, *, k: Neighbours = 3, **_: object) -> float:
    """What x = y but for rounding gives."""
    return rounded_bits(k, len(y))
