"""Recording a loop of one's own: what is written, and that training goes on as if nothing had looked."""

import copy
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import infoplane as ip
from infoplane.core import folder as files
from infoplane.pipeline.common import store
from infoplane.recording import recorder as recording
from infoplane.recording import run
from scratch import ROOT

RNG = np.random.default_rng(0)
X = torch.from_numpy(RNG.normal(size=(37, 3, 8, 8)).astype(np.float32))
Y = RNG.integers(0, 3, 37)


class Noisy(nn.Module):
    """Draws from every generator and writes into a buffer, in eval mode too."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.calls = self.calls + 0.5  # another tensor
        return x + 1e-3 * torch.randn_like(x) + 1e-3 * random.random() + 1e-3 * np.random.random()  # noqa: NPY002


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        Noisy(),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(4 * 64, 5),
        nn.Tanh(),
        nn.Linear(5, 3),
    )


def seeded(build: Callable[[], Any]) -> Any:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    return build()


def train(model: nn.Module, each_epoch: Callable[[int], None]) -> dict[str, Any]:
    """Three epochs with momentum, and all that they leave behind."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(3):
        for rows in torch.randperm(len(X)).split(10):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[rows]), torch.from_numpy(Y)[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        each_epoch(epoch)
    return {
        "state": {name: tensor.clone() for name, tensor in model.state_dict().items()},
        "gradients": [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None],
        "modes": [module.training for module in model.modules()],
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": np.random.get_state()[1],  # noqa: NPY002
    }


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)


def frozen_norm() -> nn.Module:
    model = convolutional().train()
    model[1].eval()
    return model


@pytest.mark.parametrize("build", [convolutional, frozen_norm])
def test_training_is_the_same_to_the_bit(build: Callable[[], nn.Module], tmp_path: Path) -> None:
    alone = train(seeded(build), lambda _: None)
    model = seeded(build)
    recorder = ip.ActivationRecorder(model, X, y=Y, folder=tmp_path, batch=10, quiet=True)
    watched = train(model, recorder.save)
    assert equal(alone, watched)
    other = train(seeded(build), lambda _: torch.rand(1))
    assert not equal(alone, other), "one number drawn would be seen"


def test_gradients_that_wait_for_their_step_are_kept(tmp_path: Path) -> None:
    """Between backward and step, between forward and backward, and inside the caller's autocast."""
    results = []
    for watched in (False, True):
        model = seeded(convolutional)
        recorder = ip.ActivationRecorder(model, X, y=Y, folder=tmp_path / str(watched), quiet=True)
        torch.manual_seed(2)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if watched:
                recorder.save(0)
            loss = nn.functional.cross_entropy(model(X), torch.from_numpy(Y))
            if watched:
                recorder.save(1)
        loss.backward()  # type: ignore[no-untyped-call]
        if watched:
            recorder.save(2)
        results.append([parameter.grad for parameter in model.parameters()])
    assert equal(*results)
    assert all(grad is not None for grad in results[0])


def test_what_is_written_is_what_the_layers_put_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Dropout(), nn.Flatten(), nn.Linear(4 * 36, 3))
    ids = np.arange(37)[::-1] + 100
    recorder = ip.ActivationRecorder(model, X, y=Y, folder=tmp_path, row_id=ids, batch=7)
    said = capsys.readouterr().err
    assert said == recorder.summary + "\n"
    assert "2 layers on 37 rows, y as 3 classes, 0.0 MB an epoch" in said
    assert "ReLU, 4 x 6 x 6" in said
    recorder.save(3)
    assert model.training
    model.eval()
    found = store.load_activations(tmp_path, 3)
    assert list(found.layers) == recorder.layers == ["1", "4"]
    np.testing.assert_array_equal(found.row_id, ids)
    with torch.no_grad():
        np.testing.assert_allclose(found.layers["1"][0], model[:2](X).flatten(1), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.layers["4"][0], model(X), rtol=1e-5, atol=1e-6)
    rows = store.load_dataset(tmp_path)
    np.testing.assert_array_equal(rows.x, X.flatten(1))
    np.testing.assert_array_equal(rows.y[:, 0], Y)
    assert rows.classes is None
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        *("activations", "dataset.npz", "epoch_0003.npz", "run.json")
    ]


