"""Files whose bytes follow from what they hold."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from infoplane.pipeline.common import files

ARRAYS = {"b": np.arange(6.0, dtype=np.float32).reshape(2, 3), "a": np.array(["train", "test"])}


def test_an_npz_is_what_numpy_reads(tmp_path: Path) -> None:
    files.save_npz(tmp_path / "one.npz", ARRAYS)
    with np.load(tmp_path / "one.npz", allow_pickle=False) as found:
        assert found.files == list(ARRAYS)
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(found[name], array, strict=True)
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]


def test_nothing_in_an_npz_goes_with_the_day_or_with_python(tmp_path: Path) -> None:
    """The zip64 field that np.savez forces has another place in each version of Python; here there is none."""
    files.save_npz(tmp_path / "one.npz", ARRAYS)
    content = (tmp_path / "one.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.npz") as archive:
        for entry in archive.infolist():
            assert (entry.date_time, entry.extra) == ((1980, 1, 1, 0, 0, 0), b"")
            (extra_of_local_header,) = struct.unpack_from("<H", content, entry.header_offset + 28)
            assert extra_of_local_header == 0


def test_what_needs_a_pickle_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        files.save_npz(tmp_path / "one.npz", {"a": np.array([{}])})
