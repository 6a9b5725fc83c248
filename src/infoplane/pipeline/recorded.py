"""Brings a recorded run into the pipeline, which then in effect starts at `estimate`: nothing is trained."""

from pathlib import Path

import numpy as np

from ..core.errors import InfoplaneError
from ..recording import run
from .common import files, store


def publish_no_training(root: Path) -> None:
    """No checkpoints, and a training.csv without rows."""
    with files.replacing(store.checkpoints_folder(root)):
        pass
    store.save_training(root, np.zeros((0, 0, 2), dtype=np.float32))


def copy_activations(source: Path, root: Path) -> None:
    """All epochs of the run in `source`, checked, with the same layers in each.

    Raises `InfoplaneError` for epochs that were lost, damaged files, and rows that the dataset lacks.
    """
    epochs = run.epochs(source)
    rows, layers = store.load_dataset(root), None
    with files.replacing(store.activations_folder(root)) as new:
        for epoch in epochs:
            with run.opened(source, epoch) as found:
                rows.places(found.row_id, str(found.path), run.STEPS)
                layers = layers or found.layers
                if found.layers != layers:
                    raise InfoplaneError(
                        f"{found.path}: holds other layers than epoch {epochs[0]}; {run.STEPS.damaged}"
                    )
                arrays = {name: found.layer(name).astype(np.float32) for name in layers}
                store.save_activations(new, epoch, store.Activations(arrays, found.row_id))
