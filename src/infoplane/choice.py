"""Which estimator suits x and y, where the caller names none.

- y holds labels: `MixedKSG`, which takes neighbours of a row's own class.
- A column of x or of y holds numbers of a lattice, such as counts, or few different numbers: `DitheredKSG`.
- y holds numbers of which one row in five or more repeats another: `MixedKSG`.
- Any other y: `AlignedKSG`.
"""

import numpy as np

from .arrays.lattices import repeats
from .arrays.variables import Floats, Variable
from .estimators._shared.base import Estimator

REPEATED = 0.2  # of the rows: so many with a y that another row has, too, are no accident


def suitable(x: Floats, y: Variable) -> Estimator:
    """By the rule above."""
    from .estimators.aligned_ksg import AlignedKSG
    from .estimators.dithered_ksg import DitheredKSG
    from .estimators.mixed_ksg import MixedKSG

    if y.classes is not None:
        return MixedKSG()
    if repeats(y.values) or repeats(x):
        return DitheredKSG()
    return MixedKSG() if _repeated(y) >= REPEATED else AlignedKSG()


def _repeated(y: Variable) -> float:
    """The share of rows whose y another row has."""
    _, counts = np.unique(y.values, axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(y))
