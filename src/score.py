"""Compares the estimates with the exact truth of what they estimate: `data/scoreboard.csv`, `data/metrics.json`, and
`data/estimands.csv`, the truth that is not in `data/truth.csv`."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
from pathlib import Path

from infoplane import scoring
from infoplane.laws import KnownLaw
from infoplane.pipeline import computing, networks, networks_file, noisy_truth, other_truths, tables
from infoplane.pipeline.asked import unordered_ids
from infoplane.pipeline.common import files, params, stage
from infoplane.pipeline.common.config import Config
from infoplane.pipeline.common.progress import track

DATA = Path("data")


def main() -> None:
    config = params.load()
    stage.alone("score", DATA / "scoreboard.csv", DATA / "estimands.csv", DATA / "metrics.json")
    if networks_file.path(DATA).exists():
        save_estimands(config)
    results = tables.load_results(DATA, config.estimator_ids)
    board = scoring.scoreboard(results, unordered_ids(config))
    if not board:
        print("infoplane: no exact truth of these estimates, so the scoreboard has no rows", file=sys.stderr)
    files.save_table(DATA / "scoreboard.csv", board, scoring.COLUMNS)
    found = json.dumps(scoring.metrics(results, board), indent=2, sort_keys=True)
    files.write_atomically(DATA / "metrics.json", found.encode() + b"\n")


def save_estimands(config: Config) -> None:
    """The exact values of what the estimators of the run are estimates of; no rows where there are none."""
    asked, law, epochs = (
        other_truths.of_the_estimators(config),
        networks.law_of(config),
        networks_file.load(DATA).epochs,
    )
    if not isinstance(law, KnownLaw) or not epochs:
        asked, epochs = {}, []
    else:
        reasons = {each: other_truths.unknown(law, each) for each in asked}
        for reason in filter(None, reasons.values()):
            print(f"infoplane: {reason}; its estimators are not judged", file=sys.stderr)
        asked = {each: replicates for each, replicates in asked.items() if not reasons[each]}
    blocks = [epochs[start : start + other_truths.BLOCK] for start in range(0, len(epochs), other_truths.BLOCK)]
    tasks = [(config, DATA.resolve(), block, asked) for block in blocks if asked]
    found = computing.run(other_truths.values, tasks, config.compute)
    rows = [row for block in track(found, len(tasks), "estimands") for row in block]
    files.save_table(DATA / "estimands.csv", rows, noisy_truth.COLUMNS)


if __name__ == "__main__":
    stage.run(main)
