"""Mixed-KSG: nearest neighbours where values may be tied (Gao, Kannan, Oh & Viswanath 2017).

For a mixture of discrete and continuous parts: labels, ReLU zeros, dead units. On data without ties it is
`ksg` variant 1, on a label y it is Ross 2014, on discrete x and y it is the plug-in estimate. For that, two
terms differ from the paper's by O(1/n): neighbours of continuous points are counted with digamma functions,
as in its authors' code, and atoms with logarithms on both sides. Distances are max norms; see `scaling` for
`scale`.
"""

from collections.abc import Sequence
from typing import Annotated

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
    k: Neighbours = 3,
    scale: Scale = "standard",
    device: Device = "cpu",
) -> float:
    """I(X;Y) in bits of x `(samples, units)` and y `(samples, targets)`. Draws nothing from `rng`.

    A constant x or y gives 0. Raises `InfoplaneError` where k is not below the number of samples,
    and for `device` "cuda" without a GPU.
    """
    return float(estimate_many([x], y, rngs=[rng], k=k, scale=scale, device=device)[0])


def estimate_many(
    xs: Sequence[Values],
    y: Values,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    k: Neighbours = 3,
    scale: Scale = "standard",
    device: Device = "cpu",
) -> NDArray[np.float64]:
    """`estimate` of each of `xs` with one y, `(len(xs),)` bits."""
    from ..neighbours import information_bits  # compiled; to check a configuration needs no compiler

    return information_bits(xs, y, k=k, variant=1, scale=scale, atoms="log", device=device)


def estimate_permuted(
    x: Values,
    y: Values,
    *,
    permutations: NDArray[np.int64],
    rng: np.random.Generator,  # noqa: ARG001
    k: Neighbours = 3,
    scale: Scale = "standard",
    device: Device = "cpu",
) -> NDArray[np.float64]:
    """`estimate` of x and y[p] for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    from ..neighbours import permuted_information_bits

    return permuted_information_bits(x, y, permutations, k=k, variant=1, scale=scale, atoms="log", device=device)


def scale_invariant(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return scale != "none"


def compares_scales(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the ratio of scales in x and in y matters: the k-th neighbour is the same distance off in both."""
    return scale == "none"


def maximum_bits(samples: int, *, k: Neighbours = 3, **_: object) -> float:
    """What x = y without ties gives: the k neighbours in x are those in y."""
    return neighbours_bits(k, samples)


def target_maximum_bits(y: Values, *, k: Neighbours = 3, **_: object) -> float:
    """What x = y but for rounding gives."""
    return rounded_bits(k, len(y))
