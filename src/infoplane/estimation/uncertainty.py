"""How far a value can be trusted: its standard error, and its null, what it would be under independence.

Both are computed with the estimator itself, for any estimator. docs/uncertainty.md shows how well they work.
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
Key = tuple[int | str, ...]  # identifies a value: (estimator id, replicate, epoch, layer, target)


def stderr_bits(
    method: Method,
    xs: Sequence[Array],
    y: Variable,
    keys: Sequence[Key],
    splits: int,
    seed: int,
    block: int | None = None,
) -> Floats:
    """The standard error of the value of each `x` of `xs` with `y`, `(len(xs),)` bits; see `of_halves`.

    The variance of an estimate falls as B/n, and disjoint subsamples show B (Holmes & Nemenman 2019): two halves
    differ with variance 4 B/n. Smaller subsamples would be cheaper, but an estimator behaves on them less as it does
    on all samples. Drawing with replacement would not work: duplicates raise an estimate from neighbours.

    A few splits give only a rough variance, so the result is multiplied by Student's quantile over the normal one:
    1.96 of it on either side is the 95 % interval for any number of splits.
    """
    return of_halves(halves_bits(method, xs, y, keys, splits, seed, block))


def of_halves(halves: Floats) -> Floats:
    """The standard error of each value, `(len(xs),)` bits, from those of its `halves` `(splits, 2, len(xs))`."""
    from scipy.special import stdtrit

    deviation = np.sqrt(np.mean((halves[:, 0] - halves[:, 1]) ** 2, axis=0) / 4)
    return np.asarray(deviation * (stdtrit(len(halves), 0.975) / NORMAL_QUANTILE))


def halves_bits(
    method: Method,
    xs: Sequence[Array],
    y: Variable,
    keys: Sequence[Key],
    splits: int,
    seed: int,
    block: int | None = None,
) -> Floats:
    """The values of each `x` of `xs` with `y` on random halves of the rows, `(splits, 2, len(xs))` bits.

    Rows of a series are split in stretches of `block`, which stay whole.
    Raises `InfoplaneError` where half the samples are too few for the estimator.
    """
    if len(y) < 4:
        raise InfoplaneError(f"stderr: {len(y)} samples have no halves; leave it out")
    found = np.empty((splits, 2, len(xs)))
    for split in range(splits):
        # All values use the same halves, so that many x still share one y.
        rng = generator(seed, keys[0][0], "split", split)
        for side, half in enumerate(_halves(len(y), rng, block)):
            rngs = Generators(seed, [(*key, "split", split, side) for key in keys])
            try:
                found[split, side], _ = method.values([x[half] for x in xs], y[half], rngs)
            except InfoplaneError as error:
                raise InfoplaneError(f"stderr: on a half of {len(half)} samples: {error}") from error
    return found


def _halves(samples: int, rng: np.random.Generator, block: int | None) -> list[Places]:
    if block is None:
        return np.array_split(rng.permutation(samples), 2)
    stretches = np.array_split(np.arange(samples), max(samples // block, 2))
    order = rng.permutation(len(stretches))
    return [np.concatenate([stretches[place] for place in half]) for half in np.array_split(order, 2)]


def shifts(draws: int, samples: int, block: int, rng: np.random.Generator) -> Places:
    """Circular shifts of the samples by at least `block` either way, `(draws, samples)`: each side of a pair stays the
    series that it was, and only the pairing is lost.

    Raises `InfoplaneError` where the series is shorter than three blocks.
    """
    if samples < 3 * block:
        raise InfoplaneError(f"rows.block: {block} is more than a third of the {samples} rows; lower it")
    by = rng.integers(block, samples - block + 1, size=draws)
    return (np.arange(samples) + by[:, None]) % samples


def permutations(draws: int, samples: int, rng: np.random.Generator) -> Places:
    """Random orders of the samples, `(draws, samples)`. Drawing them is slow: see `null_bits`."""
    return rng.permuted(np.tile(np.arange(samples), (draws, 1)), axis=1)


def null_bits(
    method: Method, x: Array, y: Variable, key: Key, orders: Places, seed: int, block: int | None = None
) -> Floats:
    """The value of `x` with the rows of `y` permuted, `(draws,)` bits.

    `orders` `(draws, samples)` may be the same for all values: each value first shuffles the rows in its own order,
    so its permutations are its own and as random as before.
    """
    rng = generator(seed, *key, "permutation")
    if block is not None:  # a series is shifted, by draws of the value's own
        own, orders = np.arange(len(y)), shifts(len(orders), len(y), block, rng)
    else:
        own = rng.permutation(len(y))
    rngs = Generators(seed, [(*key, "permutation", draw) for draw in range(len(orders))])
    return method.permuted(x, y, orders[:, own], rngs)


def null_summary(mi_bits: float, null_bits: Floats) -> dict[str, float]:
    """What the draws `(draws,)` of the null say about `mi_bits`: their mean, 95th percentile, and a p-value.

    p = (1 + hits) / (1 + draws), where a hit is a draw that is not below the value, up to rounding
    (Phipson & Smyth 2010). On independent data, the chance of a p-value this small is at most p.
    """
    hits = int(np.count_nonzero(null_bits >= mi_bits - 1e-12 * max(1.0, abs(mi_bits))))
    return {
        "null_mean_bits": float(null_bits.mean()),
        "null_p95_bits": float(np.quantile(null_bits, 0.95)),
        "p_value": (1 + hits) / (1 + len(null_bits)),
    }
