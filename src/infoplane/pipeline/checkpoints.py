"""Checkpoints: the weights of every replicate at one epoch, and what rebuilds the network. No pickled code.

A checkpoint is a safetensors file: each tensor by its parameter's name, `(replicates, ...)`, and a header. Reading one
does not need PyTorch.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..core import plugins
from ..core.errors import InfoplaneError
from ..core.validation import Count, Section, checked
from .common import files
from .common.sections import Model

KEY = "infoplane"  # the key of the header; only one, since the order of several would differ from run to run


class Header(Section):
    format: Literal[1] = 1
    epoch: Annotated[int, Field(ge=0)]
    model: Model
    inputs: Count
    outputs: Count
    replicates: Count


@dataclass(frozen=True)
class Checkpoint:
    """`tensors` are `(replicates, ...)` by parameter name."""

    header: Header
    tensors: dict[str, NDArray[Any]]

    def replicate(self, number: int) -> dict[str, NDArray[Any]]:
        return {name: tensor[number] for name, tensor in self.tensors.items()}


def write(path: Path, checkpoint: Checkpoint) -> None:
    """The same checkpoint gives the same bytes."""
    values = checkpoint.header.model_dump(mode="json")
    header = json.dumps(values | {"blake2b": digest(values, checkpoint.tensors)}, sort_keys=True)
    files.write_atomically(path, save(checkpoint.tensors, {KEY: header}))


def digest(header: object, tensors: Mapping[str, NDArray[Any]]) -> str:
    """Of all that a file says, since safetensors has no checksum."""
    found = hashlib.blake2b(json.dumps(header, sort_keys=True).encode(), digest_size=20)
    for name, tensor in sorted(tensors.items()):
        found.update(f"\0{name}\0{tensor.dtype}{tensor.shape}\0".encode() + tensor.tobytes())
    return found.hexdigest()


def read(path: Path) -> Checkpoint:
    """Raises `InfoplaneError` for a file that is not one of our checkpoints, is damaged, or holds NaN."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        if KEY not in metadata:
            raise InfoplaneError(f"{path}: not a checkpoint of infoplane; make it again with `dvc repro train`")
        values = json.loads(metadata[KEY])
        written = values.pop("blake2b", None) if isinstance(values, dict) else None
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; run `dvc repro train`, or `dvc pull {path.parent}`") from None
    except (SafetensorError, OSError, TypeError, json.JSONDecodeError, RecursionError) as error:
        raise InfoplaneError(f"{path}: cannot be read ({error}); make it again with `dvc repro train`") from None
    header = checked(Header, values, f"{path}: header")
    if written != digest(values, tensors):
        raise InfoplaneError(f"{path}: is not as it was written; make it again with `dvc repro train`")
    for name, tensor in tensors.items():
        if tensor.shape[:1] != (header.replicates,):
            raise InfoplaneError(
                f"{path}: {name} has shape {tensor.shape}, not a row for each of "
                f"{header.replicates} replicates; make it again with `dvc repro train`"
            )
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise InfoplaneError(f"{path}: {name} holds NaN or infinity; lower train.optimizer.lr")
    return Checkpoint(header, tensors)


def network(header: Header, source: str) -> Any:
    """The `torch.nn.Module` that the header describes, with untrained weights; errors name `source`."""
    module = plugins.load("models", header.model.architecture, f"{source}: model.architecture")
    params = plugins.parameters(module.build, header.model.params, f"{source}: model")
    return module.build(header.inputs, header.outputs, **params)
