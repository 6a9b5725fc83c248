"""What the benchmarks of nearest neighbours share: ksg and its peers, activations to estimate from, and a stopwatch."""

import gc
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from infoplane.arrays.variables import Variable
from infoplane.estimators._shared.base import Estimator
from infoplane.estimators.ksg import KSG

Array = NDArray[np.float64]
Layers = list[Array]  # (samples, units) each
RNG = np.random.default_rng(0)  # the estimators draw nothing
WIDTHS = ((1, 8), (8, 8), (8, 8), (8, 8), (8, 1))  # of the default network
OPTIONAL = ("infomeasure", "ennemi")


def libraries(columns: int) -> dict[str, Callable[[Array, Array], object]]:
    """KSG with k = 3 of x `(samples, columns)` and y `(samples, 1)`: ours, and that of peers that are installed.

    Each at its fastest setting that gives the same estimate, on one thread; imported when it is first called.
    """
    ours_and_peers = {"ksg": _ksg, "NPEET": _npeet, "infomeasure": _infomeasure}
    if columns == 1:  # the others take x column by column
        ours_and_peers |= {"ennemi": _ennemi, "scikit-learn": _sklearn}
    return {name: f for name, f in ours_and_peers.items() if name not in OPTIONAL or importlib.util.find_spec(name)}


def _ksg(x: Array, y: Array) -> object:
    return many([x], [y])


def _npeet(x: Array, y: Array) -> object:
    from npeet_plus import mi

    return mi(x, y, k=3)


def _infomeasure(x: Array, y: Array) -> object:
    import infomeasure

    return infomeasure.mutual_information(x, y, approach="ksg", k=3, noise_level=0)  # noise is a loop over rows


def _ennemi(x: Array, y: Array) -> object:
    import ennemi

    return ennemi.estimate_mi(y[:, 0], x[:, 0], max_threads=1)


def _sklearn(x: Array, y: Array) -> object:
    from sklearn.feature_selection import mutual_info_regression

    return mutual_info_regression(x, y[:, 0], n_neighbors=3, random_state=0)


DEFAULT = KSG()


def many(ts: Layers, targets: Layers, threads: int = 1, estimator: Estimator = DEFAULT) -> Array:
    numba.config.NUMBA_NUM_THREADS = threads
    rngs = [RNG] * len(ts)
    return np.concatenate([estimator._estimate_many(ts, Variable(s), rngs) for s in targets])


def default_run(epochs: int = 501) -> tuple[Layers, Array, Array]:
    """The asker's network: activations of 5 layers at each epoch, (350, units) each, and y and x (350, 1)."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.rand(350, 1) * 6 - 3
    y = x**2 - x - 1 + 0.2 * torch.randn(350, 1)
    layers = [torch.nn.Linear(a, b) for a, b in WIDTHS]
    optimizer = torch.optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.001, momentum=0.9)

    def activations(t: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for layer in layers:
            t = layer(t) if layer is layers[-1] else torch.relu(layer(t))
            found.append(t)
        return found

    ts = []
    for _ in range(epochs):
        with torch.no_grad():
            ts += [t.double().numpy() for t in activations(x)]
        for batch in torch.randperm(350).split(32):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(activations(x[batch])[-1], y[batch]).backward()
            optimizer.step()
    return ts, y.double().numpy(), x.double().numpy()


def in_turns(
    runs: int,
    work: Mapping[str, Callable[[], object]],
    clock: Callable[[], float] = time.perf_counter,
    *,
    turn_s: float = 0.0,
    enough_s: float = float("inf"),
) -> dict[str, float]:
    """The median seconds of each work over `runs` rounds, in each of which it is repeated for `turn_s`.

    What has taken `enough_s` leaves the later rounds out. No garbage is collected meanwhile, as with `timeit`: it falls
    on one turn in three, and on the start of a training of 64 networks adds half.
    """
    seconds: dict[str, list[float]] = {name: [] for name in work}
    gc.collect()
    gc.disable()
    for _ in range(runs):
        for name, do in work.items():
            if sum(seconds[name]) < enough_s:
                start, repeats = clock(), 0
                while repeats == 0 or clock() - start < turn_s:
                    do()
                    repeats += 1
                seconds[name].append((clock() - start) / repeats)
    gc.enable()
    return {name: statistics.median(values) for name, values in seconds.items()}


def independent(samples: int, columns: int) -> Sequence[Array]:
    """x `(samples, columns)` and y `(samples, 1)`, normal and independent: nothing that a tree could use."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(samples, columns)), rng.normal(size=(samples, 1))
