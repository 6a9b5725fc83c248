"""KSG in boxes that lean with y: the headline estimator.

KSG (Kraskov, Stögbauer & Grassberger 2004) takes the density to be even in the box of each point's
neighbours. Where y follows t closely it is not: a slanted ridge crosses the box, and the estimate is low.
Gao, Ver Steeg & Galstyan 2015 put another volume in its place; here the box itself is sheared along a line
fitted to y near the point. A shear keeps volumes, so neighbours are counted as before. With a box that
holds k of them and has half sides e_t and e_y, the information is the mean over all n points of

    psi(k) - psi(n_t) + psi(n) - psi(n_y)

where n_t and n_y points, the point itself among them, are nearer than e_t in t and than e_y in y (their
eq. 8). Where the box is so low that n_y is below 4k, psi(n) - psi(n_y) would be a poor -log of y's share of
it, which then comes from the distance to the 2k-th neighbour in y (Kozachenko & Leonenko 1987).

For each point

1. the 3k points nearest in ranks of all columns, t and y together, are its surroundings: those of its own
   branch where the map folds, and the same whatever the scale of a column;
2. y is regressed on t there, and the slope shrunk as far as chance explains it (James & Stein 1961);
3. the box is as wide as the surroundings in t and twice the residual deviation in y, in proportion.

The value is the mean over ceil(k/2)...k neighbours, which scatters less than any one of them.

y needs a density. Targets that are linear in others are left out; labels and other values of y that occur
more than k/2 times are not for this, and the mixture estimator of Gao, Kannan, Oh & Viswanath 2017 takes them
(`mixed_ksg`). Ties in t are welcome: dead units, ReLU zeros. docs/headline.md tells what was measured.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..core.errors import InfoplaneError
from ..scaling import scaled

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000.
TOLERANCE_BITS = 0.06
SYMMETRY_TOLERANCE_BITS = 0.1  # y is regressed on x

NO_SPREAD = 1e-7  # a target is linear in others if what is left of its deviation is less

Values = NDArray[np.floating]
Array = NDArray[np.float64]


def estimate(x: Values, y: Values, *, rng: np.random.Generator, k: Annotated[int, Field(ge=1)] = 5) -> float:
    """I(X;Y) in bits of x `(samples, units)` and y `(samples, targets)`. Draws nothing from `rng`.

    A constant x or y gives 0. Raises `InfoplaneError` where k is not below the number of samples.
    """
    return float(estimate_many([x], y, rngs=[rng], k=k)[0])


def estimate_many(
    xs: Sequence[Values],
    y: Values,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    k: Annotated[int, Field(ge=1)] = 5,
) -> Array:
    """`estimate` of each of `xs` with one y, `(len(xs),)` bits."""
    # Compiled; to check a configuration needs no compiler.
    from ..neighbours import information_bits, kth_distances, psi
    from ..neighbours._sheared import information_nats

    samples = len(y)
    if k >= samples:
        raise InfoplaneError(f"k: {k} is not below the {samples} samples; lower it")
    targets = _independent(scaled(y, "standard"))
    if not targets.size:
        return np.zeros(len(xs))
    least = (k + 1) // 2
    if np.unique(targets, axis=0, return_counts=True)[1].max() > least:
        return information_bits(xs, y, k=least, variant=1, scale="standard", atoms="log")
    order = np.argsort(targets[:, 0], kind="stable")
    targets = targets[order]
    many = min(2 * k, samples - 1)
    digamma = psi(samples)
    log_density = digamma[many] - digamma[samples] - targets.shape[1] * np.log(2 * kth_distances(targets, many))
    target_ranks = scaled(targets, "rank")
    found = np.zeros(len(xs))
    for place, x in enumerate(xs):
        t = scaled(x, "standard")[order]
        t = np.ascontiguousarray(t[:, t.any(axis=0)])
        if t.size:
            ranks = np.hstack([target_ranks, scaled(t, "rank")])
            nats = information_nats(t, targets, ranks, log_density, least, k, min(3 * k, samples - 1), digamma)
            found[place] = nats / np.log(2)
    return found


def scale_invariant(**_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return True


def _independent(targets: Array) -> Array:
    """The standardised columns that are neither constant nor linear in those before them."""
    kept: list[int] = []
    for place, target in enumerate(targets.T):
        others = targets[:, kept]
        left = target - others @ np.linalg.lstsq(others, target)[0] if kept else target
        if left.std() > NO_SPREAD:
            kept.append(place)
    return np.ascontiguousarray(targets[:, kept])
