"""How far a value can be trusted: its standard error, and what it would be if nothing were shared.

Both are computed with the estimator itself, whichever it is. docs/uncertainty.md tells how well they do.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays.variables import Variable
from ..core.errors import InfoplaneError
from ..core.seeding import Generators, generator
from .intervals import NORMAL_QUANTILE
from .method import Method

Array = NDArray[Any]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Key = tuple[int | str, ...]  # of a value: (estimator id, replicate, epoch, layer, target)


def stderr_bits(
    method: Method, xs: Sequence[Array], y: Variable, keys: Sequence[Key], splits: int, seed: int
) -> Floats:
    """The standard error of the value of each `x` of `xs` with `y`, `(len(xs),)` bits.

    The variance of an estimate falls as B/n, and disjoint subsamples show B (Holmes & Nemenman 2019): two
    halves differ with variance 4 B/n. Smaller subsamples would be cheaper, but on these an estimator behaves
    less as it does on all samples. Drawing with replacement would not do: duplicates raise an estimate from
    neighbours.

    A few splits tell the variance only roughly, so the result is widened by Student's quantile over the
    normal one: 1.96 of it on either side is the 95 % interval, however many splits there are.
    Raises `InfoplaneError` where half the samples are too few for the estimator.
    """
    from scipy.special import stdtrit

    if len(y) < 4:
        raise InfoplaneError(f"stderr: {len(y)} samples have no halves; leave it out")
    found = np.empty((splits, 2, len(xs)))
    for split in range(splits):
        # The same halves for all values, so that many x still share a y.
        order = generator(seed, keys[0][0], "split", split).permutation(len(y))
        for side, half in enumerate(np.array_split(order, 2)):
            rngs = Generators(seed, [(*key, "split", split, side) for key in keys])
            try:
                found[split, side], _ = method.values([x[half] for x in xs], y[half], rngs)
            except InfoplaneError as error:
                raise InfoplaneError(f"stderr: on a half of {len(half)} samples: {error}") from error
    deviation = np.sqrt(np.mean((found[:, 0] - found[:, 1]) ** 2, axis=0) / 4)
    return np.asarray(deviation * (stdtrit(splits, 0.975) / NORMAL_QUANTILE))


def permutations(draws: int, samples: int, rng: np.random.Generator) -> Places:
    """Random orders of the samples, `(draws, samples)`. To draw them takes a while: see `null_bits`."""
    return rng.permuted(np.tile(np.arange(samples), (draws, 1)), axis=1)


def null_bits(method: Method, x: Array, y: Variable, key: Key, orders: Places, seed: int) -> Floats:
    """The value of `x` with the rows of `y` permuted, `(draws,)` bits.

    `orders` `(draws, samples)` may be the same for all values: each shuffles them by an order of its own, and
    they are as random as before.
    """
    own = generator(seed, *key, "permutation").permutation(len(y))
    rngs = Generators(seed, [(*key, "permutation", draw) for draw in range(len(orders))])
    return method.permuted(x, y, orders[:, own], rngs)


def null_summary(mi_bits: float, null_bits: Floats) -> dict[str, float]:
    """What the draws `(draws,)` of the null say about `mi_bits`: their mean, 95th percentile, and a p-value.

    p = (1 + hits) / (1 + draws), where a draw that is not below the value, but for rounding, is a hit
    (Phipson & Smyth 2010). Of independent data at most a share p has so small a p.
    """
    hits = int(np.count_nonzero(null_bits >= mi_bits - 1e-12 * max(1.0, abs(mi_bits))))
    return {
        "null_mean_bits": float(null_bits.mean()),
        "null_p95_bits": float(np.quantile(null_bits, 0.95)),
        "p_value": (1 + hits) / (1 + len(null_bits)),
    }
