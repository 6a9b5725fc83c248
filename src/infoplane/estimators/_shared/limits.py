"""The most that estimates can read: from k nearest neighbours, and where every row is a cell of its own."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

OWN_CELLS = 0.95  # of log2 of the rows: with so much entropy nearly every row is alone


@lru_cache(maxsize=64)
def neighbours_bits(k: int, samples: int) -> float:
    """psi(samples) - psi(k) in bits: the k nearest points in x are those in y, for every one of `samples` points."""
    return float(np.sum(1 / np.arange(k, samples)) / np.log(2))


def rounded_bits(k: int, samples: int) -> float:
    """The same where x is y but for rounding: in one of the two the k-th neighbour is itself among the nearer ones."""
    return neighbours_bits(k + 1, samples)


def of_own_cells(entropies_bits: Iterable[float], samples: int) -> list[set[str]]:
    """The flag of each layer in which nearly every row is its own cell: the value is then that of y alone."""
    return [{"saturated"} if bits >= OWN_CELLS * np.log2(samples) else set() for bits in entropies_bits]
