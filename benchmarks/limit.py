"""What no search of all pairs can be faster than: |a - b| and max, at the rate of this machine's vector unit.

    python benchmarks/limit.py

n points in d columns have n² d / 2 such operations on float64. The rate is that of a loop that does nothing
else: a row of points in a register against four others, all of it in the first cache.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from infoplane.neighbours._vectors import WIDTH, operation

OTHERS, COLUMNS, TIMES = 4, 128, 20_000


def _body(code: Any, row: Any, others: Any) -> Any:
    build = code.build
    columns = build.extract_value(row.shape, 0)

    def farther(u: Any, *farthest: Any) -> list[Any]:
        here = code.load(build.gep(code.row(row), [u]))
        places = [build.add(build.mul(columns.type(other), columns), u) for other in range(OTHERS)]
        there = [code.spread(build.load(build.gep(others.data, [place]))) for place in places]
        apart = [code.llvm("fabs", build.fsub(here, other)) for other in there]
        return [code.larger(away, far) for away, far in zip(apart, farthest, strict=True)]

    found, *more = code.loop(columns.type(0), columns, [code.load(code.row(row))] * OTHERS, farther)
    for far in more:
        found = code.larger(found, far)
    return code.llvm("vector.reduce.fmax", found, result=found.type.element)


@intrinsic
def _farthest(_context, row, others):  # type: ignore[no-untyped-def]
    return operation(types.float64, [row, others], _body)


@njit
def _repeated(row, others, times):  # type: ignore[no-untyped-def]
    total = 0.0
    for _ in range(times):
        total += _farthest(row, others)
        row[0, 0] = total * 1e-9  # or it would be computed once
    return total


def operations_per_second(runs: int = 9) -> float:
    """|a - b| and max of float64 on one core, the median of `runs`."""
    rng = np.random.default_rng(0)
    row, others = rng.normal(size=(COLUMNS, WIDTH)), rng.normal(size=(OTHERS, COLUMNS))
    _repeated(row, others, 1)
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        _repeated(row, others, TIMES)
        seconds.append(time.process_time() - start)
    return TIMES * OTHERS * COLUMNS * WIDTH / statistics.median(seconds)


def main() -> None:
    print(f"{operations_per_second() / 1e9:.1f} billion |a - b| and max a second, float64, one core")


if __name__ == "__main__":
    main()
