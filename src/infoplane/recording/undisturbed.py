"""A look at a network that leaves no trace: its mode, gradients, buffers and all random state are as before."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from ..core.errors import InfoplaneError


def bare(model: nn.Module) -> nn.Module:
    """The network itself, without what runs it in parallel or compiled: hooks do not see into these."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def device_of(model: nn.Module) -> torch.device | None:
    """Where its first tensor lies; None where it has none."""
    first = next((tensor for group in (model.parameters(), model.buffers()) for tensor in group), None)
    return None if first is None else first.device


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Eval mode, no gradients, full precision, no fused or compiled code that would pass hooks by.

    At the end, also after an error, the network has the mode of each of its modules and its buffers, and Python, numpy
    and torch (on every device that the network lies on) have the random state, that they had before.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, name, buffer, None if buffer is None else buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
    ]
    devices = {tensor.device for group in (model.parameters(), model.buffers()) for tensor in group}
    states = _random_states(devices)
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            for kind in {"cpu", *(device.type for device in devices)} & {"cpu", "cuda", "xpu", "mps"}:
                # Else casts of the weights made here would stay in the cache of the caller's autocast.
                stack.enter_context(torch.autocast(kind, enabled=False))
            if any(module._compiled_call_impl is not None for module in model.modules()):
                stack.enter_context(_eager())
            torch.backends.mha.set_fastpath_enabled(False)
            for module, _ in modes:
                module.training = False  # not .eval(), which a network may have made its own
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, mode in modes:
            module.training = mode
        for module, name, buffer, kept in buffers:
            module._buffers[name] = buffer
            if buffer is not None and kept is not None:
                buffer.data.copy_(kept)
        _set_random_states(states)


def _eager() -> Any:
    """Runs what was compiled as it was written."""
    if not hasattr(torch.compiler, "set_stance"):
        raise InfoplaneError("model: is compiled in place, which needs torch 2.6; call model.compile() after recording")
    return torch.compiler.set_stance("force_eager")


def _random_states(devices: set[torch.device]) -> dict[Any, Any]:
    states: dict[Any, Any] = {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002 (the network may use it)
        "cpu": torch.get_rng_state(),
    }
    for device in devices:
        if device.type == "cuda":
            states[device] = torch.cuda.get_rng_state(device)
        elif device.type == "mps":
            states[device] = torch.mps.get_rng_state()
    return states


def _set_random_states(states: dict[Any, Any]) -> None:
    for place, state in states.items():
        if place == "python":
            random.setstate(state)
        elif place == "numpy":
            np.random.set_state(state)  # noqa: NPY002
        elif place == "cpu":
            torch.set_rng_state(state)
        elif place.type == "cuda":
            torch.cuda.set_rng_state(state, place)
        else:
            torch.mps.set_rng_state(state)
