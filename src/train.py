"""Trains all replicates: one checkpoint per epoch in `data/checkpoints/`, the losses in `data/training.csv`."""

import sys
from pathlib import Path

import torch

from infoplane.core import devices, plugins
from infoplane.pipeline import recorded
from infoplane.pipeline.checkpoints import Header
from infoplane.pipeline.common import params, stage, store
from infoplane.pipeline.common.progress import track
from infoplane.pipeline.scratch import Scratch, fingerprint
from infoplane.training import replicates
from infoplane.training.settings import Train

DATA, SCRATCH = Path("data"), Path(".infoplane/train")


def main() -> None:
    torch.set_num_threads(1)  # sums must not depend on the number of cores, and small networks gain nothing
    config = params.load()
    stage.alone("train", store.checkpoints_folder(DATA), store.training_path(DATA))
    if config.dataset.is_recorded:
        print("infoplane: dataset.folder holds recorded activations, so nothing is trained", file=sys.stderr)
        recorded.publish_no_training(DATA)
        return
    train, model = config.of(Train, "train"), config.model
    device = devices.found(train.device, "train.device")
    rows = store.load_dataset(DATA)
    splits = {split: rows.of(split) for split in ("train", "test")}
    fitted, tested = splits.values()
    data = replicates.data((fitted.x, fitted.y), (tested.x, tested.y), device)
    inputs, outputs = rows.x.shape[1], rows.outputs
    network = plugins.load("models", model.architecture, "model.architecture")

    settings = {
        "train": train.model_dump(by_alias=True, exclude={"epochs", "device"}) | {"device": device.type},
        "model": model.model_dump(mode="json"),
    }
    arrays = {f"{split} {name}": getattr(part, name) for split, part in splits.items() for name in "xy"}
    scratch = Scratch(
        SCRATCH,
        fingerprint(settings, arrays),
        lambda epoch: Header(epoch=epoch, model=model, inputs=inputs, outputs=outputs, replicates=train.replicates),
    )
    start = scratch.latest()
    done = 0 if start is None else start.epoch + 1
    if done:
        print(f"infoplane: epochs 0 to {done - 1} are in {scratch.folder}", file=sys.stderr, flush=True)
    snapshots = replicates.run(train, lambda: network.build(inputs, outputs, **model.params), data, start)
    for snapshot in track(snapshots, max(train.epochs + 1 - done, 0), "train"):
        scratch.save(snapshot)
    scratch.publish(DATA, train.epochs)


if __name__ == "__main__":
    stage.run(main)
