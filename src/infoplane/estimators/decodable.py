"""What a simple decoder can use: the lower bound h(Y) - E[-log q(y | t)] on I(T;Y) (Barber & Agakov 2003).

Each q(y | t) is fitted on other samples than the one it is asked about, so that the second term is at least
h(Y | T) on average, whatever q is. I(T;Y) of a hidden layer may be at its ceiling from the start; this is the
curve that rises with training.

- `linear`, continuous y: Bayesian linear regression, each sample predicted from all others in closed form,
  averaged over prior strengths by their evidence on those others.
- `linear`, discrete y: softmax regression, cross-validated.
- `mlp`: a network of one hidden layer fitted on the other folds. 0.2 to 0.6 s a value at n = 350.

The scale of the units plays no part. A y that is linear in t without noise has infinite information; the
weakest prior lets about 13 bits a target through. Where units outnumber samples a linear decoder finds
little: reduce the layer first.

A bound may be negative: where y is not Gaussian and t tells little, the best Gaussian is worse than y's
own density.

h(Y) of a continuous y is estimated by nearest neighbours (Kozachenko & Leonenko 1987), once for all layers,
so that its error moves all curves alike: on the quadratic data set at n = 350 by -0.01 +- 0.07 bits, of which
0.06 are the luck of the sample; two or three targets are read 0.1 bits low. The bound holds to within
that. For a discrete y it is the plug-in entropy, which is low by (classes - 1) / (2 n ln 2) bits: on the
safe side.
"""

import copy
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ..core.errors import InfoplaneError
from ..scaling import as_rows
from ._parts.regression import principal, regression_loss_bits
from ._parts.variables import (
    CHUNK,
    Floats,
    Labels,
    alike,
    entropy_bits,
    is_constant,
    is_discrete,
    labels,
    rows,
    standardised,
)

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000 (it is -0.01).
TOLERANCE_BITS = 0.05
# h of one side by neighbours, of what a line leaves by regression: x and y are treated unlike.
SYMMETRY_TOLERANCE_BITS = 0.1

Decoder = Literal["linear", "mlp"]
Folds = Annotated[int, Field(ge=2)]

# Neighbours for h(Y): more smooth the density, fewer add noise (0.09 bits for 3, 0.07 for 10, at n = 350).
NEIGHBOURS = 10


def estimate(x: Floats, y: Floats, *, rng: np.random.Generator, decoder: Decoder = "linear", folds: Folds = 5) -> float:
    """The bound in bits; x `(samples, units)`, y `(samples, targets)`.

    `folds` are those of softmax regression and of the network. Raises `InfoplaneError` for a y that is
    neither discrete nor has a density (exact ties), or whose targets depend on each other linearly.
    """
    return float(estimate_many([x], y, rngs=[rng], decoder=decoder, folds=folds)[0])


def estimate_many(
    xs: Sequence[Floats],
    y: Floats,
    *,
    rngs: Sequence[np.random.Generator],
    decoder: Decoder = "linear",
    folds: Folds = 5,
) -> Floats:
    """`estimate` of each of `xs` against one y, `(len(xs),)` bits."""
    y = rows(y)
    bits = np.zeros(len(xs))
    if is_constant(y) or all(is_constant(rows(x)) for x in xs):
        return bits
    entropy, classes, z = _entropy_bits(y), _classes(y), standardised(y)
    for places, layers in alike(xs):
        # Sums over the samples are several times as fast where a column lies in one piece.
        columns = as_rows(np.swapaxes(layers, 1, 2))
        moving = (columns != columns[..., :1]).any(axis=(1, 2))
        some = np.array(places)[moving]
        if decoder == "mlp" or classes is not None:
            for i in some:
                bits[i] = entropy - _fold_loss_bits(standardised(rows(xs[i])), z, classes, decoder, folds, rngs[i])
        elif len(some) > 0:
            axes = principal(standardised(np.swapaxes(columns[moving], 1, 2)))
            bits[some] = entropy - regression_loss_bits(*axes, z[None])
    return bits


def estimate_permuted(
    x: Floats,
    y: Floats,
    *,
    permutations: Labels,
    rng: np.random.Generator,
    decoder: Decoder = "linear",
    folds: Folds = 5,
) -> Floats:
    """`estimate(x, y[p])` for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    x, y = rows(x), rows(y)
    if decoder == "mlp" or is_discrete(y) or is_constant(x) or is_constant(y):
        each = [estimate(x, y[p], rng=copy.deepcopy(rng), decoder=decoder, folds=folds) for p in permutations]
        return np.array(each)
    axes, entropy, z = principal(standardised(x)[None]), _entropy_bits(y), standardised(y)
    starts = range(0, len(permutations), CHUNK)
    losses = [regression_loss_bits(*axes, z[permutations[start : start + CHUNK]]) for start in starts]
    return entropy - np.concatenate(losses)


def scale_invariant(**_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return True


def _classes(y: Floats) -> Labels | None:
    return labels(y) if is_discrete(y) else None


def _entropy_bits(y: Floats) -> float:
    """H(Y) of a discrete y; of any other h of its standardised columns, in which the scale of y drops out."""
    if is_discrete(y):
        return entropy_bits(np.bincount(labels(y)))
    samples, targets = y.shape
    neighbours = min(NEIGHBOURS, samples - 1)
    distance = np.sort(_neighbour_distances(standardised(y), neighbours))
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


def _fold_loss_bits(
    x: Floats, z: Floats, classes: Labels | None, decoder: Decoder, folds: int, rng: np.random.Generator
) -> float:
    """Mean held-out -log2 q(y | x) of the decoders that have no closed form."""
    from ._parts.decoders import HIDDEN, class_loss_bits, folds_of, network_means

    if classes is not None:
        hidden = HIDDEN if decoder == "mlp" else 0
        return float(np.mean(class_loss_bits(x, classes, folds, hidden, rng)))
    fold = folds_of(np.zeros(len(x), np.int64), folds)
    loss = 0.0
    for held_out in range(folds):
        test = fold == held_out
        # The network says where y lies; regression on that, within the fold, says how sure that is.
        means = standardised(network_means(x, z, ~test, rng))
        loss += float(regression_loss_bits(*principal(means[None]), z[test][None])[0]) * test.sum() / len(x)
    return loss
