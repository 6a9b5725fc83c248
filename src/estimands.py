"""The exact value of what each estimator is an estimate of, where that is not I(T;Y) itself: `data/estimands.csv`."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import sys
from pathlib import Path

from infoplane.laws import KnownLaw
from infoplane.pipeline import computing, networks, noisy_truth, other_truths
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.progress import track

DATA = Path("data")


def main() -> None:
    config = params.load()
    asked, law, rows = other_truths.of_the_estimators(config), networks.law_of(config), []
    if isinstance(law, KnownLaw) and not networks.missing(config):
        reasons = {each: other_truths.unknown(law, each) for each in asked}
        for reason in filter(None, reasons.values()):
            print(f"infoplane: {reason}; its estimators are not judged", file=sys.stderr)
        asked = {each: replicates for each, replicates in asked.items() if not reasons[each]}
        epochs = noisy_truth.chosen_epochs(config.truth, store.activation_epochs(DATA))
        blocks = [epochs[start : start + other_truths.BLOCK] for start in range(0, len(epochs), other_truths.BLOCK)]
        tasks = [(config, DATA.resolve(), block, asked) for block in blocks if asked]
        found = computing.run(other_truths.values, tasks, config.compute)
        rows = [row for block in track(found, len(tasks), "estimands") for row in block]
    files.save_table(DATA / "estimands.csv", rows, noisy_truth.COLUMNS)


if __name__ == "__main__":
    stage.run(main)
