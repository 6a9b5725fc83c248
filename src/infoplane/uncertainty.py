"""How far a value can be trusted: its standard error, and what it would be if nothing were shared.

Both are computed with the estimator itself, whichever it is. docs/uncertainty.md tells how well they do.
"""

import numpy as np
from numpy.typing import NDArray

from .errors import InfoplaneError

Array = NDArray[np.float64]
Places = NDArray[np.int64]
NORMAL_QUANTILE = 1.959963984540054  # 1.96 standard errors on either side hold 95 % of a normal law


def halves(samples: int, rng: np.random.Generator) -> tuple[Places, Places]:
    """The places of the samples, split at random into two disjoint halves, which differ by one at most."""
    if samples < 4:
        raise InfoplaneError(f"stderr: {samples} samples have no halves; leave it out")
    order = rng.permutation(samples)
    return order[: samples // 2], order[samples // 2 :]


def stderr_bits(first: Array, second: Array) -> Array:
    """The standard error in bits, `(values,)`, from the values on disjoint halves, `(splits, values)` each.

    The variance of an estimate falls as B/n, and disjoint subsamples show B (Holmes & Nemenman 2019): two
    halves differ with variance 4 B/n. Smaller subsamples would be cheaper, but an estimator behaves less
    there as it does on all samples. Drawing with replacement would not do: duplicates raise an estimate from
    neighbours.

    A few splits tell the variance only roughly, so the result is widened by Student's quantile over the
    normal one: 1.96 of it on either side is the 95 % interval, however many splits there are.
    """
    from scipy.special import stdtrit

    splits = len(first)
    deviation = np.sqrt(np.mean((first - second) ** 2, axis=0) / 4)
    return np.asarray(deviation * (stdtrit(splits, 0.975) / NORMAL_QUANTILE))


def permutations(draws: int, samples: int, rng: np.random.Generator) -> Places:
    """Random orders of the samples, `(draws, samples)`. They are drawn once, which takes a while: for another
    value `orders[:, order]`, with a random order of its own, is as random."""
    return rng.permuted(np.tile(np.arange(samples), (draws, 1)), axis=1)


def null_summary(mi_bits: float, null_bits: Array) -> dict[str, float]:
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
