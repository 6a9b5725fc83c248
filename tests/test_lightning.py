"""The callback, in real Lightning where that is installed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import infoplane as ip
from infoplane.pipeline.common import store
from scratch import ROOT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype(np.float32)
Y = RNG.integers(0, 2, 40)


MISSING = """
import sys
for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
    sys.modules[name] = None
import infoplane as ip
try:
    ip.LightningRecorder([[0.0]], y=[0.0], folder="run")
except ip.InfoplaneError as error:
    print(error)
"""


def test_where_lightning_is_missing_one_line_says_so(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", MISSING], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "LightningRecorder: needs Lightning; `pip install lightning`\n", done.stderr


def fitted(tmp_path: Path, epochs: int = 3, **trainer: Any) -> dict[str, Tensor]:
    """The weights after a training with dropout, batch norm and shuffled rows."""
    pl = pytest.importorskip("lightning.pytorch")

    class Net(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.2), nn.Linear(4, 2))

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)  # type: ignore[no-any-return]

        def training_step(self, batch: Any, _: int) -> Tensor:
            return nn.functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.1, momentum=0.9)

    torch.manual_seed(0)
    model = Net()
    rows = DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=10, shuffle=True)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    pl.Trainer(
        max_epochs=epochs, accelerator="cpu", enable_checkpointing=False, default_root_dir=tmp_path, **quiet, **trainer
    ).fit(model, rows)
    return dict(model.state_dict())


@pytest.mark.filterwarnings("ignore")
def test_it_records_every_epoch_and_disturbs_nothing(tmp_path: Path) -> None:
    alone = fitted(tmp_path)
    recorder = ip.LightningRecorder(X, y=Y, folder=tmp_path / "run", module="net", quiet=True)
    watched = fitted(tmp_path, callbacks=[recorder])
    assert all(torch.equal(alone[name], watched[name]) for name in alone)
    assert store.activation_epochs(tmp_path / "run") == [0, 1, 2, 3]
    assert list(store.load_activations(tmp_path / "run", 3).layers) == ["2", "4"]
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.2), nn.Linear(4, 2)).eval()
    model.load_state_dict({name.removeprefix("net."): tensor for name, tensor in watched.items()})
    with torch.no_grad():
        last = model(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(store.load_activations(tmp_path / "run", 3).layers["4"][0], last, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_every_other_epoch_and_the_last(tmp_path: Path) -> None:
    pytest.importorskip("lightning.pytorch")
    recorder = ip.LightningRecorder(X, y=Y, folder=tmp_path / "run", every=2, layers=["net.*"], quiet=True)
    fitted(tmp_path, 5, callbacks=[recorder])
    assert store.activation_epochs(tmp_path / "run") == [0, 2, 4, 5]
    assert recorder.recorder is not None
    assert recorder.recorder.layers == ["net.0", "net.1", "net.2", "net.3", "net.4"]
    with pytest.raises(ip.InfoplaneError, match="already holds epochs 0 to 5"):
        fitted(tmp_path, 5, callbacks=[ip.LightningRecorder(X, y=Y, folder=tmp_path / "run")])
    with pytest.raises(ip.InfoplaneError, match="module: no part is called 'body'; there are net"):
        fitted(tmp_path, 5, callbacks=[ip.LightningRecorder(X, y=Y, folder=tmp_path / "b", module="body")])
