"""scikit-learn's `mutual_info_regression` and `mutual_info_classif`: one value a unit, the largest reported."""

import warnings
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from ...arrays.variables import Variable
from ...core.doubles import moving
from ...core.errors import InfoplaneError
from .._shared.base import Estimator, Values
from .._shared.columns import is_constant, rows, standardised
from .._shared.limits import rounded_bits


@dataclass(frozen=True, kw_only=True)
class Sklearn(Estimator):
    """The largest I(unit; target) in bits of any unit, by scikit-learn's `mutual_info_regression` or `_classif`.

    Both are nearest-neighbour estimates for one-dimensional variables, Kraskov et al. 2004, eq. 8 for numbers and Ross
    2014 for labels, after adding normal noise of 1e-10 to break ties. Use it as a check. Do not use it for layers whose
    units tell only together. No unit knows more than its layer, so the largest is a lower bound on I(T;Y) but for its
    own error and for being the largest of several; with several targets it is the largest over units and targets.
    scikit-learn sets negative values to 0, so at independence it reads 0.02 bits too much for one unit at n = 1,000.

    k: neighbours; scikit-learn's own default is 3.

    Needs scikit-learn. Refuses a k that is not below the number of rows.
    """

    tolerance_bits: ClassVar[float] = 0.05
    # Another order of the rows puts other noise of 1e-10 on them, which may move a neighbour across a boundary.
    order_tolerance_bits: ClassVar[float] = 0.005

    k: Annotated[int, Ge(1)] = 3

    def _estimate(self, x: Values, y: Variable, rng: np.random.Generator) -> float:
        try:
            from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
        except ImportError:
            raise InfoplaneError("sklearn: needs scikit-learn; `pip install scikit-learn`") from None
        layer = rows(x)
        if self.k >= len(layer):
            raise InfoplaneError(f"k: {self.k} is not below the {len(layer)} samples; lower it")
        if is_constant(layer) or y.is_constant:
            return 0.0
        # Constant units and targets would be measured by the noise that is added to them.
        units = standardised(layer[:, moving(layer)])
        settings = {"discrete_features": False, "n_neighbors": self.k, "random_state": int(rng.integers(2**32))}
        if y.classes is not None:
            if np.bincount(y.classes).max() < 2:
                raise InfoplaneError("y: no two rows share a label, so that nothing can be counted; use decodable")
            with warnings.catch_warnings():
                # Whether labels look like numbers was judged at the gate.
                warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
                nats = mutual_info_classif(units, y.classes, **settings)
        else:
            columns = rows(y.values)
            targets = standardised(columns[:, moving(columns)])
            nats = np.array([mutual_info_regression(units, target, **settings) for target in targets.T])
        return float(nats.max() / np.log(2))

    @property
    def scale_invariant(self) -> bool:
        return True

    def _target_maximum_bits(self, y: Variable) -> float:
        """What x = y but for rounding gives."""
        return rounded_bits(self.k, len(y))
