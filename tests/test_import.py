"""`infoplane import`: activations from elsewhere, in the forms in which people have them; hostile ones too."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from infoplane.pipeline.common import store
from scratch import ROOT

RNG = np.random.default_rng(0)
SAMPLES, EPOCHS = 40, (0, 2, 10)
Y = RNG.integers(0, 3, SAMPLES)
LAYERS = {
    epoch: {
        "fc2": RNG.normal(size=(SAMPLES, 4)).astype(np.float32),
        "fc10": RNG.normal(size=(SAMPLES, 2, 3, 3)).astype(np.float32),
    }
    for epoch in EPOCHS
}


def run(folder: Path, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "infoplane", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert code is None or done.returncode == code, done.stderr
    return done


def folder_of_folders(root: Path) -> None:
    for epoch, layers in LAYERS.items():
        (root / f"epoch_{epoch}").mkdir(parents=True)
        for name, values in layers.items():
            np.save(root / f"epoch_{epoch}/{name}.npy", values)


def numbered_folders(root: Path) -> None:
    folder_of_folders(root)
    for epoch in EPOCHS:
        (root / f"epoch_{epoch}").rename(root / f"{epoch:03d}")


def flat_files(root: Path) -> None:
    root.mkdir()
    for epoch, layers in LAYERS.items():
        for name, values in layers.items():
            np.save(root / f"{name}_epoch{epoch}.npy", values)


def npz(root: Path) -> None:
    root.mkdir()
    for epoch, layers in LAYERS.items():
        np.savez_compressed(root / f"run1-epoch-{epoch}.npz", **layers)


def npz_float64(root: Path) -> None:
    root.mkdir()
    for epoch, layers in LAYERS.items():
        np.savez(root / f"Epoch{epoch}.npz", **{name: values.astype(np.float64) for name, values in layers.items()})


def pt(root: Path) -> None:
    root.mkdir()
    for epoch, layers in LAYERS.items():
        tensors = {name: torch.from_numpy(values) for name, values in layers.items()}
        torch.save(tensors, root / f"epoch_{epoch}.pt")


def safetensors(root: Path) -> None:
    root.mkdir()
    for epoch, layers in LAYERS.items():
        save_file(layers, root / f"epoch_{epoch}.safetensors")


FORMS = [folder_of_folders, numbered_folders, flat_files, npz, npz_float64, pt, safetensors]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_folder(form: Callable[[Path], None], tmp_path: Path) -> None:
    form(tmp_path / "saved")
    np.save(tmp_path / "y.npy", Y)
    prefix = "run1." if form is npz else ""
    asked = ["--layers", f"{prefix}fc2", "--layers", f"{prefix}fc10"]  # the order of the network
    done = run(tmp_path, "import", "saved", "run", "--y", "y.npy", *asked)
    assert done.stdout == (
        f"imported 3 epochs from 0 to 10 of 2 layers ({prefix}fc2, {prefix}fc10) on 40 rows, y as 3 classes into run\n"
    )
    assert store.activation_epochs(tmp_path / "run") == list(EPOCHS)
    for epoch, layers in LAYERS.items():
        found = store.load_activations(tmp_path / "run", epoch)
        assert list(found.layers) == [f"{prefix}fc2", f"{prefix}fc10"]
        for name, values in layers.items():
            np.testing.assert_array_equal(found.layers[prefix + name][0], values.reshape(SAMPLES, -1), strict=True)
    np.testing.assert_array_equal(store.load_dataset(tmp_path / "run").y[:, 0], Y)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "saved", "y.npy"]


def test_what_is_imported_is_estimated(tmp_path: Path) -> None:
    npz_float64(tmp_path / "saved")
    names = np.array(["cat", "dog", "eel"])[Y]
    (tmp_path / "data.csv").write_text("x,kind\n" + "".join(f"{i / 7},{name}\n" for i, name in enumerate(names)))
    np.save(tmp_path / "ids.npy", np.arange(SAMPLES) + 7)
    more = ["--x", "data.csv:x", "--row-id", "ids.npy", "--dtype", "float16"]
    run(tmp_path, "import", "saved", "runs/a", "--y", "data.csv:kind", *more)
    rows = store.load_dataset(tmp_path / "runs/a")
    assert rows.classes is not None
    assert rows.classes[rows.y[:, 0]].tolist() == names.tolist()
    assert rows.row_id.tolist() == list(range(7, 47))
    assert run(tmp_path, "estimate", "runs/a", "--workers", "1").stdout.endswith(
        "wrote runs/a/estimates/mixed_ksg.csv\n"
    )


def test_one_file_is_epoch_0_and_files_are_in_natural_order(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", Y)
    (tmp_path / "saved").mkdir()
    for name, values in reversed(LAYERS[0].items()):
        np.save(tmp_path / f"saved/{name}.npy", values)
    assert "epoch 0 of 2 layers (fc2, fc10)" in run(tmp_path, "import", "saved", "a", "--y", "y.npy").stdout
    said = run(tmp_path, "import", "saved/fc2.npy", "b", "--y", "y.npy").stdout
    assert said.startswith("imported epoch 0 of 1 layers (fc2)")


HOSTILE = [
    "../../up",
    "/etc/abs",
    "a\nb",
    "=cmd|' /C calc'!A0",
    "+1",
    "@x",
    "-x",
    "row_id",
    "layers",
    "..",
    "c:\\d",
    "é",
]


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    torch.save({name: torch.from_numpy(LAYERS[0]["fc2"]) for name in HOSTILE}, tmp_path / "in/epoch_0.pt")
    np.save(tmp_path / "in/y.txt", Y)
    (tmp_path / "in/y.txt.npy").rename(tmp_path / "y.npy")
    run(tmp_path, "import", "in", "out/run", "--y", "y.npy")
    names = list(store.load_activations(tmp_path / "out/run", 0).layers)
    assert len(names) == len(HOSTILE)
    assert all(name[0] not in "=+-@." for name in names)
    assert not [name for name in names for bad in ("/", "\\", "\n", "..") if bad in name]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run"]
    run(tmp_path, "estimate", "out/run", "--workers", "1", "-e", "mixed_ksg")
    lines = (tmp_path / "out/run/estimates/mixed_ksg.csv").read_text().splitlines()
    assert len(lines) == len(HOSTILE) + 1


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def save(root: Path, name: str, values: Any) -> None:
    np.save(root / "saved" / name, values)


def spoilers() -> dict[str, tuple[Callable[[Path], Any], str]]:
    good = LAYERS[0]["fc2"]

    def torch_trap(root: Path) -> None:
        torch.save({"a": Trap(str(root / "sprung"))}, root / "saved/epoch_0/x.pt")

    def bare_trap(root: Path) -> None:
        (root / "saved/epoch_0/x.pt").write_bytes(pickle.dumps(Trap(str(root / "sprung"))))

    def numpy_trap(root: Path) -> None:
        np.save(root / "saved/epoch_0/x.npy", np.array([Trap(str(root / "sprung"))]), allow_pickle=True)

    def cut(root: Path) -> None:
        place = root / "saved/epoch_2/fc2.npy"
        place.write_bytes(place.read_bytes()[:200])

    def garbage(suffix: str) -> Callable[[Path], Any]:
        return lambda root: (root / f"saved/epoch_0/x{suffix}").write_bytes(b"\x93garbage" * 9)

    return {
        "other rows": (
            lambda root: save(root, "epoch_2/fc2.npy", good[:30]),
            "fc2.npy: has 30 rows and y 40",
        ),
        "no rows": (lambda root: save(root, "epoch_2/fc2.npy", np.float32(3)), "fc2.npy: is a single number and y 40"),
        "other units": (
            lambda root: save(root, "epoch_2/fc2.npy", good[:, :3]),
            "saved: fc2 has 3 units at epoch 2 and 4 at epoch 0; save the same of each",
        ),
        "a layer missing": (
            lambda root: (root / "saved/epoch_2/fc2.npy").unlink(),
            "saved: epoch 2 lacks the layer fc2 of epoch 0",
        ),
        "a layer more": (
            lambda root: save(root, "epoch_2/fc3.npy", good),
            "saved: epoch 2 has the layer fc3, which epoch 0 lacks",
        ),
        "NaN": (
            lambda root: save(root, "epoch_2/fc2.npy", np.where(np.arange(40)[:, None] == 7, np.nan, good)),
            "fc2.npy: holds NaN or infinity, first in row 7; leave this epoch out",
        ),
        "too large": (
            lambda root: save(root, "epoch_2/fc2.npy", 1e300 * good.astype(float)),
            "holds values that float32",
        ),
        "text": (lambda root: save(root, "epoch_2/fc2.npy", np.array(["a"] * 40)), "fc2.npy: holds <U1, not numbers"),
        "no epoch": (lambda root: save(root, "fc3.npy", good), "saved/fc3.npy: does not say which epoch it is of"),
        "twice": (
            lambda root: np.savez(root / "saved/epoch_0/x.npz", **{"a/b": good, "a_b": good}),
            "x.npz: the layer x.a_b comes twice in one epoch",
        ),
        "cut": (cut, "fc2.npy: cannot be read"),
        "not npz": (garbage(".npz"), "x.npz: cannot be read"),
        "not pt": (garbage(".pt"), "x.pt: cannot be read"),
        "not safetensors": (garbage(".safetensors"), "x.safetensors: cannot be read"),
        "a pickle in pt": (torch_trap, "x.pt: cannot be read: it holds more than tensors, which is never unpickled"),
        "a bare pickle": (bare_trap, "x.pt: cannot be read"),
        "a pickle in npy": (numpy_trap, "x.npy: cannot be read: it holds Python objects, which are never unpickled"),
        "a list in pt": (lambda root: torch.save([1], root / "saved/epoch_0/x.pt"), "x.pt: holds no dictionary of"),
        "nothing": (lambda root: (root / "saved").rename(root / "other"), "saved: holds no .npy, .npz, .pt"),
        "a full folder": (lambda root: (root / "run").write_text(""), "run: is there and not empty"),
        "too few labels": (lambda root: np.save(root / "y.npy", Y[:30]), "has 40 rows and y 30"),
    }


@pytest.mark.parametrize("name", spoilers())
def test_what_is_wrong_is_one_line_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    folder_of_folders(tmp_path / "saved")
    np.save(tmp_path / "y.npy", Y)
    spoil, said = spoilers()[name]
    spoil(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = run(tmp_path, "import", "saved", "run", "--y", "y.npy", code=2)
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("infoplane: ")
    assert done.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert not (tmp_path / "sprung").exists()


def test_a_pattern_that_matches_nothing_lists_the_layers(tmp_path: Path) -> None:
    folder_of_folders(tmp_path / "saved")
    np.save(tmp_path / "y.npy", Y)
    done = run(tmp_path, "import", "saved", "run", "--y", "y.npy", "--layers", "conv*", code=2)
    assert done.stderr == ("infoplane: saved/epoch_0: --layers: 'conv*' matches no layer; there are fc2, fc10\n")
    assert not (tmp_path / "run").exists()
