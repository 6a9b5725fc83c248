"""Runs tasks on this machine's cores. The numbers do not depend on how many there are."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(
    function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], workers: int | None = None
) -> Iterator[Result]:
    """`function(*task)` for each of `tasks`, in their order, by so many processes, or one a core.

    Raises what the function raises.
    """
    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1  # process_cpu_count: Python 3.13 and later
    workers = min(workers or cores, len(tasks))
    if workers <= 1:
        yield from (function(*task) for task in tasks)
        return
    # A forked worker already has all imports. Where fork is missing, or unsafe (macOS), workers are spawned.
    method = "fork" if sys.platform == "linux" else "spawn"
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(method)) as pool:
        futures = [pool.submit(function, *task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
