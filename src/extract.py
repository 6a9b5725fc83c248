"""Records every layer's activations at every epoch: `data/activations/`."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import torch

from infoplane.activations import recorder
from infoplane.core.errors import InfoplaneError
from infoplane.pipeline import checkpoints, computing, recorded
from infoplane.pipeline.common import files, params, stage, store
from infoplane.pipeline.common.progress import track
from infoplane.pipeline.common.sections import Compute

DATA = Path("data")
BLOCK = 16  # epochs


def main() -> None:
    torch.set_num_threads(1)  # sums must not depend on how many cores there are
    config = params.load()
    stage.alone("extract", store.activations_folder(DATA))
    if config.dataset.is_recorded:
        recorded.copy_activations(Path(config.dataset.folder), DATA)
        return
    split, epochs = config.extract.split, store.checkpoint_epochs(DATA)
    *_, reason = _recorder(split, epochs[0])
    if reason is not None:
        print(f"infoplane: calling the replicates one by one, not stacked: {reason}", file=sys.stderr, flush=True)
    with files.replacing(store.activations_folder(DATA)) as root:
        tasks = [(root, split, epochs[0], epochs[start : start + BLOCK]) for start in range(0, len(epochs), BLOCK)]
        here = Compute(workers=config.compute.workers)  # too much data to send to a cluster and back
        for _ in track(computing.run(extract, tasks, here), len(tasks), "extract"):
            pass


def extract(root: Path, split: str, first: int, epochs: list[int]) -> None:
    """Writes the activations of these epochs below `root`."""
    rows, header, layers, _ = _recorder(split, first)
    for epoch in epochs:
        path = _path(epoch)
        checkpoint = checkpoints.read(path)
        if checkpoint.header != header.model_copy(update={"epoch": epoch}):
            raise InfoplaneError(f"{path}: belongs to another run or epoch; run `dvc repro train`")
        try:
            activations = store.Activations(layers(checkpoint.tensors), rows.row_id)
        except InfoplaneError as error:
            raise InfoplaneError(f"{path}: {error}") from None
        store.save_activations(root, epoch, activations)


@cache
def _recorder(split: str, first: int) -> tuple[store.Rows, checkpoints.Header, Any, str | None]:
    """Once per process: the rows of the split, the header of the first checkpoint, and a `recorder` of its networks."""
    torch.set_num_threads(1)
    rows, path = store.load_dataset(DATA).of(split), _path(first)
    header = checkpoints.read(path).header
    inputs = rows.x.shape[1]
    if header.inputs != inputs:
        raise InfoplaneError(f"{path}: its network has {header.inputs} inputs, but the data have {inputs}")
    networks = [checkpoints.network(header, str(path)) for _ in range(header.replicates)]
    return rows, header, *recorder(networks, torch.from_numpy(rows.x).float())


def _path(epoch: int) -> Path:
    return store.checkpoint_path(store.checkpoints_folder(DATA), epoch)


if __name__ == "__main__":
    stage.run(main)
