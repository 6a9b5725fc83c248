"""Laws of known information, each a sampler and the truth in nats.

Rotated ones are those of the mutinfo benchmark: the information is spread over the dimensions at random, and both sides
are turned by random orthogonal matrices.
"""

from collections.abc import Callable

import numpy as np
from accuracy import (
    additive,
    dense,
    half_cube,
    mapped,
    normal,
    sparse,
    spiral,
    student,
    swiss_roll,
    wiggly_x,
    wiggly_y,
)
from scipy import stats
from scipy.optimize import brentq

Pair = tuple[np.ndarray, np.ndarray]
Law = tuple[Callable[[int, np.random.Generator], Pair], float]

NEEDLE = 1e-7
WIDE = (  # columns, rank, n, bend
    (16, 1, 350, "relu"),
    (64, 1, 350, "tanh"),
    (64, 2, 1_000, "relu"),
    (256, 3, 1_000, "relu"),
    (1_024, 2, 1_000, "linear"),
    (4_096, 3, 1_000, "relu"),
    (64, 2, 5_000, "relu"),
)


def independent(units: int, targets: int) -> Law:
    return lambda n, rng: (rng.normal(size=(n, units)), rng.normal(size=(n, targets))), 0.0


def rotated(kind: str, truth: float, dimensions: int) -> Law:
    """`kind` is normal, uniform (the same with uniform margins) or additive (y = x + e, both uniform)."""

    def sample(n: int, rng: np.random.Generator) -> Pair:
        each = truth * rng.dirichlet(np.ones(dimensions))
        turns = [stats.ortho_group.rvs(dimensions, random_state=rng) if dimensions > 1 else np.eye(1) for _ in "xy"]
        if kind == "additive":
            width = np.array([_width(nats) for nats in each])
            x = rng.uniform(-1, 1, size=(n, dimensions))
            y = x + rng.uniform(-1, 1, size=x.shape) * 2 * width
            y /= np.sqrt(1 + 4 * width**2)
        else:
            x = rng.normal(size=(n, dimensions))
            y = np.sqrt(-np.expm1(-2 * each)) * x + np.exp(-each) * rng.normal(size=x.shape)
            if kind == "uniform":
                x, y = stats.norm.cdf(x) - 0.5, stats.norm.cdf(y) - 0.5
        return x @ turns[0], y @ turns[1]

    return sample, truth


def _width(nats: float) -> float:
    """Of `additive`, where it tells so much."""
    return float(brentq(lambda width: additive(width)[1] - nats, 1e-12, 1e9)) if nats > 1e-9 else 1e9


def line() -> Law:
    return _needle(lambda x: x), -np.log(NEEDLE)


def parabola() -> Law:
    return _needle(lambda x: x**2), np.log(2) - 1 - np.log(NEEDLE)


def _needle(curve: Callable[[np.ndarray], np.ndarray]) -> Callable[[int, np.random.Generator], Pair]:
    """y = curve + e, x uniform on (0, 1) and e on (0, 1e-7) (Gao, Ver Steeg & Galstyan 2015)."""

    def sample(n: int, rng: np.random.Generator) -> Pair:
        x = rng.uniform(size=(n, 1))
        return x, curve(x) + NEEDLE * rng.uniform(size=(n, 1))

    return sample


def vectors() -> dict[str, Law]:
    found = {f"4 columns, {q} independent targets": independent(4, q) for q in (8, 25, 50)}
    found["25 columns, 25 independent targets"] = independent(25, 25)
    for d in (2, 8, 12, 25):
        found[f"{d} pairs of correlation 0.5"] = normal(np.kron([[1, 0.5], [0.5, 1]], np.eye(d)), d)
    one = -np.log(1 - 0.8**2) / 2
    found["targets y and y squared"] = _twin(lambda y, _: y**2), one
    found["targets y and y + 0.01 e"] = _twin(lambda y, e: y + 0.01 * e), one
    return found


def _twin(other: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[int, np.random.Generator], Pair]:
    def sample(n: int, rng: np.random.Generator) -> Pair:
        y = rng.normal(size=(n, 1))
        x = np.hstack([0.8 * y + 0.6 * rng.normal(size=(n, 1)), rng.normal(size=(n, 1))])
        return x, np.hstack([y, other(y, rng.normal(size=(n, 1)))])

    return sample


def wide(columns: int, rank: int, bend: str) -> Law:
    """x is a float32 layer of random weights on `rank` normal inputs; y is correlated with the first of these."""

    def sample(n: int, rng: np.random.Generator) -> Pair:
        z = rng.normal(size=(n, rank))
        x = z @ rng.normal(size=(rank, columns)) / np.sqrt(rank)
        if bend != "linear":
            x += 0.5 * rng.normal(size=columns)
            x = np.tanh(x) if bend == "tanh" else np.maximum(x, 0)
        return x.astype(np.float32), 0.9 * z[:, :1] + np.sqrt(1 - 0.81) * rng.normal(size=(n, 1))

    return sample, -np.log(1 - 0.81) / 2


def bmi() -> dict[str, Law]:
    """Tasks of Czyż, Grabowski, Vogt, Beerenwinkel & Marx 2023, with vectors of up to 50 columns."""
    found = {"normal 1 x 1": normal(dense(2, 0.75), 1)}
    found |= {f"normal {d} x {d}, dense": normal(dense(2 * d, 0.5), d) for d in (2, 3, 5, 25, 50)}
    found |= {f"normal {d} x {d}, two pairs": normal(sparse(d, 0.8), d) for d in (2, 3, 5, 25)}
    alone = ((1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (5, 2), (5, 3))
    found |= {f"Student {d} x {d}, {nu}": student(np.eye(2 * d), d, nu) for d, nu in alone}
    pairs = ((2, 1), (3, 2), (3, 3), (5, 2), (5, 3))
    found |= {f"Student {d} x {d}, {nu}, two pairs": student(sparse(d, 0.8), d, nu) for d, nu in pairs}
    found |= {
        f"asinh Student {d} x {d}, {nu}": mapped(student(np.eye(2 * d), d, nu), np.arcsinh, np.arcsinh)
        for d, nu in ((1, 1), (2, 1), (3, 2), (5, 2))
    }
    one = normal(dense(2, 0.75), 1)
    found["half-cube 1 x 1"] = mapped(one, half_cube, half_cube)
    found["normal quantile 1 x 1"] = mapped(one, stats.norm.cdf, stats.norm.cdf)
    for d in (3, 5, 25):
        two = normal(sparse(d, 0.8), d)
        found[f"half-cube {d} x {d}, two pairs"] = mapped(two, half_cube, half_cube)
        found[f"normal quantile {d} x {d}, two pairs"] = mapped(two, stats.norm.cdf, stats.norm.cdf)
        found[f"spiral {d} x {d}, two pairs"] = mapped(two, spiral, spiral)
    found["wiggly 1 x 1"] = mapped(one, wiggly_x, wiggly_y)
    found["Swiss roll 2 x 1"] = mapped(one, swiss_roll, stats.norm.cdf)
    return found | {f"uniform + uniform, {width}": additive(width) for width in (0.1, 0.75)}
