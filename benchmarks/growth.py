"""How the cost of KSG grows with samples, columns, epochs and replicates: ours, its peers', and the limit.

    python benchmarks/growth.py [--quick] [--budget 30] [--figure docs/growth.png]

Prints a table for each panel of the figure, and draws it where asked. A peer stops where it would take longer than the
budget, in seconds. Seconds are processor time of one thread, so that what else runs on the machine counts for
little; medians of up to five turns, in which the peers alternate. The limit: see `limit.py`.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import growth_figure
import limit
from growth_figure import MEBIBYTES_ALLOWED, Growth, Panel, amount, ours
from peers import WIDTHS, Array, Layers, default_run, in_turns, independent, libraries, many

ROOT = Path(__file__).resolve().parent.parent
TRAINING_EPOCHS = 50
Work = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few sizes, in a minute")
    parser.add_argument("--budget", type=float, default=30)
    parser.add_argument("--figure", type=Path, help="where to draw it, e.g. docs/growth.png; by default nowhere")
    parser.add_argument("--one", nargs=3, metavar=("LIBRARY", "SAMPLES", "COLUMNS"), help="the peak memory of a value")
    asked = parser.parse_args()
    if asked.one:
        library, samples, columns = asked.one
        print(json.dumps(one_peak(library, int(samples), int(columns))))
        return
    began = time.perf_counter()
    rate = limit.operations_per_second()
    print(f"Limit: {rate / 1e9:.1f} billion |a - b| and max a second")
    panels = []
    quick, budget_s = asked.quick, asked.budget
    for panel in chain(values(quick, rate, budget_s), runs(quick, rate, budget_s), memory(quick)):
        show(panel)
        panels.append(panel)
    if asked.figure:
        asked.figure.write_bytes(growth_figure.draw(panels, rate))
    print(f"\nIn {time.perf_counter() - began:.0f} s")


def values(quick: bool, rate: float, budget_s: float) -> Iterator[Panel]:
    """One value, against samples and against columns."""

    def work(samples: int, columns: int) -> Work:
        x, y = independent(samples, columns)
        return {name: lambda f=f: f(x, y) for name, f in libraries(columns).items()}

    def lowest(samples: int, columns: int) -> float:
        return samples**2 * columns / 2 / rate

    sizes = (100, 1_000) if quick else (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
    for columns in (1, 8, 64):
        found = grow(sizes, lambda n, d=columns: work(n, d), budget_s)
        title = f"One value, {columns} column{'s' * (columns > 1)}"
        yield Panel(title, "samples", found, {n: lowest(n, columns) for n in sizes}, tree=columns < 64)
    samples = 500 if quick else 2_000
    widths = (1, 8, 64) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    found = grow(widths, lambda d: work(samples, d), budget_s)
    yield Panel(f"One value, {samples:,} samples", "columns", found, {d: lowest(samples, d) for d in widths})


def runs(quick: bool, rate: float, budget_s: float) -> Iterator[Panel]:
    """I(T;Y) of all 5 layers, against epochs and replicates; training, its start with it, against replicates."""
    import torch
    import training

    torch.set_num_threads(1)
    mi = libraries(8)["NPEET"]
    epochs = (1, 10) if quick else (1, 3, 10, 30, 100, 501)
    ts, y, x = default_run(epochs[-1])

    def work(layers: Layers, networks: int) -> Work:
        ts = layers[: networks * len(WIDTHS)]
        return {
            "ksg": lambda: many(ts, [y]),
            "ksg, one by one": lambda: [many([t], [y]) for t in ts],
            "NPEET": lambda: [mi(t, y) for t in ts],
        }

    lowest = len(y) ** 2 * sum(width for _, width in WIDTHS) / 2 / rate
    found = grow(epochs, lambda count: work(ts, count), budget_s)
    yield Panel("I(T;Y) of 5 layers", "epochs", found, {count: count * lowest for count in epochs})

    replicates = (1, 4) if quick else (1, 2, 4, 8, 16, 32, 64)
    networks = [t for seed in range(replicates[-1]) for t in untrained(x, seed)]
    found = grow(replicates, lambda count: work(networks, count), budget_s)
    yield Panel("I(T;Y) of 5 layers, 1 epoch", "replicates", found, {count: count * lowest for count in replicates})

    data = training.default_data()

    def train(count: int) -> Work:
        return {
            "together": lambda: training.ours(data, count, TRAINING_EPOCHS),
            "one after another": lambda: [training.ours(data, 1, TRAINING_EPOCHS) for _ in range(count)],
            "plain PyTorch loop": lambda: [training.plain(data, seed, TRAINING_EPOCHS) for seed in range(count)],
        }

    yield Panel(f"Training, {TRAINING_EPOCHS} epochs", "replicates", grow(replicates, train, math.inf))


def untrained(x: Array, seed: int) -> Layers:
    """The activations `(350, units)` of a default network's 5 layers, as it begins."""
    import torch

    torch.manual_seed(seed)
    at, found = torch.from_numpy(x).float(), []
    for layer in [torch.nn.Linear(a, b) for a, b in WIDTHS]:
        at = layer(at)
        at = torch.relu(at) if len(found) < len(WIDTHS) - 1 else at
        found.append(at.detach().double().numpy())
    return found


