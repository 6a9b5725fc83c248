"""Estimates the mutual information of every layer and epoch with one estimator: `data/estimates/ID.csv`."""

import os

# One thread per process: the work is split over processes, and sums must not depend on the number of threads.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import sys
from functools import cache
from pathlib import Path

from infoplane.estimation import flags, values
from infoplane.pipeline import computing
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.progress import track
from infoplane.pipeline.estimating import truth
from infoplane.pipeline.estimating.epochs import chosen_epochs, estimate_epochs
from infoplane.pipeline.estimating.memory import Memory
from infoplane.pipeline.measurements import measurement

DATA, SCRATCH = Path("data"), Path(".infoplane/estimates")
BLOCK = 4  # epochs: few, so that no core waits long at the end, but enough to share the work on the target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("id", help="a key of `estimators` in params.yaml")
    config = params.load()
    asked = measurement(config, parser.parse_args().id)
    stage.alone(f"estimate@{asked.id}", store.estimates_path(DATA, asked.id))
    known_truth, law_is_known = truth.load(DATA)  # or the rows themselves have to tell what they can
    epochs = chosen_epochs(asked, store.activation_epochs(DATA))
    memory = Memory(SCRATCH, asked, config.seed, files.content(store.dataset_path(DATA)), law_is_known)

    @cache
    def key(epoch: int) -> str:
        return memory.key(epoch, files.content(store.activations_path(DATA, epoch)))

    # With an empty memory there is nothing to look up; each key is then made while the next epochs are estimated.
    known = {} if memory.is_empty() else memory.recall({epoch: key(epoch) for epoch in epochs})
    if known:
        print(f"estimate {asked.id}: {len(known)} of {len(epochs)} epochs are known", file=sys.stderr)
    new = [epoch for epoch in epochs if epoch not in known]
    blocks = [new[start : start + BLOCK] for start in range(0, len(new), BLOCK)]
    tasks = [(DATA.resolve(), asked, config.seed, block, law_is_known) for block in blocks]
    estimated = zip(blocks, computing.run(estimate_epochs, tasks, config.compute), strict=True)
    of_epochs = (
        (epoch, [row for row in rows if row["epoch"] == epoch]) for block, rows in estimated for epoch in block
    )
    for epoch, rows in track(of_epochs, len(new), f"estimate {asked.id}"):
        known[epoch] = rows
        memory.keep(key(epoch), rows)
    memory.forget_all_but([key(epoch) for epoch in epochs])
    rows = [row for epoch in epochs for row in known[epoch]]
    flags.mark(rows, asked.settings, known_truth)
    store.save_estimates(DATA, asked.id, rows, values.columns(asked.settings))


if __name__ == "__main__":
    stage.run(main)
