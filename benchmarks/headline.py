"""The headline estimator against its kin: mean errors on laws of known information.

    python benchmarks/headline.py [--repetitions 5] [--seed 2] [--only rotated,networks] [--kin]

Prints one table a kind of law. `--kin` adds LNC and the local Gaussian estimator, which take minutes more. The headline
was chosen with seed 1, on quadratic networks other than those here, and with a look at the default run.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import default_networks
import laws
from local_peers import lnc, local_gaussian

from infoplane.estimators.aligned_ksg.boxes import information_bits
from infoplane.neighbours import information_bits as ksg_bits

LOG2 = np.log(2)
Method = Callable[[np.ndarray, np.ndarray], float]  # to nats


def methods(kin: bool) -> dict[str, Method]:
    def ksg(variant: int) -> Method:
        return lambda x, y: float(
            ksg_bits([np.asarray(x, float)], _standard(y), k=3, variant=variant, scale="standard", atoms="log")[0]
            * LOG2
        )

    found: dict[str, Method] = {
        "aligned KSG": lambda x, y: float(information_bits([x], y)[0] * LOG2),
        "KSG 1": ksg(1),
        "KSG 2": ksg(2),
    }
    return found | ({"LNC": lnc, "local Gaussian": local_gaussian} if kin else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--only", default="independent,rotated,lnc,networks,vectors,wide,bmi,cost")
    parser.add_argument("--kin", action="store_true")
    arguments = parser.parse_args()
    print(", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba")))
    every = methods(arguments.kin)
    for part in arguments.only.split(","):
        print(f"\n## {part}\n\n| law | truth |", " | ".join(every), "|\n|---|---|" + "---|" * len(every), flush=True)
        for name, truth, cells in PARTS[part](every, arguments.repetitions, arguments.seed):
            print(f"| {name} | {truth} |", " | ".join(cells), "|", flush=True)


Row = tuple[str, str, list[str]]


def independent(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:
    """Mean values, in bits."""
    for n in (1_000, 10_000):
        for units, targets in ((1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (4, 2), (3, 3), (8, 3)):
            errors = _errors(every, laws.independent(units, targets), n, repetitions, seed) / LOG2
            yield f"independent {units} x {targets}, n = {n}, bits", "0", [f"{e:+.3f}" for e in errors.mean(axis=0)]


def rotated(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:
    """Mean absolute (mean) errors over one to three dimensions a side, in nats."""
    for kind in ("normal", "uniform", "additive"):
        for truth in (0, 1, 3, 5, 10):
            each = [_errors(every, laws.rotated(kind, truth, d), 10_000, repetitions, seed) for d in (1, 2, 3)]
            yield f"rotated {kind}, n = 10000, nats", str(truth), _both(np.concatenate(each))


def needles(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:
    for name, law, n in (("line", laws.line(), 500), ("parabola", laws.parabola(), 1_000)):
        errors = _errors(every, law, n, repetitions, seed)
        yield f"{name} + 1e-7, n = {n}, nats", f"{law[1]:.2f}", [f"{e:+.2f}" for e in errors.mean(axis=0)]


def networks(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:  # noqa: ARG001
    """Mean absolute (mean) errors, in bits."""
    for name, found in (("default run", default_networks.default_run()), ("held out", default_networks.held_out())):
        errors = [[method(one.t, one.y) / LOG2 - one.truth_bits for method in every.values()] for one in found]
        yield f"{name}, {len(errors)} values, bits", "", _both(np.array(errors))


def vectors(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:
    for name, law in laws.vectors().items():
        errors = _errors(every, law, 1_000, repetitions, seed) / LOG2
        yield f"{name}, n = 1000, bits", f"{law[1] / LOG2:.2f}", [f"{e:+.2f}" for e in errors.mean(axis=0)]


def wide(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:
    for columns, rank, n, bend in laws.WIDE:
        law = laws.wide(columns, rank, bend)
        errors = _errors(every, law, n, repetitions, seed) / LOG2
        name = f"{columns} {bend} columns of {rank}, n = {n}, bits"
        yield name, f"{law[1] / LOG2:.2f}", [f"{e:+.2f}" for e in errors.mean(axis=0)]


def bmi(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:
    for n, times in ((1_000, repetitions), (10_000, max(1, repetitions // 3))):
        within = np.zeros(len(every), int)
        tasks = laws.bmi()
        for name, law in tasks.items():
            errors = _errors(every, law, n, times, seed).mean(axis=0)
            within += np.abs(errors) <= 0.1
            yield f"{name}, n = {n}, nats", f"{law[1]:.2f}", [f"{e:+.2f}" for e in errors]
        yield f"**within 0.1 nat, n = {n}**", f"of {len(tasks)}", [f"**{count}**" for count in within]


def cost(every: dict[str, Method], repetitions: int, seed: int) -> Iterator[Row]:  # noqa: ARG001
    rng = np.random.default_rng(seed)
    layers = list(default_networks.values(default_networks.quadratic.make(), [8] * 4, "relu", 0, [0], [25]))
    cases = [("350 x 8, a layer, ms", layers[1].t, layers[1].y, 20, 1e3)]
    for units, targets in ((8, 1), (3, 3)):
        x, y = rng.normal(size=(10_000, units)), rng.normal(size=(10_000, targets))
        cases.append((f"10000 x {units}, {targets} targets, s", x, y, 1, 1.0))
    x, y = laws.wide(4096, 2, "relu")[0](1_000, rng)
    cases.append(("1000 x 4096, s", x, y, 1, 1.0))
    for name, x, y, times, scale in cases:
        cells = []
        for method in every.values():
            method(x, y)
            start = time.process_time()
            for _ in range(times):
                method(x, y)
            cells.append(f"{(time.process_time() - start) / times * scale:.2f}")
        yield name, "", cells


PARTS = {
    "independent": independent,
    "rotated": rotated,
    "lnc": needles,
    "networks": networks,
    "vectors": vectors,
    "wide": wide,
    "bmi": bmi,
    "cost": cost,
}


def _errors(every: dict[str, Method], law: laws.Law, n: int, repetitions: int, seed: int) -> np.ndarray:
    """Value less truth in nats, `(repetitions, methods)`."""
    sample, truth = law
    pairs = [sample(n, np.random.default_rng([seed, repetition])) for repetition in range(repetitions)]
    return np.array([[method(x, y) - truth for method in every.values()] for x, y in pairs])


def _both(errors: np.ndarray) -> list[str]:
    return [f"{np.abs(e).mean():.3f} ({e.mean():+.3f})" for e in errors.T]


def _standard(y: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray((y - y.mean(axis=0)) / y.std(axis=0))


if __name__ == "__main__":
    main()
