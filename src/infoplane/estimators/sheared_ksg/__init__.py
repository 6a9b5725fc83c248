"""KSG in boxes that lean with y."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ...arrays.scaling import scaled
from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Array, Estimator, Generators, Values

NO_SPREAD = 1e-7  # a target is linear in others if what is left of its deviation is less


@dataclass(frozen=True, kw_only=True)
class ShearedKSG(Estimator):
    """I(X;Y) in bits from nearest neighbours in boxes that lean with y, for narrow layers and one target.

    Use it for regression with one target where `AlignedKSG` takes too long. At independence it reads 0.03 bits or
    more, at any number of rows, since a line that is fitted to few points follows them. Of several targets and of many
    columns it reads far too little. Do not use it for labels, nor where many values of y repeat: `MixedKSG` takes them.
    Ties in x are welcome: dead units, ReLU zeros.

    KSG (Kraskov, Stögbauer & Grassberger 2004) takes the density to be even in the box of each point's neighbours.
    Where y follows t closely it is not: a slanted ridge crosses the box, and the estimate is low. Gao, Ver Steeg &
    Galstyan 2015 put another volume in its place; here the box itself is sheared along a line fitted to y near the
    point. A shear keeps volumes, so neighbours are counted as before. With a box that holds k of them and has half
    sides e_t and e_y, the information is the mean over all n points of

        psi(k) - psi(n_t) + psi(n) - psi(n_y)

    where n_t and n_y points, the point itself among them, are nearer than e_t in t and than e_y in y (their eq. 8).
    Where the box is so low that n_y is below 4k, psi(n) - psi(n_y) would be a poor -log of y's share of it, which then
    comes from the distance to the 2k-th neighbour in y (Kozachenko & Leonenko 1987). For each point

    1. the 3k points nearest in ranks of all columns, t and y together, are its surroundings: those of its own branch
       where the map folds, and the same whatever the scale of a column;
    2. y is regressed on t there, and the slope shrunk as far as chance explains it (James & Stein 1961);
    3. the box is as wide as the surroundings in t and twice the residual deviation in y, in proportion.

    k: neighbours; the value is the mean over ceil(k/2)...k of them, which scatters less than any one.

    Targets that are linear in others are left out. A constant x or y gives 0. Refuses a k that is not below the number
    of rows. docs/headline.md tells what was measured.
    """

    tolerance_bits: ClassVar[float] = 0.06
    symmetry_tolerance_bits: ClassVar[float] = 0.1  # y is regressed on x
    not_for: ClassVar[tuple[str, ...]] = ("labels",)

    k: Annotated[int, Ge(1)] = 5

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        # Compiled; to check a configuration needs no compiler.
        from ...neighbours import information_bits, kth_distances, psi
        from ...neighbours._sheared import information_nats

        k, samples = self.k, len(y)
        if k >= samples:
            raise InfoplaneError(f"k: {k} is not below the {samples} samples; lower it")
        targets = _independent(scaled(y.values, "standard"))
        if not targets.size:
            return np.zeros(len(xs))
        least = (k + 1) // 2
        if np.unique(targets, axis=0, return_counts=True)[1].max() > least:
            return information_bits(xs, y.values, k=least, variant=1, scale="standard", atoms="log")
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

    @property
    def scale_invariant(self) -> bool:
        return True


def _independent(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standardised columns that are neither constant nor linear in those before them."""
    kept: list[int] = []
    for place, target in enumerate(targets.T):
        others = targets[:, kept]
        left = target - others @ np.linalg.lstsq(others, target)[0] if kept else target
        if left.std() > NO_SPREAD:
            kept.append(place)
    return np.ascontiguousarray(targets[:, kept])
