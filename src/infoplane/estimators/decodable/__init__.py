"""What a simple decoder can use: a held-out lower bound on the information."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ...arrays.scaling import as_rows
from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.columns import CHUNK, Floats, Labels, alike, entropy_bits, is_constant, rows, standardised
from .regression import principal, regression_loss_bits

Decoder = Literal["linear", "mlp"]

# Neighbours for h(Y): more smooth the density, fewer add noise (0.09 bits for 3, 0.07 for 10, at n = 350).
NEIGHBOURS = 10


@dataclass(frozen=True, kw_only=True)
class Decodable(Estimator):
    """What a simple decoder can use, in bits: the bound h(Y) - E[-log q(y | t)] <= I(T;Y) (Barber & Agakov 2003).

    Each q(y | t) is fitted on other rows than the one it is asked about, so that the second term is at least h(Y | T)
    on average, whatever q is. Use it to see what a next layer could use: I(T;Y) of a hidden layer may be at its ceiling
    from the start, and this is the curve that rises with training. It is a bound, not the information itself.

    decoder: `linear`: for numbers Bayesian linear regression, each row predicted from all others in closed form,
        averaged over prior strengths by their evidence on those others; for labels softmax regression, cross-validated.
        `mlp`: a network of one hidden layer fitted on the other folds, 0.2 to 0.6 s a value at n = 350.
    folds: of softmax regression and of the network.

    The scale of the units plays no part. A y that is linear in t without noise has infinite information; the weakest
    prior lets about 13 bits a target through. Where units outnumber rows a linear decoder finds little: reduce the
    layer first. A bound may be negative: where y is not Gaussian and t tells little, the best Gaussian is worse than
    y's own density.

    h(Y) of numbers is estimated by nearest neighbours (Kozachenko & Leonenko 1987), once for all layers, so that its
    error moves all curves alike: on the quadratic data set at n = 350 by -0.01 +- 0.07 bits, of which 0.06 are the luck
    of the rows; two or three targets are read 0.1 bits low. The bound holds to within that. H(Y) of labels is the
    plug-in entropy, which is low by (classes - 1) / (2 n ln 2) bits: on the safe side. Refuses numbers without a
    density (exact ties) and targets that depend on each other linearly.
    """

    tolerance_bits: ClassVar[float] = 0.05
    # h of one side by neighbours, of what a line leaves by regression: x and y are treated unlike.
    symmetry_tolerance_bits: ClassVar[float] = 0.1

    decoder: Decoder = "linear"
    folds: Annotated[int, Field(ge=2)] = 5

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        bits = np.zeros(len(xs))
        if y.is_constant or all(is_constant(rows(x)) for x in xs):
            return bits
        entropy, z = _entropy_bits(y), standardised(rows(y.values))
        for places, layers in alike(xs):
            # Sums over the samples are several times as fast where a column lies in one piece.
            columns = as_rows(np.swapaxes(layers, 1, 2))
            moving = (columns != columns[..., :1]).any(axis=(1, 2))
            some = np.array(places)[moving]
            if self.decoder == "mlp" or y.classes is not None:
                for i in some:
                    bits[i] = entropy - self._fold_loss_bits(standardised(rows(xs[i])), z, y.classes, rngs[i])
            elif len(some) > 0:
                axes = principal(standardised(np.swapaxes(columns[moving], 1, 2)))
                bits[some] = entropy - regression_loss_bits(*axes, z[None])
        return bits

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        layer = rows(x)
        if self.decoder == "mlp" or y.classes is not None or is_constant(layer) or y.is_constant:
            return np.array([self._estimate(layer, y[p], copy.deepcopy(rngs[0])) for p in permutations])
        axes, entropy, z = principal(standardised(layer)[None]), _entropy_bits(y), standardised(rows(y.values))
        starts = range(0, len(permutations), CHUNK)
        losses = [regression_loss_bits(*axes, z[permutations[start : start + CHUNK]]) for start in starts]
        return entropy - np.concatenate(losses)

    @property
    def scale_invariant(self) -> bool:
        return True

    def _fold_loss_bits(self, x: Floats, z: Floats, classes: Labels | None, rng: np.random.Generator) -> float:
        """Mean held-out -log2 q(y | x) of the decoders that have no closed form."""
        from .decoders import HIDDEN, class_loss_bits, folds_of, network_means

        if classes is not None:
            hidden = HIDDEN if self.decoder == "mlp" else 0
            return float(np.mean(class_loss_bits(x, classes, self.folds, hidden, rng)))
        fold = folds_of(np.zeros(len(x), np.int64), self.folds)
        loss = 0.0
        for held_out in range(self.folds):
            test = fold == held_out
            # The network says where y lies; regression on that, within the fold, says how sure that is.
            means = standardised(network_means(x, z, ~test, rng))
            loss += float(regression_loss_bits(*principal(means[None]), z[test][None])[0]) * test.sum() / len(x)
        return loss


def _entropy_bits(y: Variable) -> float:
    """H(Y) of labels; of numbers h of the standardised columns, in which the scale of y drops out."""
    if y.classes is not None:
        return entropy_bits(np.bincount(y.classes))
    samples, targets = y.values.shape
    neighbours = min(NEIGHBOURS, samples - 1)
    distance = np.sort(_neighbour_distances(standardised(rows(y.values)), neighbours))
    if distance[0] == 0:
        raise InfoplaneError(
            f"y: more than {neighbours} samples share one value and others do not, so it has no entropy "
            "to start from; use mixed_ksg"
        )
    digammas = np.sum(1 / np.arange(neighbours, samples))  # digamma(samples) - digamma(neighbours)
    return float((digammas + targets * np.mean(np.log(2 * distance))) / np.log(2))


def _neighbour_distances(z: Floats, neighbours: int) -> Floats:
    """How far the nearest `neighbours` of each sample of z `(samples, targets)` reach, `(samples,)`, in any order."""
    if z.shape[1] > 1:
        from scipy.spatial import cKDTree  # its import takes longer than all the rest of this

        return np.asarray(cKDTree(z).query(z, [neighbours + 1], p=np.inf)[0])[:, 0]
    # On a line, a sample and its nearest are `neighbours` + 1 in a row: of these rows, the one that reaches least far.
    line, beyond = np.sort(z[:, 0]), np.full(neighbours, np.inf)
    first, last = np.concatenate([-beyond, line]), np.concatenate([line, beyond])
    reach = np.full(len(line), np.inf)
    for i in range(neighbours + 1):
        np.minimum(reach, np.maximum(line - first[i:][: len(line)], last[i:][: len(line)] - line), out=reach)
    return reach
