"""Estimates the mutual information of every layer and epoch with one estimator: `data/estimates/ID.csv`."""

import os

# One thread a process: the work is split over processes, and sums must not depend on the number of threads.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from pathlib import Path

from infoplane import computing, estimation, flags, params, stage, store
from infoplane.progress import track

DATA = Path("data")
BLOCK = 8  # epochs: few enough for a smooth progress bar, enough to share the target's side


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("id", help="a key of `estimators` in params.yaml")
    config = params.load()
    estimator = config.estimator(parser.parse_args().id)
    truth = store.load_truth(DATA)
    epochs = estimation.chosen_epochs(estimator, store.activation_epochs(DATA))
    blocks = [epochs[start : start + BLOCK] for start in range(0, len(epochs), BLOCK)]
    tasks = [(DATA, estimator, config.seed, block) for block in blocks]
    results = computing.run(estimation.estimate_epochs, tasks, config.compute)
    rows = [row for found in track(results, len(tasks), f"estimate {estimator.id}") for row in found]
    flags.mark_truth(rows, truth, shuffled=estimator.measure.pairs == "shuffled")
    store.save_estimates(DATA, estimator.id, rows, estimation.columns(estimator))


if __name__ == "__main__":
    stage.run(main)
