"""NPEET's `mi`, the estimator of the question this project answers (npeet-plus 0.2.0 publishes it).

Kraskov, Stögbauer & Grassberger 2004, eq. 8, on the columns as they are, after adding uniform noise of 1e-10
to break ties. That noise comes from numpy's global generator, which is seeded from `rng` for the call and put
back after it. While a call lasts no other thread may use that generator: run it in processes, not in threads.

Columns of very different or very small scale give what NPEET gives, right or not; `ksg` scales them.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..core.errors import InfoplaneError

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000, k = 3.
TOLERANCE_BITS = 0.05
# The noise that breaks ties goes with the order of rows and units.
ORDER_TOLERANCE_BITS = 0.05


def estimate(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    *,
    rng: np.random.Generator,
    k: Annotated[int, Field(ge=1)] = 3,
) -> float:
    """I(X;Y) in bits of x `(samples, units)` and y `(samples, targets)`, from the `k` nearest neighbours.

    A constant x or y gives 0. Raises `InfoplaneError` where k is not below the number of samples, or where
    values are tied at a scale at which the noise of 1e-10 is lost, so that NPEET would return infinity.
    """
    samples = len(x)
    if k >= samples:
        raise InfoplaneError(f"k: {k} is not below the {samples} samples; lower it")
    if (x == x[0]).all() or (y == y[0]).all():
        return 0.0
    from npeet_plus import mi  # half a second, which whoever only checks a configuration need not spend

    before = np.random.get_state()  # noqa: NPY002 - the generator that NPEET draws from
    np.random.seed(rng.integers(2**32, size=4, dtype=np.uint32))  # noqa: NPY002
    try:
        mi_bits = float(mi(x.astype(np.float64), y.astype(np.float64), k=k))
    finally:
        np.random.set_state(before)  # noqa: NPY002
    if not np.isfinite(mi_bits):
        raise InfoplaneError("values are tied beyond NPEET's noise of 1e-10; use ksg or mixed_ksg")
    return mi_bits


def maximum_bits(samples: int, *, k: Annotated[int, Field(ge=1)] = 3, **_: object) -> float:
    """What x = y gives: the k neighbours in x are those in y."""
    return float(np.sum(1 / np.arange(k, samples)) / np.log(2))
