"""Does the conclusion hold? Plots an estimate against one of its settings, from saved activations.

    python src/sweep.py ksg k=1,2,3,5,10,20,50 --epochs 0,500 --layers layer_4,output
    python src/sweep.py ksg measure.samples=50,100,200,350
    python src/sweep.py binning bins=5,10,20,30,50
    python src/sweep.py kde noise_variance=0.01,0.05,0.2

Writes data/sweeps/ID_SETTING.csv, .png and .svg. It trains nothing and changes no result of the pipeline. ID is an
estimator of params.yaml, or one of conf/estimators/ that the experiment leaves out.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from pathlib import Path

import pandas as pd

from infoplane.core.errors import InfoplaneError
from infoplane.figures import style, sweep
from infoplane.pipeline import computing, tables
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.progress import track
from infoplane.pipeline.estimating.epochs import chosen_epochs, estimate_epochs
from infoplane.pipeline.measurements import measurement, with_estimators

DATA, OFFERED = Path("data"), Path("conf/estimators")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("id", help="a key of `estimators` in params.yaml, or a file of conf/estimators/")
    parser.add_argument("setting", metavar="SETTING=V1,V2,...", help="a setting of the estimator, with values to try")
    parser.add_argument("--epochs", metavar="E1,E2,...", help="epochs to plot (default: the first and the last)")
    parser.add_argument("--layers", metavar="L1,L2,...", help="layers to plot (default: all)")
    arguments = parser.parse_args()
    setting, _, listed = arguments.setting.partition("=")
    if not listed:
        raise InfoplaneError(f"{arguments.setting}: not SETTING=V1,V2,...; see --help")
    config, key = params.load(), arguments.id
    if key not in config.estimator_ids and (OFFERED / f"{key}.yaml").is_file():
        config = with_estimators(config, params.read(OFFERED / f"{key}.yaml"))
    measurement(config, key)  # raises for an unknown id, before overrides could create it
    available = store.activation_epochs(DATA)
    epochs = _numbers(arguments.epochs) if arguments.epochs else sorted({available[0], available[-1]})
    fixed = {f"{key}.measure.epochs": epochs, f"{key}.measure.targets": ["y"]}
    if arguments.layers:
        fixed[f"{key}.measure.layers"] = arguments.layers.split(",")
    # Validate every value before computing any.
    values = [params.parsed(value) for value in listed.split(",")]
    estimators = [measurement(with_estimators(config, fixed | {f"{key}.{setting}": value}), key) for value in values]
    epochs = chosen_epochs(estimators[0], available)
    tasks = [(DATA, estimator, config.seed, [epoch]) for estimator in estimators for epoch in epochs]
    found = computing.run(estimate_epochs, tasks, config.compute)
    rows = [
        {setting: value} | row
        for value, block in zip(
            [value for value in values for _ in epochs], track(found, len(tasks), f"sweep {key}"), strict=True
        )
        for row in block
    ]
    name = f"{key}_{setting.replace('.', '_')}"
    columns = list(dict.fromkeys(column for row in rows for column in row))
    files.save_table(DATA / "sweeps" / f"{name}.csv", rows, columns)
    with style.look():
        figure = sweep.figure(pd.DataFrame(rows), key, setting, tables.load_truth(DATA), *tables.load_ceiling(DATA))
        for suffix in ("png", "svg"):
            files.write_atomically(DATA / "sweeps" / f"{name}.{suffix}", style.encode(figure, suffix))
    print(DATA / "sweeps" / f"{name}.png")


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise InfoplaneError(f"--epochs: {text!r} is not a list of numbers such as 0,500") from None


if __name__ == "__main__":
    stage.run(main)
