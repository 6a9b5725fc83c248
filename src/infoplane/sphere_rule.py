"""The 12-bit rule of Shwartz-Ziv & Tishby (2017, section 3.1), written from their description.

They say: x are the 4,096 ways to switch 12 points, evenly spread over a sphere, on or off, all equally likely. y
follows a rule that is invariant under rotations of the sphere: it depends on the pattern's power spectrum of spherical
harmonics, by which the patterns fall into 64 orbits. p(y = 1 | x) is a sigmoid of a real function f(x) minus a
threshold, chosen so that p(y = 1) is about 1/2; its gain is chosen so that I(X;Y) is about 0.99 bits. They do not print
f.

Our choices: the points are the vertices of an icosahedron. By the addition theorem, the power of degree l is

    S_l(x) = sum_m |sum_i x_i Y_lm(r_i)|^2 = (2 l + 1) / (4 pi) sum_ij x_i x_j P_l(r_i . r_j)

with P_l the Legendre polynomial, so it depends on distances alone. f is the sum of S_l for l = 0 to 4, the fewest
degrees that distinguish all 64 spectra.
"""

from collections.abc import Callable
from itertools import product
from typing import Annotated

import numpy as np
from pydantic import Field

from .core.errors import InfoplaneError
from .exact.finite import finite_ceiling
from .finite_law import FiniteLaw
from .laws import Array

DEGREES = 5  # 0 to 4
STEPS = 200  # of a bisection, which is enough for the last bit


def make(*, information_bits: Annotated[float, Field(gt=0, lt=1)] = 0.99) -> FiniteLaw:
    """The law of x `(4096, 12)`, zeros and ones, and of y, 0 or 1, with I(X;Y) = `information_bits` and p(y = 1) = 1/2.

    Raises `InfoplaneError` for an information that the rule cannot reach: y has one bit, and the rule splits the
    patterns 2,052 to 2,044.
    """
    if not 0 < information_bits < 1:
        raise InfoplaneError(f"information_bits: {information_bits} is not between 0 and 1; y is one bit")
    x = np.array(list(product((0.0, 1.0), repeat=12)))
    f = spectrum(x, DEGREES).sum(axis=1)
    f = (f - f.mean()) / f.std()

    def law(gain: float) -> FiniteLaw:
        above = _sigmoid(f, gain, _root(lambda threshold: 0.5 - _sigmoid(f, gain, threshold).mean(), f.min(), f.max()))
        return FiniteLaw(x, np.full(len(x), 1 / len(x)), np.stack([1 - above, above], axis=1))

    highest = 1e4
    if finite_ceiling(law(highest)) < information_bits:
        raise InfoplaneError(f"information_bits: the rule does not reach {information_bits} bits; ask for less")
    return law(_root(lambda gain: finite_ceiling(law(gain)) - information_bits, 0.0, highest))


def vertices() -> Array:
    """The vertices of an icosahedron on the unit sphere, `(12, 3)`."""
    golden = (1 + np.sqrt(5)) / 2
    signs = product((1, -1), (golden, -golden))
    corners = [corner for a, b in signs for corner in ((0, a, b), (a, b, 0), (b, 0, a))]
    return np.asarray(np.array(corners) / np.sqrt(1 + golden**2))


def spectrum(x: Array, degrees: int) -> Array:
    """The power `(patterns, degrees)` of x `(patterns, 12)` in spherical harmonics, from degree 0 on."""
    cosines = vertices() @ vertices().T
    power = []
    for degree in range(degrees):
        polynomial = np.polynomial.legendre.legval(cosines, np.eye(degree + 1)[degree])
        power.append((2 * degree + 1) / (4 * np.pi) * ((x @ polynomial) * x).sum(axis=1))
    return np.stack(power, axis=1)


def _sigmoid(f: Array, gain: float, threshold: float) -> Array:
    return np.asarray(1 / (1 + np.exp(np.clip(-gain * (f - threshold), -700, 700))))


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0, by bisection."""
    for _ in range(STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return high
