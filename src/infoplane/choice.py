"""Which estimator suits x and y, where the caller names none.

- y holds labels: `MixedKSG`.
- y holds numbers, and one value in five or more repeats: `MixedKSG`.
- Any other y: `ShearedKSG`.
"""

import numpy as np

from .arrays.variables import Floats, Variable
from .estimators._shared.base import Estimator

REPEATED = 0.2  # of the rows: so many with a y that another row has, too, are no accident


def suitable(x: Floats, y: Variable) -> Estimator:  # noqa: ARG001 (the width of x will matter)
    """By the rule above."""
    from .estimators.mixed_ksg import MixedKSG
    from .estimators.sheared_ksg import ShearedKSG

    if y.classes is not None or _repeated(y) >= REPEATED:
        return MixedKSG()
    return ShearedKSG()


def _repeated(y: Variable) -> float:
    """The share of rows whose y another row has."""
    _, counts = np.unique(y.values, axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / len(y))
