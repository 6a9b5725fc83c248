"""The most that estimates from k nearest neighbours can read."""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=64)
def neighbours_bits(k: int, samples: int) -> float:
    """psi(samples) - psi(k) in bits: the k nearest points in x are those in y, for every one of `samples` points."""
    return float(np.sum(1 / np.arange(k, samples)) / np.log(2))


def rounded_bits(k: int, samples: int) -> float:
    """The same where x is y but for rounding: in one of the two the k-th neighbour is itself among the nearer ones."""
    return neighbours_bits(k + 1, samples)
