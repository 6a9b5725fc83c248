"""Records every layer's activations at every epoch: `data/activations/`."""

from pathlib import Path

import torch

from infoplane.activations import recorder
from infoplane.core import params, stage, store
from infoplane.core.errors import InfoplaneError
from infoplane.core.progress import track
from infoplane.networks import checkpoints

DATA = Path("data")


def main() -> None:
    torch.set_num_threads(1)  # sums must not depend on how many cores there are
    rows = store.load_dataset(DATA).of(params.load().extract.split)
    epochs = store.checkpoint_epochs(DATA)
    paths = {epoch: store.checkpoint_path(store.checkpoints_folder(DATA), epoch) for epoch in epochs}
    first = checkpoints.read(paths[epochs[0]]).header
    inputs = rows.x.shape[1]
    if first.inputs != inputs:
        raise InfoplaneError(f"{paths[epochs[0]]}: its network has {first.inputs} inputs, the data {inputs}")
    networks = [checkpoints.network(first, str(paths[epochs[0]])) for _ in range(first.replicates)]
    layers = recorder(networks, torch.from_numpy(rows.x).float())
    with store.replacing(store.activations_folder(DATA)) as root:
        for epoch in track(epochs, len(epochs), "extract"):
            checkpoint = checkpoints.read(paths[epoch])
            if checkpoint.header != first.model_copy(update={"epoch": epoch}):
                raise InfoplaneError(f"{paths[epoch]}: of another run or epoch; run `dvc repro train`")
            try:
                activations = store.Activations(layers(checkpoint.tensors), rows.row_id)
            except InfoplaneError as error:
                raise InfoplaneError(f"{paths[epoch]}: {error}") from None
            store.save_activations(root, epoch, activations)


if __name__ == "__main__":
    stage.run(main)
