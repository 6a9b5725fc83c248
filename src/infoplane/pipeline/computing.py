"""Computes tasks on this machine's cores or on a Dask cluster. The numbers do not depend on where."""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, TypeVar

from ..core import cores
from ..core.errors import InfoplaneError
from .common.sections import Compute

Result = TypeVar("Result")


def run(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], compute: Compute) -> Iterator[Result]:
    """`function(*task)` for each of `tasks`, in their order.

    Raises what the function raises, and `InfoplaneError` where no Dask scheduler answers or has no infoplane.
    """
    if compute.scheduler is not None:
        yield from _on_dask(function, tasks, compute.scheduler)
        return
    yield from cores.run(function, tasks, compute.workers)


def _on_dask(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], scheduler: str) -> Iterator[Result]:
    """If a worker dies, another one computes its task again.

    A worker that cannot import its task dies, and the task then waits for another worker. So check each worker first.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InfoplaneError("compute.scheduler: needs Dask; `pip install 'infoplane[dask]'`") from None
    try:
        client = Client(scheduler, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InfoplaneError(
            f"compute.scheduler: no Dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`"
        ) from None
    library, start = __name__.partition(".")[0], "start it with PYTHONPATH=src, see docs/cluster.md"
    with client:
        workers = list(client.scheduler_info(n_workers=-1)["workers"])
        # Other workers are allowed, since one may die.
        where = [{"workers": [worker], "allow_other_workers": True, "pure": False} for worker in workers]
        probes = [client.submit(find_spec, library, **one) for one in where]
        if lacking := [worker for worker, probe in zip(workers, probes, strict=True) if probe.result() is None]:
            raise InfoplaneError(f"compute.scheduler: the worker at {lacking[0]} has no {library}; {start}")
        if not workers:
            print(f"infoplane: waiting for a worker at {scheduler}", file=sys.stderr, flush=True)
        futures = [client.submit(function, *task, pure=False) for task in tasks]
        for future in futures:
            try:
                result = future.result()
            except RuntimeError as error:
                if not isinstance(error.__cause__, ImportError):
                    raise
                raise InfoplaneError(f"compute.scheduler: {error.__cause__} at {scheduler}; {start}") from None
            yield result
