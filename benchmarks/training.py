"""Replicates trained together against as many runs one after another.

    python benchmarks/training.py [--replicates 20] [--epochs 20] [--rounds 5]
    python benchmarks/training.py --profile     where the time of one default run goes

The peer is a plain loop: no DataLoader, no loss after an epoch, nothing saved; ours measures both losses and
takes a snapshot every epoch. One thread, and the median of interleaved rounds. Starting (imports, the first
optimiser, the check that stacking changes nothing) is timed apart, as it does not grow with epochs.
"""

import argparse
import cProfile
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from infoplane.datasets import quadratic
from infoplane.models import mlp
from infoplane.training.replicates import Data, data, run
from infoplane.training.settings import Train


def build() -> nn.Module:
    return mlp.build(1, 1, hidden=[8, 8, 8, 8])


def settings(replicates: int, epochs: int) -> Train:
    return Train(
        epochs=epochs,
        replicates=replicates,
        batch_size=32,
        seed=0,
        device="cpu",
        optimizer={"_target_": "torch.optim.SGD", "lr": 0.001, "momentum": 0.9},
        loss={"_target_": "torch.nn.MSELoss"},
    )


def default_data() -> Data:
    x, y = quadratic.make().sample(500, np.random.default_rng(0))
    return data((x[:350], y[:350]), (x[350:], y[350:]), torch.device("cpu"))


def plain(rows: Data, seed: int, epochs: int) -> None:
    torch.manual_seed(seed)
    network, (x, y) = build(), rows.train
    optimizer, loss = torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9), nn.MSELoss()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss(network(x[batch]), y[batch]).backward()
            optimizer.step()


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(rows: Data, replicates: int, epochs: int) -> tuple[float, float]:
    """Seconds to start (up to epoch 0) and to train."""
    snapshots = run(settings(replicates, epochs), build, rows)
    return timed(lambda: next(snapshots)), timed(lambda: list(snapshots))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = default_data()
    if asked.profile:
        profile = cProfile.Profile()
        profile.runcall(lambda: list(run(settings(8, 500), build, rows)))
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)
        return

    first, _ = ours(rows, 1, 0)
    sizes = sorted({1, 8, asked.replicates})
    seconds: dict[str, list[float]] = {f"{n} together": [] for n in sizes}
    loops, alone = f"{asked.replicates} plain loops", f"{asked.replicates} of ours, one after another"
    seconds |= {loops: [], alone: [], "start, 8 together": []}
    for _ in range(asked.rounds):
        seconds[loops].append(timed(lambda: [plain(rows, s, asked.epochs) for s in range(asked.replicates)]))
        seconds[alone].append(sum(ours(rows, 1, asked.epochs)[1] for _ in range(asked.replicates)))
        for n in sizes:
            start, trained = ours(rows, n, asked.epochs)
            seconds[f"{n} together"].append(trained)
            if n == 8:
                seconds["start, 8 together"].append(start)
    together = statistics.median(seconds[f"{asked.replicates} together"])
    print(f"{asked.epochs} epochs of the default network; a process's first start takes {first:.1f} s\n")
    print(f"| {'work':34} | seconds | times as long as {asked.replicates} together |")
    print(f"|{'-' * 36}|---------|{'-' * 29}|")
    for work, found in seconds.items():
        median = statistics.median(found)
        print(f"| {work:34} | {median:7.3f} | {median / together:27.2f} |")


if __name__ == "__main__":
    main()
