"""What a simple decoder can use: a held-out lower bound on the information."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from ...arrays.scaling import as_rows
from ...arrays.variables import Variable
from ...classes.decoding import discriminant_logs, stacked, told_bits
from ...estimands import Usable
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.columns import CHUNK, Floats, Labels, alike, is_constant, rows, standardised
from .._shared.regression import left_out_predictions, principal
from .contrast import contrastive_bits, whitened

Decoder = Literal["linear", "mlp"]


@dataclass(frozen=True, kw_only=True)
class Decodable(Estimator):
    """What a simple decoder can use, in bits: a lower bound on I(T;Y) from how well it tells rows apart.

    Each y is predicted from other rows than its own, a normal law is laid around each prediction, and the bound is
    log(n) plus the mean log probability that y_i came from t_i and not from another row's t (van den Oord et al. 2018;
    see `contrast`). Use it to see what a next layer could use: I(T;Y) of a hidden layer may be at its ceiling from the
    start, and this is the curve that rises with training. It is a bound, not the information itself, and takes no
    entropy of y: it holds for several targets, for ones that depend on each other or tell nothing, for counts.

    decoder: `linear`: for numbers ridge regression, each row predicted from all others in closed form, averaged over
        ridges by how well they do; for labels linear discriminants and softmax regression, fitted on the other folds
        and mixed likewise. `mlp`: a network of one hidden layer fitted on the other folds, 0.2 to 0.6 s a value at
        n = 350; for labels mixed with the discriminants.
    folds: of softmax regression and of the network.

    The scale of the units plays no part, nor do the units of y. It is at most log2(n), 8.45 bits at n = 350, and short
    of what the decoder has by about 2^I / (2 n ln 2) bits: 0.02 at 3.4 bits. Of labels it is at most the plug-in
    entropy. Where units outnumber rows a linear decoder finds little: reduce the layer first. A bound may be negative
    where nothing is to be decoded.
    """

    tolerance_bits: ClassVar[float] = 0.05
    # y is told by its t, not t by its y.
    symmetry_tolerance_bits: ClassVar[float] = 0.1

    decoder: Decoder = "linear"
    folds: Annotated[int, Ge(2)] = 5

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        bits = np.zeros(len(xs))
        if y.is_constant or all(is_constant(rows(x)) for x in xs):
            return bits
        z = whitened(rows(y.values))
        for places, layers in alike(xs):
            # Sums over the samples are several times as fast where a column lies in one piece.
            columns = as_rows(np.swapaxes(layers, 1, 2))
            moving = (columns != columns[..., :1]).any(axis=(1, 2))
            some = np.array(places)[moving]
            if self.decoder == "mlp" or y.classes is not None:
                for i in some:
                    bits[i] = self._fold_bits(standardised(rows(xs[i])), z, y.classes, rngs[i])
            elif len(some) > 0:
                axes = principal(standardised(np.swapaxes(columns[moving], 1, 2)))
                bits[some] = contrastive_bits(left_out_predictions(*axes, z[None]), z[None])
        return bits

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        layer = rows(x)
        if self.decoder == "mlp" or y.classes is not None or is_constant(layer) or y.is_constant:
            return np.array([self._estimate(layer, y[p], copy.deepcopy(rngs[0])) for p in permutations])
        axes, z = principal(standardised(layer)[None]), whitened(rows(y.values))
        each = []
        for start in range(0, len(permutations), CHUNK):
            some = z[permutations[start : start + CHUNK]]
            each.append(contrastive_bits(left_out_predictions(*axes, some), some))
        return np.concatenate(each)

    @property
    def estimand(self) -> Usable:
        return Usable(self.decoder)

    @property
    def scale_invariant(self) -> bool:
        return True

    def _fold_bits(self, x: Floats, z: Floats, classes: Labels | None, rng: np.random.Generator) -> float:
        """The bound of the decoders that have no closed form."""
        from .decoders import HIDDEN, class_logs, folds_of, network_means

        if classes is not None:
            logs = class_logs(x, classes, self.folds, HIDDEN if self.decoder == "mlp" else 0, rng)[None]
            shares = stacked(np.concatenate([discriminant_logs(x, classes), logs]), classes)
            return float(told_bits(shares, classes).mean())
        fold, predicted = folds_of(np.zeros(len(x), np.int64), self.folds), np.empty_like(z)
        for held_out in range(self.folds):
            test = fold == held_out
            # The network says where y lies; regression on that, within the fold, how much of it to believe.
            means = standardised(network_means(x, z, ~test, rng))
            predicted[test] = left_out_predictions(*principal(means[None]), z[test][None])[0]
        return float(contrastive_bits(predicted[None], z[None])[0])
