"""Recording layers: against numpy, in eval mode, in order, and what the stage refuses."""

import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from omegaconf import OmegaConf
from torch import Tensor, nn

from infoplane import stacking
from infoplane.activations import Layers, recorder
from infoplane.core.errors import InfoplaneError
from infoplane.models import mlp
from infoplane.pipeline import checkpoints
from infoplane.pipeline.checkpoints import Checkpoint, Header
from infoplane.pipeline.common import store
from infoplane.pipeline.common.sections import Model

SRC = Path(__file__).resolve().parent.parent / "src"
X = np.random.default_rng(0).normal(size=(20, 1)).astype(np.float32)


def networks(build: Callable[[], Any], count: int = 3) -> list[nn.Module]:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return [build() for _ in range(count)]


def recorded(build: Callable[[], Any]) -> tuple[Layers, dict[str, NDArray[Any]]]:
    """Layers of networks that hold other weights than those the recorder was made with."""
    tensors = stacking.Stack(networks(build, 6)[3:]).tensors()
    record, _ = recorder(networks(build), torch.from_numpy(X))
    return record(tensors), tensors


def test_layers_are_what_numpy_computes() -> None:
    layers, tensors = recorded(lambda: mlp.build(1, 2, hidden=[4, 3]))
    assert list(layers) == ["layer_1", "layer_2", "output"]
    for r in range(3):
        t = X.astype(np.float64)
        for name, prefix in (
            ("layer_1", "layer_1.linear"),
            ("layer_2", "layer_2.linear"),
            ("output", "output"),
        ):
            t = t @ tensors[f"{prefix}.weight"][r].T + tensors[f"{prefix}.bias"][r]
            t = t if name == "output" else np.maximum(t, 0)
            np.testing.assert_allclose(layers[name][r], t, rtol=1e-4, atol=1e-6)
    assert all(values.dtype == np.float32 for values in layers.values())


def test_eval_mode_and_each_replicates_own_buffers(capsys: pytest.CaptureFixture[str]) -> None:
    layers, _ = recorded(lambda: nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)))
    assert capsys.readouterr().err == ""
    np.testing.assert_allclose(layers["1"], layers["0"] / np.sqrt(1 + 1e-5), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layers["2"], layers["1"])


def test_a_layer_that_writes_in_place_leaves_the_one_before_as_it_was() -> None:
    layers, _ = recorded(lambda: nn.Sequential(nn.Linear(1, 8), nn.ReLU(inplace=True), nn.Linear(8, 1)))
    assert (layers["0"] < 0).any()
    np.testing.assert_array_equal(layers["1"], np.maximum(layers["0"], 0))


def test_an_output_of_more_dimensions_is_flattened_a_sample() -> None:
    def build() -> nn.Module:
        shape = nn.Unflatten(1, (1, 2, 3))
        return nn.Sequential(nn.Linear(1, 6), shape, nn.Conv2d(1, 4, 2), nn.Flatten(), nn.Linear(8, 1))

    layers, tensors = recorded(build)
    assert layers["1"].shape == (3, 20, 6)
    assert layers["2"].shape == (3, 20, 8)
    np.testing.assert_array_equal(layers["1"], layers["0"])
    image = layers["0"][1].reshape(20, 2, 3)
    kernel, bias = tensors["2.weight"][1, :, 0], tensors["2.bias"][1]
    for channel in range(4):
        for column in range(2):
            expected = (image[:, :, column : column + 2] * kernel[channel]).sum(axis=(1, 2)) + bias[channel]
            np.testing.assert_allclose(layers["2"][1, :, 2 * channel + column], expected, rtol=1e-4, atol=1e-6)


class Recurrent(nn.Module):
    """vmap has no rule for its middle."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.output = nn.Linear(1, 4), Last(), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Any:
        return self.output(self.middle(self.first(x)))


class Last(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(4, 4, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        return self.gru(x[:, None])[0][:, 0]


def test_what_vmap_cannot_take_is_called_one_by_one() -> None:
    assert recorder(networks(lambda: mlp.build(1, 2, hidden=[4])), torch.from_numpy(X))[1] is None
    assert recorder(networks(Recurrent), torch.from_numpy(X))[1]
    layers, tensors = recorded(Recurrent)
    each = networks(Recurrent, 6)[3:]
    for r, network in enumerate(each):
        first = network.first(torch.from_numpy(X))  # type: ignore[operator]
        np.testing.assert_array_equal(layers["first"][r], first.detach())
        np.testing.assert_array_equal(layers["output"][r], network(torch.from_numpy(X)).detach())
        np.testing.assert_array_equal(tensors["first.weight"][r], network.first.weight.detach())  # type: ignore


class Odd(nn.Module):
    """A network with a fault in its layers."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault, self.first = fault, nn.Linear(1, 1)
        self.second: nn.Module = nn.LSTM(1, 1) if fault == "tuple" else nn.Linear(1, 1)
        if fault == "reserved":
            self.layers = nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Any:
        x = self.first(x)
        if self.fault == "idle":
            return x
        if self.fault == "twice":
            return self.second(self.second(x))
        if self.fault == "tuple":
            return self.second(x)[0]
        return self.layers(self.second(x))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("idle", "layer second is never called"),
        ("twice", "layer second is called twice"),
        ("tuple", "layer second puts out a tuple"),
        ("reserved", "cannot be named layers"),
    ],
)
def test_a_child_that_is_no_layer_is_named(fault: str, complaint: str) -> None:
    with pytest.raises(InfoplaneError, match=complaint):
        recorded(lambda: Odd(fault))


