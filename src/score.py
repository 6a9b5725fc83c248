"""Compares the estimates with the exact truth: `data/scoreboard.csv` and `data/metrics.json`."""

import json
import sys
from pathlib import Path

from infoplane import scoring
from infoplane.pipeline import tables
from infoplane.pipeline.asked import unordered_ids
from infoplane.pipeline.common import files, params, stage

DATA = Path("data")


def main() -> None:
    config = params.load()
    results = tables.load_results(DATA, config.estimator_ids)
    board = scoring.scoreboard(results, unordered_ids(config))
    if not board:
        print("infoplane: no exact truth for these estimates, so the scoreboard has no rows", file=sys.stderr)
    files.save_table(DATA / "scoreboard.csv", board, scoring.COLUMNS)
    found = json.dumps(scoring.metrics(results, board), indent=2, sort_keys=True)
    files.write_atomically(DATA / "metrics.json", found.encode() + b"\n")


if __name__ == "__main__":
    stage.run(main)
