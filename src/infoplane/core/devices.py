"""The device that a configuration asks for."""

from typing import TYPE_CHECKING, Literal

from .errors import InfoplaneError

if TYPE_CHECKING:
    import torch

Device = Literal["cpu", "cuda", "auto"]


def found(device: Device, key: str = "device") -> "torch.device":
    """The torch device; auto is cuda where there is a GPU. `key` is the configuration key to name in an error.

    A process that forks workers must ask for nothing but cpu: the check may initialise CUDA, which does not survive a
    fork. Raises `InfoplaneError` for cuda where there is no GPU.
    """
    import torch  # takes a second or two

    if device == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if device == "cuda":
        raise InfoplaneError(f"{key}: cuda, but PyTorch finds no GPU here; set it to cpu or auto")
    return torch.device("cpu")
