"""Nearest-neighbour estimates against NPEET's, on what the default experiment asks for and on large samples.

    python benchmarks/knn.py [--runs 5] [--growth] [--profile] [--gpu]

The peers take turns in every run, so that a ratio compares what ran side by side; medians are printed. One
thread unless it says otherwise. infomeasure is timed too where it is installed. `--growth` prints the cost
against samples and columns instead, `--profile` where the time of the default run's values goes, and `--gpu`
what a GPU makes of these values, of permutations and of large samples, beside one thread.
"""

import argparse
import cProfile
import importlib.util
import pstats
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
import torch
from npeet_plus import mi as npeet_mi
from npeet_plus import shuffle_test
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from infoplane.estimators import ksg, mixed_ksg

Array = NDArray[np.float64]
RNG = np.random.default_rng(0)  # the estimators draw nothing
EPOCHS, DRAWS = 501, 200


def default_run() -> tuple[list[Array], Array, Array]:
    """The asker's network: activations of 5 layers at 501 epochs, (350, units) each, and y and x (350, 1)."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.rand(350, 1) * 6 - 3
    y = x**2 - x - 1 + 0.2 * torch.randn(350, 1)
    layers = [torch.nn.Linear(a, b) for a, b in ((1, 8), (8, 8), (8, 8), (8, 8), (8, 1))]
    optimizer = torch.optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.001, momentum=0.9)

    def activations(t: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for layer in layers:
            t = layer(t) if layer is layers[-1] else torch.relu(layer(t))
            found.append(t)
        return found

    ts = []
    for _ in range(EPOCHS):
        with torch.no_grad():
            ts += [t.double().numpy() for t in activations(x)]
        for batch in torch.randperm(350).split(32):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(activations(x[batch])[-1], y[batch]).backward()
            optimizer.step()
    return ts, y.double().numpy(), x.double().numpy()


def many(
    ts: list[Array], targets: list[Array], threads: int = 1, estimator: ModuleType = ksg, **params: object
) -> Array:
    numba.config.NUMBA_NUM_THREADS = threads
    rngs = [RNG] * len(ts)
    return np.concatenate([estimator.estimate_many(ts, s, rngs=rngs, **params) for s in targets])


def in_turns(runs: int, peers: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median seconds of each peer over `runs` rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(runs):
        for name, peer in peers.items():
            start = time.perf_counter()
            peer()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(title: str, seconds: dict[str, float], each: int = 1) -> None:
    """The first peer is what the others are compared with."""
    print(f"\n{title}")
    first = next(iter(seconds.values()))
    for name, median in seconds.items():
        print(f"  {name:44} {median / each * 1e6:14,.1f} us a value {first / median:8.1f}x")


def default_values(runs: int) -> None:
    ts, y, x = default_run()
    targets, values = [y, x], 2 * len(ts)
    raw = {"scale": "none", "variant": 1}
    for estimator in (ksg, mixed_ksg):
        many(ts[:5], targets, estimator=estimator)  # loads what is compiled
    seconds = in_turns(
        runs,
        {
            "NPEET, one by one": lambda: [npeet_mi(t, s, k=3) for s in targets for t in ts],
            "ksg, as NPEET (scale none), 1 thread": lambda: many(ts, targets, **raw),
            "ksg, as NPEET (scale none), 2 threads": lambda: many(ts, targets, threads=2, **raw),
            "ksg, default, 1 thread": lambda: many(ts, targets),
            "ksg, default, 2 threads": lambda: many(ts, targets, threads=2),
            "ksg, variant 2, 1 thread": lambda: many(ts, targets, variant=2),
            "mixed_ksg, 1 thread": lambda: many(ts, targets, estimator=mixed_ksg),
        },
    )
    table(
        f"All {values:,} values of the default run of one network (350 samples, 8 and 1 units)",
        seconds,
        values,
    )
    np.random.seed(0)  # noqa: NPY002 - NPEET's generator
    untied = [t + 1e-4 * np.random.default_rng(1).normal(size=t.shape) for t in ts[:250]]
    differences = np.abs(many(untied, targets, **raw) - [npeet_mi(t, s, k=3) for s in targets for t in untied])
    print(f"  largest difference from NPEET on 500 of them without ties: {differences.max():.1e} bits")

    some = ts[:: len(ts) // 12]
    permutations = np.array([np.random.default_rng(i).permutation(350) for i in range(DRAWS)])

    def null(**params: object) -> None:
        for t in some:
            for s in targets:
                ksg.estimate_permuted(t, s, permutations=permutations, rng=RNG, **params)

    null()
    seconds = in_turns(
        max(1, runs // 2),
        {
            "NPEET, shuffle_test": lambda: [shuffle_test(npeet_mi, t, s, ns=DRAWS) for s in targets for t in some],
            "ksg, as NPEET (scale none)": lambda: null(scale="none"),
            "ksg, default": null,
            "ksg, variant 2": lambda: null(variant=2),
        },
    )
    table(f"{DRAWS} permutations of each of {2 * len(some)} of these values", seconds, DRAWS * 2 * len(some))


def large_samples(runs: int) -> None:
    rng = np.random.default_rng(0)
    for columns in (8, 64):
        x, y = rng.normal(size=(10_000, columns)), rng.normal(size=(10_000, 1))
        peers: dict[str, Callable[[], object]] = {
            "NPEET": lambda x=x, y=y: npeet_mi(x, y, k=3),
            "ksg": lambda x=x, y=y: ksg.estimate(x, y, rng=RNG),
            "mixed_ksg": lambda x=x, y=y: mixed_ksg.estimate(x, y, rng=RNG),
        }
        if importlib.util.find_spec("infomeasure"):
            import infomeasure

            peers["infomeasure"] = lambda x=x, y=y: infomeasure.mutual_information(x, y, approach="ksg", k=3)
        table(f"One value, 10,000 samples, {columns} independent columns", in_turns(max(1, runs // 2), peers))


def growth() -> None:
    rng = np.random.default_rng(0)
    numba.config.NUMBA_NUM_THREADS = 1
    print(f"{'samples':>8} {'columns':>8} {'seconds':>9} {'ns a pair and column':>21} {'peak MiB':>9}")
    for samples, columns in [(n, d) for d in (1, 8, 64, 512) for n in (1_000, 10_000, 100_000)]:
        if samples * columns > 10_000_000:
            continue
        x, y = rng.normal(size=(samples, columns)), rng.normal(size=(samples, 1))
        start = time.perf_counter()
        ksg.estimate(x, y, rng=RNG)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pairs = samples**2 * columns
        print(f"{samples:8,} {columns:8} {seconds:9.3f} {seconds / pairs * 1e9:21.4f} {peak:9.0f}", flush=True)


def gpu(runs: int) -> None:
    """One process on the GPU; its first call, which initialises CUDA, is not timed."""
    if not torch.cuda.is_available():
        print("no GPU here: PyTorch finds none, so there is nothing to time")
        return
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    ts, y, x = default_run()
    targets, devices = [y, x], {"ksg, 1 thread": "cpu", "ksg, GPU": "cuda"}

    def beside(title: str, compute: Callable[[str], Array], each: int) -> None:
        """Both on the same values, once before they are timed."""
        cpu, cuda = (compute(device) for device in devices.values())
        peers = {name: lambda device=device: compute(device) for name, device in devices.items()}
        table(title, in_turns(runs, peers), each)
        print(f"  largest difference: {np.abs(cuda - cpu).max():.1e} bits")

    for block in (40, len(ts)):  # what a stage computes at once for one network, and everything
        blocks = [ts[first : first + block] for first in range(0, len(ts), block)]
        beside(
            f"All {2 * len(ts):,} values of the default run of one network, {block:,} at once",
            lambda device, blocks=blocks: np.concatenate([many(some, targets, device=device) for some in blocks]),
            2 * len(ts),
        )
    permutations = np.array([np.random.default_rng(i).permutation(350) for i in range(DRAWS)])
    beside(
        f"{DRAWS} permutations of one of these values",
        lambda device: ksg.estimate_permuted(ts[-2], y, permutations=permutations, rng=RNG, device=device),
        DRAWS,
    )
    rng = np.random.default_rng(0)
    for samples, columns in ((10_000, 8), (10_000, 64), (100_000, 8)):
        z, w = rng.normal(size=(samples, columns)), rng.normal(size=(samples, 1))
        beside(
            f"One value, {samples:,} samples, {columns} independent columns",
            lambda device, z=z, w=w: many([z], [w], device=device),
            1,
        )


def profile() -> None:
    ts, y, x = default_run()
    many(ts[:5], [y, x])
    with cProfile.Profile() as profiler:
        many(ts, [y, x])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    if options.growth:
        growth()
    elif options.profile:
        profile()
    elif options.gpu:
        gpu(options.runs)
    else:
        default_values(options.runs)
        large_samples(options.runs)


if __name__ == "__main__":
    main()