class Many(nn.Module):
    """Attention, recurrent, and a layer that is called twice; rows are in the second dimension inside."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 6)
        self.encoder = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0)
        self.rnn = nn.LSTM(6, 5)
        self.act = nn.Tanh()
        self.idle = nn.Linear(2, 2)
        self.out = nn.utils.parametrizations.weight_norm(nn.Linear(5, 5))

    def forward(self, x: Tensor, shift: Tensor) -> Tensor:
        t = self.encoder(self.embed(x.transpose(0, 1)) + shift)
        out, _ = self.rnn(t)
        return self.act(self.out(self.act(out[-1])))


SERIES = torch.from_numpy(RNG.normal(size=(37, 6, 4)).astype(np.float32))
SHIFT = torch.from_numpy(RNG.normal(size=(37, 6)).astype(np.float32))


def test_attention_recurrent_layers_and_layers_called_twice(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Many()
    wanted = ["encoder.self_attn", "encoder", "rnn", "act", "out"]
    how = {"rnn": "last", "encoder": "mean", "**": "flatten"}
    recorder = ip.ActivationRecorder(
        model, (SERIES, SHIFT), y=Y, folder=tmp_path, layers=wanted, reduce=how, batch=8, quiet=True
    )
    assert recorder.layers == ["encoder.self_attn", "encoder", "rnn", "act:1", "out", "act:2"]
    recorder.save(0)
    found = {name: t[0] for name, t in store.load_activations(tmp_path, 0).layers.items()}
    model.eval()
    with torch.no_grad():
        t = model.embed(SERIES.transpose(0, 1)) + SHIFT
        attended, _ = model.encoder.self_attn(t, t, t)
        encoded = model.encoder(t)
        series, _ = model.rnn(encoded)
    expected = {
        "encoder.self_attn": attended.transpose(0, 1).flatten(1),
        "encoder": encoded.mean(0),
        "rnn": series[-1],
        "act:1": torch.tanh(series[-1]),
        "out": model.out(torch.tanh(series[-1])).detach(),
    }
    expected["act:2"] = torch.tanh(expected["out"])
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert store.load_dataset(tmp_path).x.shape == (37, 0), "several arguments are no one array"


def test_a_grid_and_a_mean_over_space(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    for how in ("mean", "grid:2"):
        recorder = ip.ActivationRecorder(model, X, y=Y, folder=tmp_path / how[:4], reduce=how, quiet=True)
        recorder.save(0)
    with torch.no_grad():
        t = model(X).numpy().reshape(37, 4, 2, 4, 2, 4)
    means = store.load_activations(tmp_path / "mean", 0).layers["1"][0]
    np.testing.assert_allclose(means, t.mean((2, 3, 4, 5)), rtol=1e-5)
    cells = store.load_activations(tmp_path / "grid", 0).layers["1"][0]
    np.testing.assert_allclose(cells, t.mean((3, 5)).reshape(37, -1), rtol=1e-5)


def test_wide_layers_are_averaged_and_that_is_said(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 80, 3, padding=1), nn.Conv2d(80, 2, 3), nn.Flatten(), nn.Linear(72, 2000))
    recorder = ip.ActivationRecorder(model, X, y=Y, folder=tmp_path, quiet=True)
    assert recorder.summary.splitlines()[1:] == [
        "  0  Conv2d, 80 x 8 x 8, mean over space or time: 80",
        "  1  Conv2d, 2 x 6 x 6, mean over space or time: 2",
        "  3  Linear, 2000",
    ]


def test_by_default_what_a_person_would_plot() -> None:
    layers = nn.Sequential(
        *(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(36, 5), nn.Dropout(), nn.Linear(5, 3), nn.Softmax(1)),
    )
    from infoplane.recording import calls

    found = calls.calls(layers.eval(), lambda rows: layers(X[:rows]))
    assert calls.plotted(found, layers) == ["2", "5", "7"]


def test_float16_is_half_as_large_and_read_as_floats(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 50))
    for dtype in ("float32", "float16"):
        ip.ActivationRecorder(model, X, y=Y, folder=tmp_path / dtype, dtype=dtype, quiet=True).save(0)
    wide, narrow = (store.load_activations(tmp_path / dtype, 0).layers["1"] for dtype in ("float32", "float16"))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, wide, rtol=1e-3, atol=1e-4)
    sizes = [files.activations_path(tmp_path / dtype, 0).stat().st_size for dtype in ("float32", "float16")]
    assert sizes[0] - sizes[1] == 37 * 50 * 2


def test_an_epoch_too_large_for_memory_is_gathered_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 50))
    ip.ActivationRecorder(model, X, y=Y, folder=tmp_path / "a", quiet=True).save(0)
    monkeypatch.setattr(recording, "IN_MEMORY", 100)
    ip.ActivationRecorder(model, X, y=Y, folder=tmp_path / "b", quiet=True).save(0)
    one, other = (store.load_activations(tmp_path / name, 0).layers["1"] for name in "ab")
    np.testing.assert_array_equal(one, other, strict=True)
    assert [path.name for path in (tmp_path / "b").glob(".*")] == []


def labels_and_what_is_kept() -> dict[str, tuple[Any, NDArray[Any], list[str] | None]]:
    words = np.array(["eel", "cat", "dog"])[Y]
    codes = np.unique(words, return_inverse=True)[1]
    return {
        "words": (words, codes, ["cat", "dog", "eel"]),
        "a list": (words.tolist(), codes, ["cat", "dog", "eel"]),
        "integers": (Y * 10, Y * 10, None),
        "a tensor": (torch.from_numpy(Y), Y, None),
        "bools": (Y > 0, (Y > 0).astype(int), ["False", "True"]),
        "numbers": (Y + 0.5, Y + 0.5, None),
    }


@pytest.mark.parametrize("form", labels_and_what_is_kept())
def test_labels_keep_their_names(form: str, tmp_path: Path) -> None:
    given, kept, names = labels_and_what_is_kept()[form]
    ip.ActivationRecorder(nn.Flatten(), X, y=given, folder=tmp_path, quiet=True)
    rows = store.load_dataset(tmp_path)
    np.testing.assert_array_equal(rows.y[:, 0], kept)
    assert rows.has_labels == (form != "numbers")
    assert (None if rows.classes is None else rows.classes.tolist()) == names


LOOP = """
import sys, torch, infoplane as ip
torch.manual_seed(0)
model = torch.nn.Linear(4000, 2000)
x = torch.randn(2000, 4000)
recorder = ip.ActivationRecorder(model, x, y=x[:, :1].double(), folder=sys.argv[1], resume=True)
for epoch in range(10**6):
    recorder.save(epoch)
    print(epoch, flush=True)
