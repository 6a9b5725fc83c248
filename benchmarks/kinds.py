"""What every estimator does with what people bring: labels, lattices, wide layers, vector targets.

    python benchmarks/kinds.py [--seeds 3]

Prints the mean value in bits beside the right one; `!` says that every value carries a flag that warns of it, and `-`
that the estimator refuses in one line.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import infoplane as ip
from infoplane.estimators._shared import lookup

SAID = {"below_bound", "blind", "infinite", "saturated", "repeated_rows", "above_ceiling", "not_converged"}
Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


def classes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    c = rng.integers(0, 4, 400)
    return rng.normal(size=(400, 8)) + 6 * np.eye(4, 8)[c], c


def counts(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.uniform(5, 35, (1000, 1))
    return x, rng.poisson(x).astype(float)


def low_rank(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    z = rng.normal(size=(500, 2))
    return np.maximum(z @ rng.normal(size=(2, 400)), 0), z[:, :1] + 0.5 * rng.normal(size=(500, 1))


def isotropic(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    t = rng.normal(size=(350, 256))
    return t, t[:, :1] + 0.5 * rng.normal(size=(350, 1))


def pairs(targets: int, r: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=(1000, targets))
        return x, r * x + np.sqrt(1 - r**2) * rng.normal(size=(1000, targets))

    return draw


KINDS: dict[str, tuple[float, Draw]] = {
    "4 far classes": (2.0, classes),
    "10 labels, independent": (0.0, lambda rng: (rng.normal(size=(350, 8)), rng.integers(0, 10, 350))),
    "10 numbers x 6, independent": (0.0, lambda rng: (rng.normal(size=(60, 1)), np.repeat(np.arange(10.0), 6))),
    "counts": (1.14, counts),
    "400 columns of rank 2": (1.16, low_rank),
    "256 columns, one matters": (1.16, isotropic),
    "8 pairs of 0.5": (1.66, pairs(8, 0.5)),
    "25 x 25 independent": (0.0, pairs(25, 0.0)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore")
    print("| estimator |", " | ".join(f"{kind}: {truth:.2f}" for kind, (truth, _) in KINDS.items()), "|")
    print("|---|" + "---|" * len(KINDS))
    for name in [None, *lookup.names()]:
        cells = [cell(name, draw, seeds) for _, draw in KINDS.values()]
        print(f"| {name or 'default'} |", " | ".join(cells), "|", flush=True)


def cell(name: str | None, draw: Draw, seeds: int) -> str:
    found = []
    for seed in range(seeds):
        try:
            found.append(ip.mutual_information(*draw(np.random.default_rng(seed)), name))
        except ip.InfoplaneError:
            return "-"
    said = all(SAID & {flag.partition(":")[0] for flag in result.flags} for result in found)
    return f"{np.mean([result.mi_bits for result in found]):.2f}".replace("-0.00", "0.00") + (" !" if said else "")


if __name__ == "__main__":
    main()
