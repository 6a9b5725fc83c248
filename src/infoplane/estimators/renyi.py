"""Matrix-based Renyi information I = S(A) + S(B) - S(A, B) (Giraldo, Rao & Principe 2015; Yu & Principe
2019, eq. 6).

A is the Gram matrix of a Gaussian kernel on the layer with trace 1, B that on y, (A, B) their elementwise
product with trace 1, and S(A) = log2(sum_i eigenvalue_i^alpha) / (1 - alpha). A discrete y has the kernel
that is 1 for equal values and 0 for others. No density is estimated and the value is not Shannon's I(T;Y),
which it only resembles: it lives between 0 and log2 n, and the kernel width decides where (Wickstrom et
al. 2019). `kernel_width` is a rule or a number:

- `silverman`, `scott`: the columns' standard deviation times (4 / (n (d + 2)))^(1 / (d + 4)) or n^(-1 / (d
+ 4));
- `median`: the median distance between samples, much wider: it separates wide layers and reads low
everywhere;
- a number: in units of the columns, standard deviations where `scale` is `standard`.

Costs two eigenvalue decompositions of a samples x samples matrix a value, O(n^3): 9 ms in all at n = 350,
0.13 s at n = 1000. alpha = 2 needs none.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.linalg import eigvalsh
from scipy.spatial.distance import pdist, squareform
from scipy.special import entr

from ..core.errors import InfoplaneError
from ._parts.variables import Floats, Labels, is_constant, is_discrete, labels, rows, standardised

# What the mean difference from Shannon's information stays within on a Gaussian pair of correlation up to
# 0.9, n = 1000, with the default kernel width (0.16 at 0 and -0.02 at 0.9).
TOLERANCE_BITS = 0.25

Alpha = Annotated[float, Field(gt=0)]
KernelWidth = Literal["silverman", "scott", "median"] | Annotated[float, Field(gt=0)]
Scale = Literal["none", "standard"]


def estimate(
    x: Floats,
    y: Floats,
    *,
    rng: np.random.Generator,
    alpha: Alpha = 1.01,
    kernel_width: KernelWidth = "silverman",
    scale: Scale = "standard",
) -> float:
    """The Renyi information in bits; x `(samples, units)`, y `(samples, targets)`."""
    return float(estimate_many([x], y, rngs=[rng], alpha=alpha, kernel_width=kernel_width, scale=scale)[0])


def estimate_many(
    xs: Sequence[Floats],
    y: Floats,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    alpha: Alpha = 1.01,
    kernel_width: KernelWidth = "silverman",
    scale: Scale = "standard",
) -> Floats:
    """`estimate` of each of `xs` against one y, `(len(xs),)` bits."""
    bits = np.zeros(len(xs))
    if is_constant(rows(y)):
        return bits
    b = _y_gram(y, kernel_width, scale)
    b_bits = _entropy(b, alpha)
    for i, x in enumerate(xs):
        if not is_constant(rows(x)):
            a = _gram(x, kernel_width, scale)
            bits[i] = _entropy(a, alpha) + b_bits - _entropy(a * b, alpha)
    return bits


def estimate_permuted(
    x: Floats,
    y: Floats,
    *,
    permutations: Labels,
    rng: np.random.Generator,  # noqa: ARG001
    alpha: Alpha = 1.01,
    kernel_width: KernelWidth = "silverman",
    scale: Scale = "standard",
) -> Floats:
    """`estimate(x, y[p])` for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    if is_constant(rows(x)) or is_constant(rows(y)):
        return np.zeros(len(permutations))
    a, b = _gram(x, kernel_width, scale), _y_gram(y, kernel_width, scale)
    both = _entropy(a, alpha) + _entropy(b, alpha)
    return np.array([both - _entropy(a * b[np.ix_(p, p)], alpha) for p in permutations])


def scale_invariant(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return scale == "standard"


def maximum_bits(samples: int, **_: object) -> float:
    """log2 n: all samples apart from each other."""
    return float(np.log2(samples))


def target_maximum_bits(
    y: Floats, *, alpha: Alpha = 1.01, kernel_width: KernelWidth = "silverman", scale: Scale = "standard"
) -> float:
    """S of a continuous y, which its kernel width sets; of a discrete one all there is to know is no limit."""
    return math.inf if is_discrete(rows(y)) else _entropy(_y_gram(y, kernel_width, scale), alpha)


def _entropy(gram: Floats, alpha: float) -> float:
    """S in bits of a positive `gram` `(samples, samples)` with ones on its diagonal."""
    samples = len(gram)
    if alpha == 2:
        return float(-np.log2(np.sum((gram / samples) ** 2)))
    # Eigenvalues below 0 are rounding: the kernel is positive definite.
    values = np.maximum(eigvalsh(gram / samples, check_finite=False), 0)
    if alpha == 1:
        return float(entr(values).sum() / np.log(2))
    return float(np.log2(np.sum(values**alpha)) / (1 - alpha))


def _gram(values: Floats, kernel_width: KernelWidth, scale: Scale) -> Floats:
    """The Gaussian kernel between rows of `values` `(samples, units)`, not constant: `(samples, samples)`."""
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
    return np.asarray(squareform(np.exp(-squares / 2 / width**2)) + np.eye(len(values)))


def _width(values: Floats, squares: Floats, rule: str) -> float:
    if rule == "median":
        return float(np.sqrt(np.median(squares)))
    spread = values.std(axis=0)
    moving = spread[spread > 0]
    samples, d = len(values), len(moving)
    factor = 4 / (d + 2) if rule == "silverman" else 1.0
    return float(np.sqrt(np.mean(moving**2)) * (factor / samples) ** (1 / (d + 4)))


def _y_gram(y: Floats, kernel_width: KernelWidth, scale: Scale) -> Floats:
    y = rows(y)
    if is_discrete(y):
        classes = labels(y)
        return np.asarray(classes[:, None] == classes, dtype=np.float64)
    return _gram(y, kernel_width, scale)