"""


def test_a_killed_run_leaves_whole_epochs_and_goes_on(tmp_path: Path) -> None:
    """Killed while it writes, since it does little else."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for times in (2, 4):
        with subprocess.Popen(
            [sys.executable, "-c", LOOP, tmp_path / "run"], env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            for _ in range(times):
                last = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
        there = store.activation_epochs(tmp_path / "run")
        assert there[: last + 1] == list(range(last + 1))
        for epoch in there:
            assert store.load_activations(tmp_path / "run", epoch).layers["model"].shape == (1, 2000, 2000)
    ip.ActivationRecorder(nn.Flatten(), X, y=Y, folder=tmp_path / "other", quiet=True).save(0)
    (tmp_path / "other/activations/.epoch_0001.4711.npz").write_bytes(b"half")
    ip.ActivationRecorder(nn.Flatten(), X, y=Y, folder=tmp_path / "other", quiet=True, resume=True)
    assert [path.name for path in (tmp_path / "other/activations").iterdir()] == ["epoch_0000.npz"], "no litter stays"


def test_two_runs_do_not_mix(tmp_path: Path) -> None:
    def made(folder: str = "run", **other: Any) -> ip.ActivationRecorder:
        arguments = {"model": nn.Linear(3, 2), "x": X[:, :, 0, 0], "y": Y, "quiet": True} | other
        return ip.ActivationRecorder(**arguments, folder=tmp_path / folder)

    first = made()
    second = made()  # nothing was saved yet, so that this is the same person trying again
    with pytest.raises(ip.InfoplaneError, match="another run records here now"):
        first.save(0)
    second.save(0)
    second.save(1)
    kept = (tmp_path / "run/activations/epoch_0001.npz").read_bytes()
    with pytest.raises(ip.InfoplaneError, match=r"already holds epochs 0 to 1 of a run; choose another folder"):
        made()
    for other, said in (
        ({"y": Y[::-1]}, "holds a run on other rows"),
        ({"model": nn.Linear(3, 5)}, "holds a run with other layers"),
        ({"dtype": "float16"}, "holds a run with other dtype"),
    ):
        with pytest.raises(ip.InfoplaneError, match=said):
            made(resume=True, **other)
    assert (tmp_path / "run/activations/epoch_0001.npz").read_bytes() == kept
    made(resume=True).save(2)
    second.save(3)
    assert store.activation_epochs(tmp_path / "run") == [0, 1, 2, 3]
    assert (tmp_path / "run/activations/epoch_0001.npz").read_bytes() == kept
    (tmp_path / "run/run.json").write_text('{"run')
    with pytest.raises(ip.InfoplaneError, match=r"run\.json: is damaged"):
        second.save(4)


class Strange(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({"=cmd|' /C calc'!A0": nn.Linear(3, 2), "up/etc": nn.Linear(2, 2)})
        self.add_module("a\nb", nn.Linear(2, 2))
        self.add_module("/etc/abs", nn.Linear(2, 2))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.parts.values():
            x = layer(x)
        return self.get_submodule("/etc/abs")(self.get_submodule("a\nb")(x))  # type: ignore[no-any-return]


def test_hostile_names_of_layers_stay_in_the_folder(tmp_path: Path) -> None:
    recorder = ip.ActivationRecorder(Strange(), X[:, :, 0, 0], y=Y, folder=tmp_path / "run", quiet=True)
    recorder.save(0)
    assert recorder.layers == ["parts._cmd_C_calc_A0", "parts.up_etc", "a_b", "_etc_abs"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert "\n" not in recorder.layers[2]


class Diverges(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.inner(x))


def test_nan_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    model = Diverges()
    recorder = ip.ActivationRecorder(model, X[:, :, 0, 0], y=Y, folder=tmp_path, batch=5, quiet=True)
    recorder.save(0)
    before = copy.deepcopy(model.state_dict())
    model.inner.weight.data[1] = torch.nan
    with pytest.raises(ip.InfoplaneError, match="layer inner: NaN or infinity at epoch 1 in row 0; the training div"):
        recorder.save(1)
    assert model.training
    assert store.activation_epochs(tmp_path) == [0]
    model.load_state_dict(before)
    recorder.save(1)
    model.inner.weight.data *= 1e6
    narrow = ip.ActivationRecorder(model, X[:, :, 0, 0], y=Y, folder=tmp_path / "b", dtype="float16", quiet=True)
    with pytest.raises(ip.InfoplaneError, match="beyond 65504"):
        narrow.save(0)


class Changing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 2)
        self.times = 1

    def forward(self, x: Tensor) -> Tensor:
        return sum(self.a(x) for _ in range(self.times)) + torch.zeros(2)  # type: ignore[no-any-return]


def test_a_network_that_changes_is_refused(tmp_path: Path) -> None:
    model = Changing()
    model.times = 2
    recorder = ip.ActivationRecorder(model, X[:, :, 0, 0], y=Y, folder=tmp_path, quiet=True)
    assert recorder.layers == ["a:1", "a:2"]
    model.times = 1
    with pytest.raises(ip.InfoplaneError, match="layer a: was called 1 times, not 2 as before"):
        recorder.save(0)


def refusals() -> dict[str, tuple[dict[str, Any], str]]:
    return {
        "pattern": ({"layers": ["fc*"]}, "layers: 'fc*' matches no layer; there are 0, 1, 2, "),
        "idle": ({"model": Many(), "x": (SERIES, SHIFT), "layers": "idle"}, "layers: idle is there but never called"),
        "rows": ({"y": Y[:20]}, "x: has 37 rows and y 20; pair them row by row"),
        "few": ({"x": X[:3], "y": Y[:3]}, "x: has 3 rows; at least 4 are needed"),
        "parts": ({"x": (X, X[:5])}, "x: its parts have [5, 37] rows"),
        "number": ({"x": 3.0}, "x: is a single number"),
        "NaN": ({"x": torch.where(X > 2, torch.nan, X)}, "x: row "),
        "reduce": ({"reduce": "median"}, "reduce: 'median' is not known; give one of"),
        "grid": ({"reduce": "grid:0"}, "reduce: 'grid:0' is not known"),
        "reduce nothing": ({"reduce": {"fc1": "mean"}}, "reduce: 'fc1' matches no layer"),
        "dtype": ({"dtype": "int8"}, "dtype: 'int8' is not known"),
        "batch": ({"batch": 0}, "batch: 0 is no number of rows"),
        "model": ({"model": lambda x: x}, "model: is a function, not a torch.nn.Module"),
        "lazy": ({"model": nn.LazyLinear(3)}, "model: has layers that do not know their size yet"),
        "row_id": ({"row_id": np.zeros(37, int)}, "row_id: give 37 different whole numbers"),
        "no rows out": ({"model": nn.Sequential(nn.Flatten(0))}, "model: none of its layers puts out a value for each"),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_is_wrong_is_said_in_one_line_before_anything_is_written(name: str, tmp_path: Path) -> None:
    wrong, said = refusals()[name]
    with pytest.raises(ip.InfoplaneError) as caught:
        ip.ActivationRecorder(**({"model": convolutional(), "x": X, "y": Y, "folder": tmp_path} | wrong))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ip.InfoplaneError, match=r"epoch: -1 is not 0, 1, 2"):
        ip.ActivationRecorder(nn.Flatten(), X, y=Y, folder=tmp_path, quiet=True).save(-1)


def test_names_of_rows_are_those_of_the_run(tmp_path: Path) -> None:
    ip.ActivationRecorder(nn.Flatten(), X, y=Y, folder=tmp_path, quiet=True).save(0)
    with files.opened(tmp_path, 0, run.STEPS) as epoch:
        assert epoch.run_id == run.id_of(tmp_path)


def test_compiled_networks_and_those_in_parallel_are_looked_into(tmp_path: Path) -> None:
    results = []
    for number, wrap in enumerate((lambda m: m, compiled, compiled_in_place, nn.DataParallel)):
        torch.manual_seed(0)
        model = wrap(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)))
        model(X[:, :, 0, 0])
        recorder = ip.ActivationRecorder(model, X[:, :, 0, 0], y=Y, folder=tmp_path / str(number), quiet=True)
        recorder.save(0)
        results.append(store.load_activations(tmp_path / str(number), 0).layers)
    for found in results:
        assert list(found) == ["1", "2"]
        np.testing.assert_allclose(found["2"], results[0]["2"], rtol=1e-5, atol=1e-6)


def compiled(model: nn.Module) -> Any:
    return torch.compile(model, backend="eager")


def compiled_in_place(model: nn.Module) -> nn.Module:
    model.compile(backend="eager")
    return model


def test_memory_goes_with_the_batch(tmp_path: Path) -> None:
    """The wide layer of all rows at once would be eight times as large as that of a batch."""
    seen: list[int] = []
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh())
    model[0].register_forward_hook(lambda _layer, _args, out: seen.append(len(out)))
    ip.ActivationRecorder(model, X[:, :, 0, 0], y=Y, folder=tmp_path, batch=5, quiet=True).save(0)
    assert max(seen) == 5
    assert sum(seen) == 2 + 3 + 37


def test_where_torch_is_missing_one_line_says_so(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["torch"] = None
import infoplane as ip
try:
    ip.ActivationRecorder(None, [[0.0]], y=[0.0], folder="run")
except ip.InfoplaneError as error:
    print(error)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "ActivationRecorder: needs PyTorch; `pip install 'infoplane[torch]'`\n", done.stderr