def test_values_that_overflow_are_named() -> None:
    each = networks(lambda: mlp.build(1, 1, hidden=[2, 2], activation="identity"))
    tensors = stacking.Stack(each).tensors()
    tensors["layer_1.linear.weight"][1] = 1e30
    tensors["layer_2.linear.weight"][1] = 1e30
    with pytest.raises(InfoplaneError, match=r"layer layer_2 .*NaN or infinity \(replicate 1\)"):
        recorder(each, torch.from_numpy(X))[0](tensors)


MODEL = Model(architecture="mlp", params={"hidden": [4], "activation": "relu"})


@pytest.fixture
def extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Runs src/extract.py in a folder that holds a dataset and checkpoints of epochs 0 and 1."""
    monkeypatch.chdir(tmp_path)
    x = np.arange(20.0)[:, None] / 10
    split = np.array(["train", "test"] * 8 + ["probe"] * 4)
    store.save_dataset(Path("data"), store.Rows(x, x**2, split, np.arange(100, 120)))
    for epoch in (0, 1):
        checkpoint(epoch)
    threads = torch.get_num_threads()

    def run(split: str = "test") -> None:
        write_params(split, 1)
        runpy.run_path(str(SRC / "extract.py"))["main"]()

    yield run
    torch.set_num_threads(threads)


def write_params(split: str, workers: int) -> None:
    law = {"generator": "quadratic", "samples": 20, "test_fraction": 0.4, "probe_samples": 4, "seed": 0}
    sections = {"dataset": law, "extract": {"split": split}, "compute": {"workers": workers}}
    OmegaConf.save(OmegaConf.create(sections), "params.yaml")


def checkpoint(number: int, **changes: Any) -> Path:
    """Writes the checkpoint of epoch `number`, which its weights follow from, its header changed."""
    header = Header(**({"epoch": number, "model": MODEL, "inputs": 1, "outputs": 1, "replicates": 2} | changes))
    each = networks(lambda: mlp.build(1, 1, hidden=[4]), 2 + number)[number:]
    path = store.checkpoint_path(store.checkpoints_folder(Path("data")), number)
    checkpoints.write(path, Checkpoint(header, stacking.Stack(each).tensors()))
    return path


@pytest.mark.parametrize("split", ["train", "test", "probe"])
def test_the_stage_writes_the_split_in_its_order(extract: Callable[..., None], split: str) -> None:
    extract(split)
    rows = store.load_dataset(Path("data")).of(split)
    for epoch in (0, 1):
        found = store.load_activations(Path("data"), epoch)
        np.testing.assert_array_equal(found.row_id, rows.row_id)
        assert list(found.layers) == ["layer_1", "output"]
        tensors = checkpoints.read(store.checkpoint_path(Path("data/checkpoints"), epoch)).tensors
        weight, bias = tensors["layer_1.linear.weight"], tensors["layer_1.linear.bias"]
        expected = np.maximum(rows.x[None] @ weight.transpose(0, 2, 1) + bias[:, None], 0)
        np.testing.assert_allclose(found.layers["layer_1"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("extract")
def test_two_workers_write_what_one_does() -> None:
    for number in range(2, 20):
        checkpoint(number)
    write_params("test", 1)
    subprocess.run([sys.executable, SRC / "extract.py"], check=True)
    alone = {path.name: path.read_bytes() for path in Path("data/activations").iterdir()}
    write_params("test", 2)
    subprocess.run([sys.executable, SRC / "extract.py"], check=True)
    assert {path.name: path.read_bytes() for path in Path("data/activations").iterdir()} == alone
    assert len(alone) == 20


def test_epochs_that_are_no_more_are_no_more_extracted(extract: Callable[..., None]) -> None:
    extract()
    store.checkpoint_path(Path("data/checkpoints"), 1).unlink()
    extract()
    assert store.activation_epochs(Path("data")) == [0]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"epoch": 3}, r"epoch_0001\.safetensors: belongs to another run or epoch"),
        ({"outputs": 2}, r"epoch_0001\.safetensors: belongs to another run or epoch"),
        ({"replicates": 3}, r"epoch_0001\.safetensors: .* 3 replicates"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_the_earlier_result_stays(
    extract: Callable[..., None], changes: dict[str, Any], complaint: str
) -> None:
    extract()
    before = store.activations_path(Path("data"), 0).read_bytes()
    checkpoint(1, **changes)
    with pytest.raises(InfoplaneError, match=complaint):
        extract("train")
    assert store.activations_path(Path("data"), 0).read_bytes() == before
    assert store.activation_epochs(Path("data")) == [0, 1]


def test_checkpoints_that_do_not_fit_are_refused(extract: Callable[..., None]) -> None:
    for epoch in (0, 1):
        checkpoint(epoch, inputs=2)
    with pytest.raises(InfoplaneError, match=r"epoch_0000\.safetensors: its network has 2 inputs, but the data have 1"):
        extract()
    wide = Model(architecture="mlp", params={"hidden": [5], "activation": "relu"})
    for epoch in (0, 1):
        checkpoint(epoch, model=wide)
    with pytest.raises(InfoplaneError, match=r"epoch_0000\.safetensors: layer_1\.linear\.weight: .*\(2, 4, 1\)"):
        extract()
