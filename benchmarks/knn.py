"""Nearest-neighbour estimates against NPEET's, on what the default experiment asks for and on large samples.

    python benchmarks/knn.py [--runs 5] [--profile] [--gpu]

The peers take turns in every run, so that a ratio compares what ran side by side; medians are printed. One
thread unless it says otherwise. infomeasure is timed too where it is installed. `--profile` prints where the
time of the default run's values goes instead, and `--gpu` what a GPU makes of these values, of permutations
and of large samples, beside one thread; `growth.py` has the cost against samples and columns.
"""

import argparse
import cProfile
import pstats
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from npeet_plus import mi as npeet_mi
from npeet_plus import shuffle_test
from numpy.typing import NDArray
from peers import RNG, Array, default_run, in_turns, independent, libraries, many

from infoplane.arrays.variables import Variable
from infoplane.estimators.ksg import KSG
from infoplane.estimators.mixed_ksg import MixedKSG

DRAWS = 200


def permuted(x: Array, y: Array, permutations: NDArray[np.int64], **params: Any) -> Array:
    return KSG(**params)._estimate_permuted(x, Variable(y), permutations, [RNG] * len(permutations))


def table(title: str, seconds: dict[str, float], each: int = 1) -> None:
    """The first peer is what the others are compared with."""
    print(f"\n{title}")
    first = next(iter(seconds.values()))
    for name, median in seconds.items():
        print(f"  {name:44} {median / each * 1e6:14,.1f} us a value {first / median:8.1f}x")


def default_values(runs: int) -> None:
    ts, y, x = default_run()
    targets, values = [y, x], 2 * len(ts)
    raw = KSG(scale="none", variant=1)
    for estimator in (KSG(), MixedKSG()):
        many(ts[:5], targets, estimator=estimator)  # loads what is compiled
    seconds = in_turns(
        runs,
        {
            "NPEET, one by one": lambda: [npeet_mi(t, s, k=3) for s in targets for t in ts],
            "ksg, as NPEET (scale none), 1 thread": lambda: many(ts, targets, estimator=raw),
            "ksg, as NPEET (scale none), 2 threads": lambda: many(ts, targets, threads=2, estimator=raw),
            "ksg, default, 1 thread": lambda: many(ts, targets),
            "ksg, default, 2 threads": lambda: many(ts, targets, threads=2),
            "ksg, variant 2, 1 thread": lambda: many(ts, targets, estimator=KSG(variant=2)),
            "mixed_ksg, 1 thread": lambda: many(ts, targets, estimator=MixedKSG()),
        },
    )
    table(
        f"All {values:,} values of the default run of one network (350 samples, 8 and 1 units)",
        seconds,
        values,
    )
    np.random.seed(0)  # noqa: NPY002 - NPEET's generator
    untied = [t + 1e-4 * np.random.default_rng(1).normal(size=t.shape) for t in ts[:250]]
    differences = np.abs(many(untied, targets, estimator=raw) - [npeet_mi(t, s, k=3) for s in targets for t in untied])
    print(f"  largest difference from NPEET on 500 of them without ties: {differences.max():.1e} bits")

    some = ts[:: len(ts) // 12]
    permutations = np.array([np.random.default_rng(i).permutation(350) for i in range(DRAWS)])

    def null(**params: Any) -> None:
        for t in some:
            for s in targets:
                permuted(t, s, permutations, **params)

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
    for columns in (8, 64):
        x, y = independent(10_000, columns)
        found = libraries(columns)
        found = {"NPEET": found.pop("NPEET"), **found}  # the first is what the others are compared with
        peers: dict[str, Callable[[], object]] = {
            **{name: lambda f=f, x=x, y=y: f(x, y) for name, f in found.items()},
            "mixed_ksg": lambda x=x, y=y: many([x], [y], estimator=MixedKSG()),
        }
        table(f"One value, 10,000 samples, {columns} independent columns", in_turns(max(1, runs // 2), peers))


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
            lambda device, blocks=blocks: np.concatenate(
                [many(some, targets, estimator=KSG(device=device)) for some in blocks]
            ),
            2 * len(ts),
        )
    permutations = np.array([np.random.default_rng(i).permutation(350) for i in range(DRAWS)])
    beside(
        f"{DRAWS} permutations of one of these values",
        lambda device: permuted(ts[-2], y, permutations, device=device),
        DRAWS,
    )
    rng = np.random.default_rng(0)
    for samples, columns in ((10_000, 8), (10_000, 64), (100_000, 8)):
        z, w = rng.normal(size=(samples, columns)), rng.normal(size=(samples, 1))
        beside(
            f"One value, {samples:,} samples, {columns} independent columns",
            lambda device, z=z, w=w: many([z], [w], estimator=KSG(device=device)),
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
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--gpu", action="store_true")
    options = parser.parse_args()
    if options.profile:
        profile()
    elif options.gpu:
        gpu(options.runs)
    else:
        default_values(options.runs)
        large_samples(options.runs)


if __name__ == "__main__":
    main()
