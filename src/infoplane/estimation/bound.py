"""Is a value below what is proven? A decoder's held-out bound on the same rows, and its error, say so."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays.variables import Variable
from ..core.errors import InfoplaneError
from ..core.seeding import Generators
from ..estimators.decodable import Decodable
from .flags import is_plain
from .intervals import exceeds
from .layers import Layer
from .method import Method
from .settings import Settings
from .uncertainty import stderr_bits

SPLITS = 4  # into halves, for the error of the bound
NOISE = 1.5  # over the root of the rows: the error in bits of a value that came without one
WIDE, MANY_TARGETS = 8, 2  # columns of x and of y, beyond which neighbours may see nothing
LARGE = 2**20  # numbers of x, beyond which the bound takes seconds, and is left to who asks for errors


def is_worth_it(layer: Layer, y: Variable, settings: Settings) -> bool:
    """Whether a value is to be compared: the bound takes longer than a value of `ksg` on a narrow layer."""
    if settings.stderr is not None:
        return True
    return (layer.t.shape[1] > WIDE or y.values.shape[1] > MANY_TARGETS) and layer.t.size <= LARGE


def mark(rows: Sequence[dict[str, Any]], layers: Sequence[Layer], y: Variable, settings: Settings, seed: int) -> None:
    """Adds `below_bound` to each of `rows`, of I(T;Y) of `layers`, that is below the bound by more than both errors.

    Where the bound cannot be had, nothing is said.
    """
    method = None
    for row, layer in zip(rows, layers, strict=True):
        if not is_plain(row):
            continue  # of a noisy or a binned layer less may be there
        if "constant" in layer.flags or y.is_constant or not is_worth_it(layer, y, settings):
            continue
        method = method or Method(Decodable(), "y")
        key = ("bound", layer.replicate, layer.epoch, layer.name, "y")
        try:
            (proven,), _ = method.values([layer.t], y, Generators(seed, [key]))
            proven = max(float(proven), 0.0)  # information is never negative
            if row["mi_bits"] >= proven:
                continue
            (error,) = stderr_bits(method, [layer.t], y, [key], SPLITS, seed, settings.block)
        except InfoplaneError:
            continue  # too few rows for a bound and its halves
        own_error = row.get("stderr_bits") or NOISE / np.sqrt(len(y))
        if exceeds(proven - row["mi_bits"], np.hypot(error, own_error)):
            row["flags"] = row["flags"] | {"below_bound"}
