"""Checkpoints: the same bytes for the same weights, and one line of complaint about anything else."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from infoplane.core.errors import InfoplaneError
from infoplane.pipeline import checkpoints
from infoplane.pipeline.checkpoints import Checkpoint, Header
from infoplane.pipeline.common import store
from infoplane.pipeline.common.sections import Model

MODEL = Model(architecture="mlp", params={"hidden": [2], "activation": "relu"})
HEADER = Header(epoch=7, model=MODEL, inputs=1, outputs=1, replicates=3)
RNG = np.random.default_rng(0)
TENSORS = {
    "b": RNG.normal(size=(3, 2)).astype(np.float32),
    "a": RNG.normal(size=(3, 2, 1)).astype(np.float32),
}


def saved(path: Path, header: Header = HEADER, **tensors: np.ndarray) -> Path:
    checkpoints.write(path / "epoch_0007.safetensors", Checkpoint(header, TENSORS | tensors))
    return path / "epoch_0007.safetensors"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = checkpoints.read(saved(tmp_path, steps=np.array([1, 2, 3])))
    assert found.header == HEADER
    assert found.tensors.keys() == {"a", "b", "steps"}
    np.testing.assert_array_equal(found.tensors["a"], TENSORS["a"])
    np.testing.assert_array_equal(found.replicate(1)["b"], TENSORS["b"][1])
    assert found.replicate(1)["steps"] == 2


def test_bytes_depend_on_the_weights_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    checkpoints.write(one, Checkpoint(HEADER, TENSORS))
    params = dict(reversed(MODEL.params.items()))
    header = HEADER.model_copy(update={"model": Model(architecture="mlp", params=params)})
    checkpoints.write(other, Checkpoint(header, dict(reversed(TENSORS.items()))))
    assert one.read_bytes() == other.read_bytes()


def complaint(path: Path) -> str:
    with pytest.raises(InfoplaneError) as caught:
        checkpoints.read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "not there" in complaint(tmp_path / "epoch_0000.safetensors")


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    path = saved(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert "cannot be read" in complaint(path)


def test_weights_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    path.write_bytes(save(TENSORS))
    assert "not a checkpoint of infoplane" in complaint(path)
    path.write_bytes(save(TENSORS, {"infoplane": "{"}))
    assert "cannot be read" in complaint(path)
    for header in ("[]", "{}", '{"epoch": 1}'):
        path.write_bytes(save(TENSORS, {"infoplane": header}))
        assert "header" in complaint(path)


def test_a_header_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.safetensors"
    newer = HEADER.model_dump_json().replace('"format":1', '"format":2')
    path.write_bytes(save(TENSORS, {"infoplane": newer}))
    assert "header.format" in complaint(path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "epoch_0000.safetensors"
    torch.save({"a": torch.zeros(1)}, path)
    assert "cannot be read" in complaint(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    assert "a holds NaN or infinity" in complaint(saved(tmp_path, a=np.full((3, 2, 1), value, np.float32)))


def test_tensors_must_have_a_row_a_replicate(tmp_path: Path) -> None:
    assert "a has shape (2, 4)" in complaint(saved(tmp_path, a=np.zeros((2, 4), np.float32)))
    assert "a has shape ()" in complaint(saved(tmp_path, a=np.zeros((), np.float32)))


def test_the_header_rebuilds_the_network_and_names_its_source() -> None:
    network = checkpoints.network(HEADER, "here")
    assert [tuple(p.shape) for p in network.parameters()] == [(2, 1), (2,), (1, 2), (1,)]
    for key, params in (
        ("architecture", {}),
        ("hidden", {"hidden": "two"}),
        ("depth", {"hidden": [2], "depth": 3}),
    ):
        architecture = "nothing" if key == "architecture" else "mlp"
        header = HEADER.model_copy(update={"model": Model(architecture=architecture, params=params)})
        with pytest.raises(InfoplaneError, match=rf"here: model\.{key}"):
            checkpoints.network(header, "here")


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_damaged_byte_is_refused_or_harmless(tmp_path_factory: pytest.TempPathFactory, place: int, byte: int) -> None:
    """Whatever byte is wrong, what is read is finite and has the shapes of its header, or is refused."""
    header = HEADER.model_dump_json()
    content = bytearray(save(TENSORS, {"infoplane": header}))
    content[place % len(content)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(bytes(content))
    try:
        found = checkpoints.read(path)
    except InfoplaneError:
        return
    for tensor in found.tensors.values():
        assert len(tensor) == found.header.replicates
        assert np.isfinite(tensor).all()


def test_a_missing_epoch_is_named(tmp_path: Path) -> None:
    for epoch in (0, 1, 3):
        checkpoints.write(store.checkpoint_path(store.checkpoints_folder(tmp_path), epoch), Checkpoint(HEADER, TENSORS))
    with pytest.raises(InfoplaneError, match=r"epoch_0002\.safetensors: not there; run `dvc repro train`"):
        store.checkpoint_epochs(tmp_path)
