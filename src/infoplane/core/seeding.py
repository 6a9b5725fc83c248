"""One random generator per value, keyed by what the value is, so that no number depends on order or batching."""

import hashlib
import json
from collections.abc import Sequence
from typing import overload

import numpy as np


def generator(seed: int, *key: int | str) -> np.random.Generator:
    """The generator of `key`, e.g. `(seed, estimator id, replicate, epoch, layer, target)`."""
    digest = hashlib.blake2b(json.dumps([seed, *key]).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


class Generators(Sequence[np.random.Generator]):
    """A generator for each of `keys`, made on access, since most estimators draw nothing."""

    def __init__(self, seed: int, keys: Sequence[tuple[int | str, ...]]) -> None:
        self.seed, self.keys = seed, keys

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> np.random.Generator: ...
    @overload
    def __getitem__(self, index: slice) -> "Generators": ...
    def __getitem__(self, index: int | slice) -> "np.random.Generator | Generators":
        if isinstance(index, slice):
            return Generators(self.seed, self.keys[index])
        return generator(self.seed, *self.keys[index])
