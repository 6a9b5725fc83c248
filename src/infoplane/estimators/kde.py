"""Pairwise bounds on the information of a layer with Gaussian noise added (Kolchinsky & Tracey 2017, eq. 10).

A deterministic layer has infinite I(X;T); with noise N of variance `noise_variance` on every unit it is
finite: T + N, given the samples, is a mixture of one Gaussian a sample, whose entropy beyond that of the
noise lies between

    -1/n sum_i log2 1/n sum_j exp(-|t_i - t_j|^2 / 2 v)      `upper`, v the noise variance (Kullback-Leibler)
    the same with 8 v in place of 2 v                        `lower` (Bhattacharyya)

and is I(X; T + N), at most log2 n. Saxe et al. 2018 use it with v = 1e-3.

I(T;Y): for a discrete y H(T + N) - H(T + N | Y), conditioned on its classes, as they do. For a continuous
y no two samples share a y, and conditioning on single values would give H(T + N) whatever y is; instead
noise of the same variance is added to y, and I(T + N; Y + N') = H(T + N) + H(Y + N') - H(T + N, Y + N').
Each entropy is bounded, the difference is not. It is below I(T;Y) by what the noise hides, and above it by
what n samples do not fill: where the noise is narrower than the gaps between samples every entropy is log2
n and so is the estimate. `scale: standard` measures the noise in standard deviations of each column,
`none` in the column's own unit.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ..compiling import compiled
from ._parts.variables import Floats, Labels, is_discrete, labels, rows, standardised

# What the mean error stays within on a Gaussian pair of correlation up to 0.9, n = 1000 (0.09 at 0).
TOLERANCE_BITS = 0.15

Variance = Annotated[float, Field(gt=0)]
Bound = Literal["upper", "lower"]
Scale = Literal["none", "standard"]


def estimate(
    x: Floats,
    y: Floats,
    *,
    rng: np.random.Generator,
    noise_variance: Variance = 0.05,
    bound: Bound = "upper",
    scale: Scale = "standard",
) -> float:
    """I(T + N; Y), for a continuous y I(T + N; Y + N'); x `(samples, units)`, y `(samples, targets)`."""
    return float(estimate_many([x], y, rngs=[rng], noise_variance=noise_variance, bound=bound, scale=scale)[0])


def estimate_many(
    xs: Sequence[Floats],
    y: Floats,
    *,
    rngs: Sequence[np.random.Generator],  # noqa: ARG001
    noise_variance: Variance = 0.05,
    bound: Bound = "upper",
    scale: Scale = "standard",
) -> Floats:
    """`estimate` of each of `xs` against one y, `(len(xs),)` bits."""
    width, y = _width(noise_variance, bound), rows(y)
    layers = [_scaled(x, scale) for x in xs]
    if is_discrete(y):
        classes = labels(y)
        return np.array([_bits(t, width) - _bits_within(t, classes, width) for t in layers], dtype=np.float64)
    y = _scaled(y, scale)
    y_bits = _bits(y, width)
    return np.array([_bits(t, width) + y_bits - _bits(np.hstack([t, y]), width) for t in layers], dtype=np.float64)


def estimate_permuted(
    x: Floats,
    y: Floats,
    *,
    permutations: Labels,
    rng: np.random.Generator,  # noqa: ARG001
    noise_variance: Variance = 0.05,
    bound: Bound = "upper",
    scale: Scale = "standard",
) -> Floats:
    """`estimate(x, y[p])` for each row p of `permutations` `(draws, samples)`; `(draws,)` bits."""
    width, t, y = _width(noise_variance, bound), _scaled(x, scale), rows(y)
    t_bits = _bits(t, width)
    if is_discrete(y):
        classes = labels(y)
        return np.array([t_bits - _bits_within(t, classes[p], width) for p in permutations], dtype=np.float64)
    y = _scaled(y, scale)
    both = t_bits + _bits(y, width)
    return np.array([both - _bits(np.hstack([t, y[p]]), width) for p in permutations], dtype=np.float64)


def input_information(
    t: Floats,
    *,
    rng: np.random.Generator,  # noqa: ARG001
    noise_variance: Variance = 0.05,
    bound: Bound = "upper",
    scale: Scale = "standard",
) -> float:
    """I(X; T + N) in bits, T a function of X; t `(samples, units)`."""
    return float(_bits(_scaled(t, scale), _width(noise_variance, bound)))


def scale_invariant(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the scale of single columns leaves the value as it is."""
    return scale == "standard"


def compares_scales(*, scale: Scale = "standard", **_: object) -> bool:
    """Whether the ratio of scales in x and in y matters: noise of one size is added to both."""
    return scale == "none"


def maximum_bits(samples: int, **_: object) -> float:
    """log2 n: all samples apart from each other."""
    return float(np.log2(samples))


def target_maximum_bits(
    y: Floats, *, noise_variance: Variance = 0.05, bound: Bound = "upper", scale: Scale = "standard"
) -> float:
    """What is left of a continuous y under the noise; of a discrete one all there is to know is no limit."""
    return math.inf if is_discrete(rows(y)) else float(_bits(_scaled(y, scale), _width(noise_variance, bound)))


def _width(noise_variance: float, bound: Bound) -> float:
    return noise_variance * {"upper": 2.0, "lower": 8.0}[bound]


def _scaled(values: Floats, scale: Scale) -> Floats:
    return standardised(rows(values)) if scale == "standard" else rows(values)


def _bits_within(t: Floats, classes: Labels, width: float) -> float:
    """The mean over `classes` `(samples,)` of `_bits` of their members."""
    counts = np.bincount(classes)
    return float(sum(n * _bits(t[classes == c], width) for c, n in enumerate(counts)) / len(t))


@compiled
def _bits(t: Any, width: float) -> float:
    """-mean log2 of the mean kernel exp(-distance^2 / width) from each row of t `(samples, units)` to all.

    Kernels below exp(-45) are left out: beside the 1 of a sample with itself they are lost to rounding.
    """
    samples, units = t.shape
    columns = t.T.copy()
    sums, squares = np.ones(samples), np.empty(samples)
    for i in range(samples):
        squares[:i] = 0
        for unit in range(units):
            for j in range(i):
                squares[j] += (columns[unit, i] - columns[unit, j]) ** 2
        for j in range(i):
            if squares[j] < 45 * width:
                kernel = np.exp(-squares[j] / width)
                sums[i] += kernel
                sums[j] += kernel
    return float(np.mean(np.log2(samples / sums)))
