"""Brings a recorded run into the pipeline, which then in effect starts at `estimate`: nothing is trained."""

from pathlib import Path

import numpy as np

from ..core import folder
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
    epochs, run_id = folder.epochs(source), run.id_of(source)
    if not epochs:
        raise InfoplaneError(f"{source}: holds no activations/epoch_0000.npz or another epoch; {run.STEPS.missing}")
    if lost := run.lost(source, epochs):
        raise InfoplaneError(
            f"{folder.activations_path(source, lost[0])}: was recorded and is not there; bring it back"
        )
    rows, layers = store.load_dataset(root), None
    with files.replacing(store.activations_folder(root)) as new:
        for epoch in epochs:
            with folder.opened(source, epoch, run.STEPS) as found:
                if run_id is not None and found.run_id != run_id:
                    raise InfoplaneError(f"{found.path}: is of another run than {run.path(source)}; delete it")
                rows.places(found.row_id, str(found.path), run.STEPS)
                layers = layers or found.layers
                if found.layers != layers:
                    raise InfoplaneError(
                        f"{found.path}: holds other layers than epoch {epochs[0]}; {run.STEPS.damaged}"
                    )
                arrays = {name: found.layer(name).astype(np.float32) for name in layers}
                store.save_activations(new, epoch, store.Activations(arrays, found.row_id))
