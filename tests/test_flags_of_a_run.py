"""Ten planted faults, the stages as they are run, and all ten flags in the tables, the metrics and the figures."""

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from infoplane.core.seeding import generator
from infoplane.pipeline.common import params, store
from tables_on_disk import TRUTH, write, write_ceiling, write_training

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = 60
ESTIMATORS = {
    "raw": {"estimator": "npeet", "permutations": 19, "measure": {"targets": ["y"]}},
    "near": {"estimator": "ksg"},
    "learnt": {"estimator": "neural", "steps": 4, "measure": {"targets": ["y"], "layers": ["whole"]}},
}
# (estimator, layer, target) -> what must be said of it.
PLANTED = {
    ("raw", "still", "y"): {"constant"},
    ("raw", "relu", "y"): {"dead_units", "ties"},
    ("raw", "wide", "y"): {"scale", "inside_null"},
    ("raw", "whole", "y"): {"above_ceiling", "dpi"},
    ("near", "whole", "x"): {"infinite", "saturated"},
    ("learnt", "whole", "y"): {"not_converged"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise of two scales, then the input itself: a gain with depth, above a ceiling said to be 0.1 bits."""
    path = tmp_path_factory.mktemp("run")
    data, rng = path / "data", generator(0, "planted")
    x = rng.uniform(-3, 3, (SAMPLES, 1))
    store.save_dataset(
        data, store.Rows(x, x + rng.normal(0, 0.1, x.shape), np.full(SAMPLES, "train"), np.arange(SAMPLES))
    )
    layers = {
        "still": np.ones((SAMPLES, 2)),
        "relu": np.maximum(x, 0) * [1.0, 0.0],
        "wide": rng.normal(size=(SAMPLES, 2)) * [0.001, 9.0],
        "whole": x,
    }
    for epoch in (0, 1):
        arrays = {name: t[None].astype(np.float32) for name, t in layers.items()}
        store.save_activations(data, epoch, store.Activations(arrays, np.arange(SAMPLES)))
    write_training(data, 1, (0, 1))
    write_ceiling(data, 0.1)
    write(data / "truth.csv", [(0, epoch, "whole", "x", "inf") for epoch in (0, 1)], TRUTH)
    settings = dict(params.read(ROOT / "params.yaml"))
    settings |= {"estimators": ESTIMATORS, "plot": {"answer": {"raw": "raw"}}, "compute": {"workers": 1}}
    (path / "params.yaml").write_text(yaml.safe_dump(settings))
    for stage in (*(f"estimate.py {key}" for key in ESTIMATORS), "score.py", "plot.py"):
        script, *arguments = stage.split()
        subprocess.run([sys.executable, ROOT / "src" / script, *arguments], cwd=path, check=True)
    return data


def words(run: Path) -> dict[tuple[str, str, str], list[set[str]]]:
    """By estimator, layer and target, a set an epoch; `ties:4` counts as `ties`."""
    found: dict[tuple[str, str, str], list[set[str]]] = {}
    for key in ESTIMATORS:
        with (run / f"estimates/{key}.csv").open() as file:
            for row in csv.DictReader(file):
                flags = {word.partition(":")[0] for word in filter(None, row["flags"].split(";"))}
                found.setdefault((key, row["layer"], row["target"]), []).append(flags)
    return found


def test_each_fault_is_flagged_where_it_is(run: Path) -> None:
    found = words(run)
    for place, expected in PLANTED.items():
        assert len(found[place]) == 2
        assert all(expected <= flags for flags in found[place]), place
    assert set().union(*PLANTED.values()) == set().union(*(flags for epochs in found.values() for flags in epochs))
    assert "scale" not in found["near", "wide", "y"][0], "ksg standardises"


def test_the_metrics_count_them(run: Path) -> None:
    counted = json.loads((run / "metrics.json").read_text())["flags"]
    expected = {key: Counter[str]() for key in ESTIMATORS}
    for (key, _, _), epochs in words(run).items():
        expected[key].update(flag for flags in epochs for flag in flags)
    assert counted == expected


def test_the_figures_mark_them(run: Path) -> None:
    """matplotlib leaves each text of an svg in a comment."""
    for name, target in (("target_information", "y"), ("input_information", "x")):
        svg = (run / f"figures/{name}.svg").read_text()
        flags = {flag for (_, _, of), epochs in words(run).items() if of == target for each in epochs for flag in each}
        for flag in set().union(*PLANTED.values()):
            assert (f"<!-- flag: {flag} -->" in svg) == (flag in flags)
