"""Neural bounds for 100 (epoch, layer) pairs: critics trained together against loops that train one a time.

    python benchmarks/neural.py [--pairs 100] [--steps 500] [--rounds 3]

The layers are those of untrained default networks on n = 350 samples of the quadratic data. Every row does
the same number of steps on batches of one size with two hidden layers of 32, fused Adam, one thread (a second
one slows the loops down). The loops judge by held-out rows at the end, as ours does; ours also stops by
others, and with `judged: 4` it trains four critics a value. torch-mist is timed on two pairs a round where it
is installed.
"""

import argparse
import contextlib
import functools
import importlib.util
import io
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from infoplane.arrays.variables import Variable
from infoplane.estimators.neural import Neural

SAMPLES, BATCH, HIDDEN, LEARNING_RATE, EMBEDDING = 350, 64, 32, 1e-3, 16
HIDDEN_BITS = 3.4732  # the exact I(T;Y) of every hidden layer here, whose map from x is injective


def layers(pairs: int) -> tuple[list[np.ndarray], np.ndarray]:
    """`pairs` hidden layers `(samples, 8)` of untrained networks and their one y, all standardised."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (SAMPLES, 1))
    y = x**2 - x - 1 + 0.2 * rng.normal(size=x.shape)
    found: list[np.ndarray] = []
    while len(found) < pairs:
        torch.manual_seed(len(found) // 4)
        at = torch.tensor(x, dtype=torch.float32)
        with torch.no_grad():
            for inputs in (1, 8, 8, 8):
                at = torch.relu(torch.nn.Linear(inputs, 8)(at))
                found.append(((at - at.mean(0)) / at.std(0).clamp(min=1e-9)).numpy())
    return found[:pairs], (y - y.mean()) / y.std()


def network(inputs: int, outputs: int) -> torch.nn.Sequential:
    relu, linear = torch.nn.ReLU, torch.nn.Linear
    return torch.nn.Sequential(linear(inputs, HIDDEN), relu(), linear(HIDDEN, HIDDEN), relu(), linear(HIDDEN, outputs))


def plain_mine(x: torch.Tensor, y: torch.Tensor, steps: int) -> float:
    """MINE as it is usually written: one critic of (x, y), a batch of pairs and of shuffled pairs a step."""
    critic = network(x.shape[1] + 1, 1)
    optimiser = torch.optim.Adam(critic.parameters(), lr=LEARNING_RATE, fused=True)
    half, average = len(x) // 2, None
    for _ in range(steps):
        rows, others = torch.randint(half, (BATCH,)), torch.randint(half, (BATCH,))
        joint = critic(torch.cat([x[rows], y[rows]], dim=1)).mean()
        product = critic(torch.cat([x[rows], y[others]], dim=1)).exp().mean()
        average = product.detach() if average is None else 0.99 * average + 0.01 * product.detach()
        optimiser.zero_grad()
        (product / average - joint).backward()
        optimiser.step()
    x, y = x[half:], y[half:]
    with torch.no_grad():
        shifted = [critic(torch.cat([x, y.roll(by, 0)], dim=1)) for by in range(1, len(x))]
        nats = critic(torch.cat([x, y], dim=1)).mean() - torch.stack(shifted).exp().mean().log()
    return float(nats) / math.log(2)


def plain_infonce(x: torch.Tensor, y: torch.Tensor, steps: int) -> float:
    """InfoNCE with the separable critic that ours has, by autograd."""
    g, h = network(x.shape[1], EMBEDDING), network(1, EMBEDDING)
    optimiser = torch.optim.Adam([*g.parameters(), *h.parameters()], lr=LEARNING_RATE, fused=True)
    half, target = len(x) // 2, torch.arange(BATCH)
    for _ in range(steps):
        rows = torch.randperm(half)[:BATCH]
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(g(x[rows]) @ h(y[rows]).T, target).backward()
        optimiser.step()
    blocks = torch.arange(half, half + (len(x) - half) // BATCH * BATCH).split(BATCH)
    with torch.no_grad():
        losses = [torch.nn.functional.cross_entropy(g(x[b]) @ h(y[b]).T, target) for b in blocks]
    return float(math.log(BATCH) - torch.stack(losses).mean()) / math.log(2)


def loop(one: Callable[[torch.Tensor, torch.Tensor, int], float], steps: int) -> Callable[..., list[float]]:
    def run(xs: list[np.ndarray], y: np.ndarray) -> list[float]:
        torch.manual_seed(0)
        target = torch.tensor(y, dtype=torch.float32)
        return [one(torch.from_numpy(x), target, steps) for x in xs]

    return run


def together(bound: Literal["mine", "infonce"], steps: int, judged: int) -> Callable[..., list[float]]:
    estimator = Neural(bound=bound, steps=steps, judged=judged)

    def run(xs: list[np.ndarray], y: np.ndarray) -> list[float]:
        rngs = [np.random.default_rng([0, i]) for i in range(len(xs))]
        return list(estimator._estimate_many(xs, Variable(y), rngs))

    return run


def torch_mist(xs: list[np.ndarray], y: np.ndarray, steps: int) -> list[float]:
    from torch_mist.utils.estimation import estimate_mi

    found = []
    for x in xs:
        data = {"x": torch.from_numpy(x), "y": torch.tensor(y, dtype=torch.float32)}
        settings = {"batch_size": BATCH, "hidden_dims": [HIDDEN, HIDDEN], "max_iterations": steps}
        quiet = {"verbose": False, "logger": False, "early_stopping": False, "fast_train": True}
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            found.append(float(estimate_mi(data=data, estimator="mine", **settings, **quiet)))
    return found


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--pairs", type=int, default=100)
    options.add_argument("--steps", type=int, default=500)
    options.add_argument("--rounds", type=int, default=3, help="the median is shown; loops share the pairs")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    xs, y = layers(chosen.pairs)
    steps = chosen.steps
    together("infonce", 5, 1)(xs[:2], y)  # imports and first calls are no part of it
    work = {
        "plain MINE loop": loop(plain_mine, steps),
        "infoplane mine": together("mine", steps, 1),
        "plain InfoNCE loop": loop(plain_infonce, steps),
        "infoplane infonce": together("infonce", steps, 1),
        "infoplane mine, judged: 4": together("mine", steps, 4),
        "infoplane infonce, judged: 4": together("infonce", steps, 4),
    }
    if importlib.util.find_spec("torch_mist"):
        work["torch-mist MINE"] = functools.partial(torch_mist, steps=steps)
    seconds: dict[str, list[float]] = {name: [] for name in work}
    bits: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(chosen.rounds):
        for name, run in work.items():
            some = xs if name.startswith("infoplane") else xs[turn :: chosen.rounds]
            some = some[:2] if name.startswith("torch-mist") else some
            start = time.perf_counter()
            bits[name] += run(some, y)
            seconds[name].append((time.perf_counter() - start) / len(some))
    print(f"{chosen.pairs} pairs, {steps} steps; the exact value is {HIDDEN_BITS} bits\n")
    print(f"{'':30s}{'s a value':>10s}{'times as fast':>16s}{'mean bits':>12s}")
    baseline = statistics.median(seconds["plain MINE loop"])
    for name in work:
        median = statistics.median(seconds[name])
        print(f"{name:30s}{median:10.4f}{baseline / median:16.1f}{np.mean(bits[name]):12.2f}")


if __name__ == "__main__":
    main()
