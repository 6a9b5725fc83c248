"""Matrix-based Renyi information, from the eigenvalues of kernel matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from ...arrays.variables import Variable
from ...core.errors import InfoplaneError
from .._shared.base import Array, Estimator, Generators, Places, Values
from .._shared.columns import Floats, is_constant, rows, standardised
from .._shared.limits import of_own_cells

KernelWidth = Literal["silverman", "scott", "median"] | Annotated[float, Gt(0)]
Scale = Literal["none", "standard"]

SHANNON = 1e-6  # an order so near to 1 is 1, but for rounding that is divided by the difference


@dataclass(frozen=True, kw_only=True)
class Renyi(Estimator):
    """Matrix-based Renyi information in bits, S(A) + S(B) - S(A, B) (Giraldo et al. 2015; Yu & Principe 2019, eq. 6).

    A is the Gram matrix of a Gaussian kernel on the layer with trace 1, B that on y, (A, B) their elementwise product
    with trace 1, and S(A) = log2(sum_i eigenvalue_i^alpha) / (1 - alpha). Labels have the kernel that is 1 for equal
    values and 0 for others. Use it to compare with the literature, curves rather than numbers. No density is estimated,
    and the value is not Shannon's I(T;Y), which it only resembles: it lies between 0 and log2 n, and the kernel width
    decides where (Wickstrom et al. 2019).

    alpha: the order of the entropy; 2 needs no eigenvalues.
    kernel_width: `silverman` or `scott`, the columns' standard deviation times (4 / (n (d + 2)))^(1 / (d + 4)) or
        n^(-1 / (d + 4)); `median`, the median distance between rows, much wider: it separates wide layers and reads low
        everywhere; or a number in units of the columns, standard deviations where `scale` is `standard`.

    A value costs two eigenvalue decompositions of a rows x rows matrix, O(n^3): 9 ms in all at n = 350, 0.13 s at
    n = 1,000.
    """

    tolerance_bits: ClassVar[float] = 0.25  # from Shannon's information, with the default width

    alpha: Annotated[float, Gt(0)] = 1.01
    kernel_width: KernelWidth = "silverman"
    scale: Scale = "standard"

    def _estimate_many(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> Array:
        return self._estimate_flagged(xs, y, rngs)[0]

    def _estimate_flagged(self, xs: Sequence[Values], y: Variable, rngs: Generators) -> tuple[Array, list[set[str]]]:
        bits, own_bits = np.zeros(len(xs)), np.zeros(len(xs))
        if y.is_constant:
            return bits, [set() for _ in xs]
        b = self._y_gram(y)
        b_bits = _entropy(b, self.alpha)
        for i, x in enumerate(xs):
            if not is_constant(rows(x)):
                a = _gram(x, self.kernel_width, self.scale)
                own_bits[i] = _entropy(a, self.alpha)
                bits[i] = own_bits[i] + b_bits - _entropy(a * b, self.alpha)
        return bits, of_own_cells(own_bits, len(y))

    def _estimate_permuted(self, x: Values, y: Variable, permutations: Places, rngs: Generators) -> Array:
        if is_constant(rows(x)) or y.is_constant:
            return np.zeros(len(permutations))
        a, b = _gram(x, self.kernel_width, self.scale), self._y_gram(y)
        both = _entropy(a, self.alpha) + _entropy(b, self.alpha)
        return np.array([both - _entropy(a * b[np.ix_(p, p)], self.alpha) for p in permutations])

    @property
    def scale_invariant(self) -> bool:
        return self.scale == "standard"

    def maximum_bits(self, samples: int) -> float:
        """log2 n: all rows apart from each other."""
        return float(np.log2(samples))

    def _target_maximum_bits(self, y: Variable) -> float:
        """S of a continuous y, which its kernel width sets; of labels all there is to know is no limit."""
        return np.inf if y.classes is not None else _entropy(self._y_gram(y), self.alpha)

    def _memory_bytes(self, samples: int, units: int) -> float:
        """Two kernels, their product, what the eigenvalues are found in, and the pairs of rows."""
        return 5.0 * 8 * samples**2

    def _y_gram(self, y: Variable) -> Floats:
        if y.classes is not None:
            return np.asarray(y.classes[:, None] == y.classes, dtype=np.float64)
        return _gram(y.values, self.kernel_width, self.scale)


def _entropy(gram: Floats, alpha: float) -> float:
    """S in bits of a positive `gram` `(samples, samples)` with ones on its diagonal."""
    from scipy.linalg import eigvalsh  # takes a while to import
    from scipy.special import entr, logsumexp

    samples = len(gram)
    if alpha == 2:
        return float(-np.log2(np.sum((gram / samples) ** 2)))
    # Eigenvalues below 0 are rounding: the kernel is positive definite.
    values = np.maximum(eigvalsh(gram / samples, check_finite=False), 0)
    if abs(alpha - 1) < SHANNON:
        return float(entr(values).sum() / np.log(2))
    return float(logsumexp(alpha * np.log(values[values > 0])) / (1 - alpha) / np.log(2))


def _gram(values: Values, kernel_width: KernelWidth, scale: Scale) -> Floats:
    """The Gaussian kernel between rows of `values` `(samples, units)`, not constant: `(samples, samples)`."""
    from scipy.spatial.distance import pdist, squareform  # takes a while to import

    unit = 1.0
    if scale == "standard":
        values = standardised(rows(values))
    else:
        # Powers of two leave every digit as it is and keep squares within a double.
        unit = float(2.0 ** np.floor(np.log2(np.abs(values).max())))
        values = rows(values) / unit
    squares = pdist(values, "sqeuclidean")
    width = _width(values, squares, kernel_width) if isinstance(kernel_width, str) else kernel_width / unit
    if width == 0:
        raise InfoplaneError(
            "kernel_width: the median distance is 0, more than half the pairs are equal; use silverman"
        )
    with np.errstate(over="ignore"):  # so far apart that the kernel is 0
        exponents = squares / 2 / width / width
    return np.asarray(squareform(np.exp(-exponents)) + np.eye(len(values)))


def _width(values: Floats, squares: Floats, rule: str) -> float:
    if rule == "median":
        return float(np.sqrt(np.median(squares)))
    spread = values.std(axis=0)
    moving = spread[spread > 0]
    samples, d = len(values), len(moving)
    factor = 4 / (d + 2) if rule == "silverman" else 1.0
    return float(np.sqrt(np.mean(moving**2)) * (factor / samples) ** (1 / (d + 4)))
