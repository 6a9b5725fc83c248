"""Where tasks are computed. The numbers do not depend on it."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from .config import Compute

Result = TypeVar("Result")


def run(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], compute: Compute) -> Iterator[Result]:
    """`function(*task)` for each of `tasks`, in their order, on `compute.workers` processes (0: all cores)."""
    workers = min(compute.workers or os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count() or 1, len(tasks))
    if workers <= 1:
        yield from (function(*task) for task in tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        futures = [pool.submit(function, *task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
