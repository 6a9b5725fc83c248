"""Draws the figures: `data/figures/NAME.png` and `.svg`."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from infoplane import figures
from infoplane.figures import style
from infoplane.pipeline import computing, tables
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.sections import Compute
from infoplane.training.settings import Train

DATA = Path("data")


def main() -> None:
    config = params.load()
    results = tables.load_results(DATA, config.estimator_ids)
    samples = len(store.load_dataset(DATA).of(config.extract.split).row_id)
    loss_name = config.of(Train, "train").loss.target.removeprefix("torch.nn.")
    drawings = figures.drawings(
        results, tables.load_scoreboard(DATA), samples, loss_name, config.plot.answer, config.plot.hidden_layer
    )
    here = Compute(workers=config.compute.workers)  # too little work to send to a cluster
    for _ in computing.run(save, list(drawings.items()), here):
        pass


def save(name: str, drawing: Callable[[], Figure]) -> None:
    with style.look():
        figure = drawing()
        for suffix in ("png", "svg"):
            files.write_atomically(DATA / "figures" / f"{name}.{suffix}", style.encode(figure, suffix))


if __name__ == "__main__":
    stage.run(main)