def memory(quick: bool) -> Iterator[Panel]:
    """Peak MiB of a value, each in a process of its own, that holds no more than its library."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    wanted = [("ksg", n, 8) for n in sizes] + [("NPEET", n, 8) for n in sizes] + [("ksg, 64 columns", sizes[-1], 64)]
    found: Growth = {}
    for name, samples, columns in wanted:
        command = [sys.executable, __file__, "--one", name.split(",")[0], str(samples), str(columns)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found.setdefault(name, {})[samples] = json.loads(printed)
    squares = {n: n**2 * 8 / 2**20 for n in sizes}
    yield Panel("Peak memory, 8 columns", "samples", found, squares, unit="MiB")


def one_peak(library: str, samples: int, columns: int) -> float:
    x, y = independent(samples, columns)
    libraries(columns)[library](x, y)
    status = Path("/proc/self/status")
    if status.exists():  # getrusage gives no less than what the parent held when it started this process
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def grow(sizes: Sequence[int], work_at: Callable[[int], Work], budget_s: float) -> Growth:
    """The seconds of each work at each size, up to where a peer's would go beyond the budget."""
    for do in work_at(sizes[0]).values():
        do()  # imports and compiles
    found: Growth = {}
    for size in sizes:
        work = work_at(size)
        for name in list(work):
            if not ours(name) and expected(found.get(name, {}), size) > budget_s:
                del work[name]
        for name, seconds in in_turns(5, work, time.process_time, turn_s=0.02, enough_s=1.0).items():
            found.setdefault(name, {})[size] = seconds
    return found


def expected(known: dict[int, float], size: int) -> float:
    """Seconds at `size`, by the power law of the last two sizes."""
    if len(known) < 2:
        return 0.0
    (a, before), (b, last) = list(known.items())[-2:]
    return last * (size / b) ** (math.log(last / before) / math.log(b / a))


def show(panel: Panel) -> None:
    first, *others = panel.found
    name = "limit" if panel.unit == "s" else "n × n matrix"
    limits = [name] * bool(panel.limit)
    print(f"\n{panel.title}\n\n| {panel.axis} |", " | ".join([first, *others, *limits]), "|")
    print("|---" * (1 + len(panel.found) + len(limits)) + "|")
    for size in next(iter(panel.found.values())):
        least = panel.found[first][size]
        cells = [amount(least, panel.unit)]
        for other in others:
            value = panel.found[other].get(size)
            cells.append("" if value is None else f"{amount(value, panel.unit)} ({times(value / least)})")
        cells += [amount(panel.limit[size], panel.unit) for _ in limits]
        print(f"| {size:,} |", " | ".join(cells), "|", flush=True)
    if panel.unit == "MiB":
        most = max(value for name in panel.found if ours(name) for value in panel.found[name].values())
        print(f"\nThe most, {most:,.0f} MiB, is {'within' if most < MEBIBYTES_ALLOWED else 'BEYOND'} 2 GiB.")


def times(ratio: float) -> str:
    return f"{ratio:.1f}×" if ratio < 9.95 else f"{ratio:.0f}×"


if __name__ == "__main__":
    main()
