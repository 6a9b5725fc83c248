"""Draws the figures: `data/figures/NAME.png` and `.svg`."""

from pathlib import Path

from infoplane import figures
from infoplane.core import params, stage, store
from infoplane.figures import style
from infoplane.results import tables

DATA = Path("data")


def main() -> None:
    config = params.load()
    results = tables.load_results(DATA, config.estimator_ids)
    samples = len(store.load_dataset(DATA).of(config.extract.split).row_id)
    with style.look():
        for name, figure in figures.draw(results, tables.load_scoreboard(DATA), config.plot, samples):
            for suffix in ("png", "svg"):
                store.write_atomically(DATA / "figures" / f"{name}.{suffix}", style.encode(figure, suffix))


if __name__ == "__main__":
    stage.run(main)
