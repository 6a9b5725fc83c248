"""scikit-learn's `mutual_info_regression` and `mutual_info_classif`: one value a unit, the largest reported.

Both are k-NN estimates for one-dimensional variables, Kraskov et al. 2004, eq. 8 for a continuous y and
Ross 2014 for a discrete one, after adding normal noise of 1e-10 to break ties. No unit knows more than its
layer, so the largest is a lower bound on I(T;Y) but for its own error and for being the largest of
several. With several targets it is the largest over units and targets. scikit-learn sets negative values
to 0, so at independence this estimator is biased upwards, by 0.02 bits for one unit at n = 1000.
"""

from typing import Annotated

import numpy as np
from pydantic import Field
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from ..core.errors import InfoplaneError
from ._parts.limits import rounded_bits
from ._parts.variables import Floats, is_constant, is_discrete, labels, rows, standardised

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000.
TOLERANCE_BITS = 0.05
# Another order of the rows puts other noise of 1e-10 on them, which may move a neighbour across a boundary.
ORDER_TOLERANCE_BITS = 0.005


def estimate(x: Floats, y: Floats, *, rng: np.random.Generator, k: Annotated[int, Field(ge=1)] = 3) -> float:
    """The largest I(unit; target) in bits, from `k` neighbours; x `(samples, units)`, y `(samples, targets)`.

    Raises `InfoplaneError` where `k` is not below the number of samples.
    """
    x, y = rows(x), rows(y)
    if k >= len(x):
        raise InfoplaneError(f"k: {k} is not below the {len(x)} samples; lower it")
    if is_constant(x) or is_constant(y):
        return 0.0
    # Constant units and targets would be measured by the noise that is added to them.
    units = standardised(x[:, np.ptp(x, axis=0) > 0])
    settings = {"discrete_features": False, "n_neighbors": k, "random_state": int(rng.integers(2**32))}
    if is_discrete(y):
        nats = mutual_info_classif(units, labels(y), **settings)
    else:
        targets = standardised(y[:, np.ptp(y, axis=0) > 0])
        nats = np.array([mutual_info_regression(units, target, **settings) for target in targets.T])
    return float(nats.max() / np.log(2))


def scale_invariant(**_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return True


def target_maximum_bits(y: Floats, *, k: Annotated[int, Field(ge=1)] = 3, **_: object) -> float:
    """What x = y but for rounding gives."""
    return rounded_bits(k, len(y))
