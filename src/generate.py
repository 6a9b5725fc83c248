"""Draws the dataset: `data/dataset.npz`."""

from pathlib import Path

import numpy as np

from infoplane.core import plugins
from infoplane.core.folder import Rows
from infoplane.core.seeding import generator
from infoplane.datasets._contract import draw
from infoplane.pipeline import own_files
from infoplane.pipeline.common import params, stage, store
from infoplane.pipeline.common.sections import Dataset, Drawn


def main() -> None:
    dataset = params.load().dataset
    store.save_dataset(Path("data"), drawn(dataset) if isinstance(dataset, Drawn) else read(dataset))


def read(dataset: Dataset) -> Rows:
    """What the person's own files hold."""
    module = plugins.load("datasets", dataset.generator, "dataset.generator")
    rows: Rows = module.read(own_files.given(dataset), dataset.seed, **dataset.params)
    return rows


def drawn(dataset: Drawn) -> Rows:
    law = plugins.load("datasets", dataset.generator, "dataset.generator").make(**dataset.params)
    name = f"src/infoplane/datasets/{dataset.generator}.py"
    x, y = draw(law, dataset.samples, generator(dataset.seed, "dataset"), name)
    # The probe has its own generator, so that asking for one does not change the training rows.
    probe_x, probe_y = draw(law, dataset.probe_samples, generator(dataset.seed, "probe"), name)
    order = generator(dataset.seed, "split").permutation(dataset.samples)
    split = np.full(dataset.samples, "train")
    split[order[: dataset.test_samples]] = "test"
    return Rows(
        x=np.concatenate([x, probe_x]),
        y=np.concatenate([y, probe_y]),
        split=np.concatenate([split, np.full(dataset.probe_samples, "probe")]),
        row_id=np.arange(dataset.samples + dataset.probe_samples, dtype=np.int64),
    )


if __name__ == "__main__":
    stage.run(main)
