"""Reads arrays that other programs saved: npy, npz, pt and safetensors. Nothing is ever unpickled."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..core import files
from ..core.errors import InfoplaneError
from ..reading import array

AGAIN = "save it again"


def arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by their names there; that of a file that holds one alone has the name "".

    Raises `InfoplaneError` for a file that is damaged, and for one that would have to be unpickled.
    """
    return KINDS[path.suffix](path)


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    return files.load_npz(path, AGAIN, AGAIN)


def _npy(path: Path) -> dict[str, NDArray[Any]]:
    return {"": array(path)}


def _pt(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import torch
    except ImportError:
        raise InfoplaneError(f"{path}: needs PyTorch; `pip install 'infoplane[torch]'`, or save npz") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch thinks of old files
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever damage makes of it
        unsafe = "weights_only" in str(error) or "Unsupported" in str(error)
        said = "it holds more than tensors, which is never unpickled" if unsafe else _line(error)
        raise InfoplaneError(f"{path}: cannot be read: {said}; save a dictionary of tensors, or npz") from None
    if isinstance(found, torch.Tensor):
        found = {"": found}
    if not isinstance(found, Mapping) or not all(isinstance(each, torch.Tensor) for each in found.values()):
        raise InfoplaneError(f"{path}: holds no dictionary of tensors; save one, with layers by name")
    return {str(name): _numpy(tensor) for name, tensor in found.items()}


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise InfoplaneError(f"{path}: needs safetensors; `pip install safetensors`, or save npz") from None
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InfoplaneError(f"{path}: cannot be read: {_line(error)}; {AGAIN}, as float32") from None


KINDS = {".npy": _npy, ".npz": _npz, ".pt": _pt, ".pth": _pt, ".safetensors": _safetensors}


def _numpy(tensor: Any) -> NDArray[Any]:
    found: NDArray[Any] = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    return found


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


EPOCH = re.compile(r"(?:^|[_\-. ])epoch[_\-. ]?(\d+)(?=$|[_\-. ])|^(\d+)$", re.IGNORECASE)


def by_epoch(source: Path) -> dict[int, list[tuple[str, Path]]]:
    """The files of each epoch, ascending, each with what its path says of the layer: `epoch_3/fc1.npy`,
    `fc1_epoch3.npy` and `3/fc1.npy` are epoch 3 and layer fc1, `epoch_3.npz` is epoch 3. A source without any number
    is epoch 0.

    Raises `InfoplaneError` where there is no file to read, and where only some say which epoch they are of.
    """
    if source.is_dir():
        there = [path for path in source.rglob("*") if path.suffix in KINDS and path.is_file()]
        base = source
    else:
        there, base = [source] if source.suffix in KINDS and source.is_file() else [], source.parent
    if not there:
        raise InfoplaneError(f"{source}: holds no {', '.join(KINDS)}; save the activations as one of them")
    found: dict[int, list[tuple[str, Path]]] = {}
    lost: list[Path] = []
    for path in sorted(there, key=_natural):
        epoch, rest = None, []
        for part in path.relative_to(base).with_suffix("").parts:
            match = EPOCH.search(part)
            if match and epoch is None:
                epoch, part = int(match[1] or match[2]), EPOCH.sub("", part, count=1).strip("_-. ")
            if part:
                rest.append(part)
        if epoch is None:
            lost.append(path)
        found.setdefault(epoch or 0, []).append((".".join(rest), path))
    if lost and len(lost) < len(there):
        raise InfoplaneError(f"{lost[0]}: does not say which epoch it is of; name it such as epoch_3/fc1.npy")
    return dict(sorted(found.items()))


def _natural(path: Path) -> list[Any]:
    """Sorts fc2 before fc10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", str(path))]
