"""How near estimators come on distributions of known information: mean estimate - truth in nats, n = 1000.

    python benchmarks/accuracy.py [--samples 1000] [--repetitions 10] [--held-out]

The distributions are those of Czyż, Grabowski, Vogt, Beerenwinkel & Marx 2023 (Beyond Normal), written anew;
I(X;Y) does not change when X or Y alone is mapped one to one. Peers are measured where they are installed:

    pip install ennemi infomeasure entropy-estimators nn-info pycit copent libKSG
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module, util
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.special import gammaln, psi

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
WITHIN_NATS = 0.1
Pair = tuple[np.ndarray, np.ndarray]
Case = tuple[Callable[[int, np.random.Generator], Pair], float]  # a sampler, and the truth in nats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--held-out", action="store_true", help="other parameters, on which nothing was chosen")
    arguments = parser.parse_args()
    cases = held_out() if arguments.held_out else benchmark()
    methods = {**ours(), **peers()}
    print("| distribution | truth |", " | ".join(methods), "|")
    print("|---|---|" + "---|" * len(methods))
    errors = {name: table(case, methods, arguments.samples, arguments.repetitions) for name, case in cases.items()}
    for name, found in errors.items():
        print(f"| {name} | {cases[name][1]:.2f} |", " | ".join(show(value) for value in found), "|")
    counts = np.sum([[within(value) for value in found] for found in errors.values()], axis=0)
    print(
        f"| **within {WITHIN_NATS} nat, of {len(cases)}** | |",
        " | ".join(f"**{count}**" for count in counts),
        "|",
    )


def table(case: Case, methods: dict, samples: int, repetitions: int) -> list[float]:
    """The mean error of each method; NaN where it does not take vectors."""
    sampler, truth = case
    values = []
    for seed in range(repetitions):
        x, y = sampler(samples, np.random.default_rng(seed))
        values.append([method(x, y) - truth for method in methods.values()])
    return list(np.mean(values, axis=0))


def show(value: float) -> str:
    return "" if np.isnan(value) else f"{value:+.2f}"


def within(value: float) -> bool:
    return bool(abs(value) <= WITHIN_NATS)


def ours() -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    from infoplane import mutual_information
    from infoplane.estimators._shared import lookup

    def method(name: str, **params: object) -> Callable[[np.ndarray, np.ndarray], float]:
        estimator = lookup.named(name)(**params)
        return lambda x, y: mutual_information(x, y, estimator).mi_bits * np.log(2)

    return {
        "sheared_ksg": method("sheared_ksg"),
        "ksg": method("ksg"),
        "ksg, variant 2": method("ksg", variant=2),
    }


def peers() -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    """In nats; each with the settings it comes with, and where it takes vectors with vectors."""
    known = {
        "npeet-plus": ("npeet_plus", lambda m, x, y: m.mi(x, y) * np.log(2)),
        "infomeasure": ("infomeasure", lambda m, x, y: m.mi(x, y, approach="ksg")),
        "nn-info": ("nn_info.estimators", lambda m, x, y: m.KSG((x, y))),
        "pycit": ("pycit.estimators", lambda m, x, y: m.ksg_mi(x, y)),
        "entropy-estimators": ("entropy_estimators.continuous", lambda m, x, y: m.get_mi(x, y)),
        "ennemi": ("ennemi", _scalars(lambda m, x, y: m.estimate_mi(y, x)[0, 0])),
        "scikit-learn": (
            "sklearn.feature_selection",
            _scalars(lambda m, x, y: m.mutual_info_regression(x[:, None], y, random_state=0)[0]),
        ),
        "copent": ("copent", _scalars(lambda m, x, y: m.copent(np.stack([x, y], axis=1)))),
        "libKSG": ("libKSG", _scalars(lambda m, x, y: m.KSG().mi(x, y))),
    }
    there = {name: (module, call) for name, (module, call) in known.items() if util.find_spec(module.partition(".")[0])}
    return {name: partial(call, import_module(module)) for name, (module, call) in there.items()}


def _scalars(call: Callable[..., float]) -> Callable[..., float]:
    """Of a peer that takes one column on either side; NaN for more."""
    return lambda module, x, y: call(module, x[:, 0], y[:, 0]) if x.shape[1] == y.shape[1] == 1 else np.nan


def benchmark() -> dict[str, Case]:
    return {
        "normal 1×1, ρ = 0.75": normal(dense(2, 0.75), 1),
        "normal 2×2, dense": normal(dense(4, 0.5), 2),
        "normal 3×3, dense": normal(dense(6, 0.5), 3),
        "normal 5×5, dense": normal(dense(10, 0.5), 5),
        "normal 2×2, two pairs": normal(sparse(2, 0.8), 2),
        "normal 3×3, two pairs": normal(sparse(3, 0.8), 3),
        "normal 5×5, two pairs": normal(sparse(5, 0.8), 5),
        "Student 1×1, ν = 1": student(np.eye(2), 1, 1),
        "Student 2×2, ν = 1": student(np.eye(4), 2, 1),
        "Student 2×2, ν = 2": student(np.eye(4), 2, 2),
        "Student 3×3, ν = 2": student(np.eye(6), 3, 2),
        "Student 3×3, ν = 3, two pairs": student(sparse(3, 0.8), 3, 3),
        "asinh Student 1×1, ν = 1": mapped(student(np.eye(2), 1, 1), np.arcsinh, np.arcsinh),
        "asinh Student 2×2, ν = 1": mapped(student(np.eye(4), 2, 1), np.arcsinh, np.arcsinh),
        "asinh Student 3×3, ν = 2": mapped(student(np.eye(6), 3, 2), np.arcsinh, np.arcsinh),
        "asinh normal 1×1, ρ = 0.75": mapped(normal(dense(2, 0.75), 1), np.arcsinh, np.arcsinh),
        "half-cube 1×1, ρ = 0.75": mapped(normal(dense(2, 0.75), 1), half_cube, half_cube),
        "half-cube 3×3, two pairs": mapped(normal(sparse(3, 0.8), 3), half_cube, half_cube),
        "wiggly 1×1, ρ = 0.75": mapped(normal(dense(2, 0.75), 1), wiggly_x, wiggly_y),
        "normal quantile 1×1, ρ = 0.75": mapped(normal(dense(2, 0.75), 1), stats.norm.cdf, stats.norm.cdf),
        "normal quantile 3×3, two pairs": mapped(normal(sparse(3, 0.8), 3), stats.norm.cdf, stats.norm.cdf),
        "spiral 3×3, two pairs": mapped(normal(sparse(3, 0.8), 3), spiral, spiral),
        "Swiss roll 2×1": mapped(normal(dense(2, 0.75), 1), swiss_roll, stats.norm.cdf),
        "uniform + uniform, ε = 0.1": additive(0.1),
        "uniform + uniform, ε = 0.75": additive(0.75),
    }


def held_out() -> dict[str, Case]:
    return {
        "normal 1×1, ρ = 0.3": normal(dense(2, 0.3), 1),
        "normal 1×1, ρ = 0.95": normal(dense(2, 0.95), 1),
        "normal 1×1, ρ = 0.999": normal(dense(2, 0.999), 1),
        "normal 2×2, ρ = 0.8": normal(dense(4, 0.8), 2),
        "normal 3×3, ρ = 0.3": normal(dense(6, 0.3), 3),
        "normal 4×4, two pairs 0.6": normal(sparse(4, 0.6), 4),
        "normal 3×1, ρ = 0.6": normal(dense(4, 0.6), 3),
        "normal 1×3, ρ = 0.6": normal(dense(4, 0.6), 1),
        "Student 1×1, ν = 3, ρ = 0.9": student(dense(2, 0.9), 1, 3),
        "Student 2×2, ν = 5, ρ = 0.5": student(dense(4, 0.5), 2, 5),
        "asinh Student 1×1, ν = 2, ρ = 0.9": mapped(student(dense(2, 0.9), 1, 2), np.arcsinh, np.arcsinh),
        "half-cube 1×1, ρ = 0.95": mapped(normal(dense(2, 0.95), 1), half_cube, half_cube),
        "half-cube 2×2, ρ = 0.6": mapped(normal(dense(4, 0.6), 2), half_cube, half_cube),
        "wiggly 1×1, ρ = 0.95": mapped(normal(dense(2, 0.95), 1), wiggly_x, wiggly_y),
        "wiggly 2×2, two pairs 0.6": mapped(normal(sparse(2, 0.6), 2), wiggly_x, wiggly_y),
        "spiral 2×2, ρ = 0.6": mapped(normal(dense(4, 0.6), 2), spiral, spiral),
        "Swiss roll 2×1, ρ = 0.95": mapped(normal(dense(2, 0.95), 1), swiss_roll, stats.norm.cdf),
        "uniform + uniform, ε = 0.02": additive(0.02),
        "uniform + uniform, ε = 0.3": additive(0.3),
    }


def dense(dimensions: int, correlation: float) -> np.ndarray:
    return np.full((dimensions, dimensions), correlation) + (1 - correlation) * np.eye(dimensions)


def sparse(dimensions: int, correlation: float) -> np.ndarray:
    """x and y of as many dimensions, of which the first two pairs are correlated."""
    covariance = np.eye(2 * dimensions)
    for pair in range(2):
        covariance[pair, dimensions + pair] = covariance[dimensions + pair, pair] = correlation
    return covariance


def normal(covariance: np.ndarray, columns: int) -> Case:
    """The first `columns` are x, the rest y."""
    root = np.linalg.cholesky(covariance)

    def sample(samples: int, rng: np.random.Generator) -> Pair:
        both = rng.normal(size=(samples, len(covariance))) @ root.T
        return both[:, :columns], both[:, columns:]

    blocks = covariance[:columns, :columns], covariance[columns:, columns:], covariance
    determinants = [np.linalg.slogdet(block)[1] for block in blocks]
    return sample, float(determinants[0] + determinants[1] - determinants[2]) / 2


def student(dispersion: np.ndarray, columns: int, freedom: int) -> Case:
    """What the normal tells, and the common scale (Arellano-Valle, Contreras-Reyes & Genton 2013)."""
    sample_normal, truth = normal(dispersion, columns)

    def sample(samples: int, rng: np.random.Generator) -> Pair:
        x, y = sample_normal(samples, rng)
        scale = np.sqrt(freedom / rng.chisquare(freedom, size=(samples, 1)))
        return x * scale, y * scale

    def term(degrees: float) -> float:
        return float(gammaln(degrees / 2) - degrees / 2 * psi(degrees / 2))

    own = len(dispersion) - columns
    extra = term(freedom) + term(freedom + len(dispersion)) - term(freedom + columns) - term(freedom + own)
    return sample, truth + extra


def additive(width: float) -> Case:
    """y = x + e, x uniform on (0, 1), e uniform on (-width, width)."""

    def sample(samples: int, rng: np.random.Generator) -> Pair:
        x = rng.uniform(size=(samples, 1))
        return x, x + rng.uniform(-width, width, size=(samples, 1))

    return sample, width - np.log(2 * width) if width < 0.5 else 1 / (4 * width)


def mapped(case: Case, of_x: Callable, of_y: Callable) -> Case:
    sample, truth = case

    def both(samples: int, rng: np.random.Generator) -> Pair:
        x, y = sample(samples, rng)
        return of_x(x), of_y(y)

    return both, truth


def half_cube(v: np.ndarray) -> np.ndarray:
    return np.sign(v) * np.abs(v) ** 1.5


def wiggly_x(v: np.ndarray) -> np.ndarray:
    return v + 0.4 * np.sin(v) + 0.2 * np.sin(1.7 * v + 1) + 0.03 * np.sin(3.3 * v - 2.5)


def wiggly_y(v: np.ndarray) -> np.ndarray:
    return v - 0.4 * np.sin(0.4 * v) + 0.17 * np.sin(1.3 * v + 3.5) + 0.02 * np.sin(4.3 * v - 2.5)


def spiral(v: np.ndarray) -> np.ndarray:
    """The first two columns turned by an angle that is a quarter of the square of the length."""
    angle = np.sum(v**2, axis=1) / 4
    turned = v.copy()
    turned[:, 0] = np.cos(angle) * v[:, 0] - np.sin(angle) * v[:, 1]
    turned[:, 1] = np.sin(angle) * v[:, 0] + np.cos(angle) * v[:, 1]
    return turned


def swiss_roll(v: np.ndarray) -> np.ndarray:
    """A normal column rolled up in the plane."""
    angle = 1.5 * np.pi * (1 + 2 * stats.norm.cdf(v))
    return np.hstack([angle * np.cos(angle), angle * np.sin(angle)]) / 21


if __name__ == "__main__":
    main()
