"""What one call costs through the library's front door: beside NPEET's `mi`, and from the start of Python.

    python benchmarks/door.py [--runs 7]

The first table times `infoplane.mutual_information(x, y, KSG())` and `npeet_plus.mi` in turns, on one thread, for a
layer of 350 rows. The second starts a new interpreter for each time: the import alone, and up to the first value, with
kernels that were compiled before.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from npeet_plus import mi as npeet_mi

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import infoplane as ip

SRC = sys.path[0]

CALLS = 50
STARTS = {
    "python, nothing imported": "",
    "import numpy": "import numpy",
    "import infoplane": "import infoplane",
    "the first value": "import infoplane as ip, random; r = random.Random(0)\n"
    "x = [[r.gauss(0, 1) for _ in range(8)] for _ in range(350)]\n"
    "ip.mutual_information(x, [row[0] + r.gauss(0, 1) for row in x], ip.KSG())",
    "the first value of the default choice": "import infoplane as ip, random; r = random.Random(0)\n"
    "x = [[r.gauss(0, 1) for _ in range(8)] for _ in range(350)]\n"
    "ip.mutual_information(x, [row[0] + r.gauss(0, 1) for row in x])",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    print("| units | NPEET, ms | mutual_information, ms | NPEET / ours |\n|---|---|---|---|")
    for units in (1, 8, 64):
        npeet_s, ours_s = one_value(units, runs)
        print(f"| {units} | {npeet_s * 1e3:.3f} | {ours_s * 1e3:.3f} | {npeet_s / ours_s:.1f}x |")
    print("\n| from the start of Python to | s |\n|---|---|")
    for name, code in STARTS.items():
        print(f"| {name} | {median(started(code) for _ in range(runs)):.2f} |")


def one_value(units: int, runs: int) -> tuple[float, float]:
    """Seconds of a call of each, the median over runs in which they took turns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(350, units))
    y = x[:, :1] + rng.normal(size=(350, 1))
    work = (lambda: npeet_mi(x, y, k=3), lambda: ip.mutual_information(x, y, ip.KSG()))
    seconds: list[list[float]] = [[], []]
    for _ in range(runs + 1):  # the first warms up
        for times, call in zip(seconds, work, strict=True):
            start = time.perf_counter()
            for _ in range(CALLS):
                call()
            times.append((time.perf_counter() - start) / CALLS)
    return median(seconds[0][1:]), median(seconds[1][1:])


def started(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": SRC}, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
