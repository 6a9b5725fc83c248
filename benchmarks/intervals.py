"""How often the interval of the default choice holds the truth, on networks and laws that nothing was tuned on.

    python benchmarks/intervals.py [--samples 100 350 1000] [--seeds 40]

The networks have random weights, two ReLU or tanh layers and an output of two units, on one input of five laws; their
exact values come from `infoplane.exact`. Normal pairs have closed forms. Classes come from overlapping normals, whose
information is found by quadrature. A value is one layer of one draw.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import argparse
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.special import xlogy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import infoplane as ip
from infoplane.core import plugins

LAWS = {"quadratic": 0.4, "sine": 0.6, "laplace": 0.3, "bimodal": 0.3, "heteroscedastic": 0.2}
Case = tuple[str, np.ndarray, np.ndarray, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[100, 350, 1000])
    parser.add_argument("--seeds", type=int, default=40)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| rows | kind | values | mean error, bits | standard error | covered by 1.96 of it | by the interval |")
    print("|---|---|---|---|---|---|---|")
    for samples in arguments.samples:
        found: dict[str, list[tuple[float, float, bool, bool]]] = {}
        for seed in range(arguments.seeds):
            for kind, x, y, truth_bits in cases(samples, np.random.default_rng([samples, seed])):
                result = ip.mutual_information(x, y, stderr=8, seed=seed)
                error = result.mi_bits - truth_bits
                low, high = result.interval_bits or (0.0, 0.0)
                narrow = abs(error) < 1.96 * (result.stderr_bits or 0.0)
                found.setdefault(kind, []).append((error, result.stderr_bits or 0.0, narrow, low <= truth_bits <= high))
        everything = [value for values in found.values() for value in values]
        for kind, values in [*found.items(), ("all", everything)]:
            error, stderr, narrow, wide = np.mean(values, axis=0)
            print(f"| {samples} | {kind} | {len(values)} | {error:+.3f} | {stderr:.3f} | {narrow:.1%} | {wide:.1%} |")


def cases(samples: int, rng: np.random.Generator) -> Iterator[Case]:
    for name, noise_std in LAWS.items():
        law = plugins.load("datasets", name, "dataset").make(noise_std=noise_std)
        x, y = law.sample(samples, rng)
        shapes = [(6, 1), (6, 6), (2, 6)]
        network = [(rng.normal(size=shape) / np.sqrt(shape[1]), rng.normal(size=shape[0])) for shape in shapes]
        bend = "relu" if rng.random() < 0.5 else "tanh"
        t = x
        for number, (weight, bias) in enumerate(network):
            t = t @ weight.T + bias
            if number < 2:
                t = np.maximum(t, 0) if bend == "relu" else np.tanh(t)
            if number == 0:
                truth = ip.exact.layer_information(network, law, activation=bend)
            if number > 0:
                yield f"networks, {name}", t.astype(np.float32), y, truth[number]
    for units, targets in ((1, 1), (4, 1), (3, 3)):
        x, r = rng.normal(size=(samples, units)), rng.uniform(0.2, 0.95)
        y = r * x[:, :targets] + np.sqrt(1 - r**2) * rng.normal(size=(samples, targets))
        yield "normal pairs", x, y, -targets / 2 * float(np.log2(1 - r**2))
    apart = rng.uniform(0.5, 3)
    c = rng.integers(0, 2, samples)
    grid = np.linspace(-14, 14, 4001)
    p, q = stats.norm.pdf(grid, apart / 2), stats.norm.pdf(grid, -apart / 2)
    bits = float(np.trapezoid(xlogy(p, 2 * p / (p + q)) + xlogy(q, 2 * q / (p + q)), grid) / 2 / np.log(2))
    yield "classes", rng.normal(size=(samples, 5)) + np.eye(1, 5) * (c - 0.5)[:, None] * apart, c, bits


if __name__ == "__main__":
    main()
