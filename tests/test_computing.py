"""The same numbers to the bit from one core, two cores and a Dask cluster, also when a worker is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from infoplane.core.errors import InfoplaneError
from infoplane.core.seeding import generator
from infoplane.pipeline import computing
from infoplane.pipeline.common import store
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.common.sections import Compute
from infoplane.pipeline.estimating.epochs import estimate_epochs
from infoplane.pipeline.measurements import measurement
from scratch import ROOT


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with four epochs of two layers."""
    root = tmp_path_factory.mktemp("store")
    rng = generator(0, "test_computing")
    x = rng.uniform(-3, 3, (60, 1))
    rows = store.Rows(x, x**2 + rng.normal(0, 0.2, x.shape), np.full(60, "train"), np.arange(60, dtype=np.int64))
    store.save_dataset(root, rows)
    for epoch in range(4):
        weights = rng.normal(size=(2, 1, 5))
        layers = {
            "layer_1": np.maximum(x @ weights, 0).astype(np.float32),
            "output": (x @ weights).astype(np.float32),
        }
        store.save_activations(root, epoch, store.Activations(layers, rows.row_id))
    return root


LIBRARY = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("cluster"), LIBRARY, LIBRARY) as address:
        yield address


@contextmanager
def running(folder: Path, scheduler: Mapping[str, str], workers: Mapping[str, str]) -> Iterator[str]:
    """The address of a real scheduler with two workers, each a process with this environment besides, on loopback."""
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    file = folder / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    log = (folder / "log").open("w")
    processes = [subprocess.Popen([*dask, *options], env=os.environ | scheduler, stderr=log)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file)]
    limits = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(folder), "--host", "127.0.0.1"]
    try:
        processes += [subprocess.Popen([*worker, *limits], env=os.environ | workers, stderr=log) for _ in range(2)]
        from distributed import Client

        with Client(scheduler_file=str(file), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        log.close()


def estimate(saved: Path, key: str, **compute: object) -> list[list[dict[str, object]]]:
    estimators = {key: {"estimator": key, "permutations": 19} if key == "ksg" else {"estimator": key}}
    config = Config({"estimators": estimators, "compute": compute})
    tasks = [(saved, measurement(config, key), 0, [epoch]) for epoch in range(4)]
    return list(computing.run(estimate_epochs, tasks, config.compute))


@pytest.mark.parametrize("key", ["binning", "ksg"])
def test_the_same_bits_wherever_they_are_computed(saved: Path, cluster: str, key: str) -> None:
    alone = estimate(saved, key, workers=1)
    assert len(alone[0]) == 8
    assert estimate(saved, key, workers=2) == alone
    assert estimate(saved, key, scheduler=cluster) == alone


def square_but_die_once(number: int, marker: Path) -> int:
    """Kills its own process the first time that it is asked for 3."""
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def test_a_killed_worker_loses_nothing(cluster: str, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    tasks = [(number, marker) for number in range(20)]
    assert list(computing.run(square_but_die_once, tasks, Compute(scheduler=cluster))) == [n**2 for n in range(20)]
    assert marker.exists(), "a worker was killed"


def refuse(number: int) -> int:
    raise InfoplaneError(f"number {number}: refused")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_task_is_the_error_of_the_run(workers: int) -> None:
    with pytest.raises(InfoplaneError, match="number 0: refused"):
        list(computing.run(refuse, [(0,), (1,)], Compute(workers=workers)))


@pytest.mark.parametrize("scheduler", [{}, LIBRARY])
def test_a_cluster_without_the_library_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheduler: Mapping[str, str]
) -> None:
    """A worker that is sent what it cannot import dies of it, and the run would wait for another for ever."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with (
        running(tmp_path, scheduler, {}) as address,
        pytest.raises(InfoplaneError, match=r"^compute\.scheduler: the worker at tcp://\S+ has no infoplane; start it"),
    ):
        list(computing.run(estimate_epochs, [()], Compute(scheduler=address)))


def test_no_scheduler_is_said_to_be_so() -> None:
    with pytest.raises(InfoplaneError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 "):
        list(computing.run(refuse, [(0,)], Compute(scheduler="tcp://127.0.0.1:9")))
