"""Trains replicates of one network on the same data, each with its own initial weights and order of batches.

Replicate r depends on seed + r alone, at every epoch, however many replicates there are. All are trained as one if that
gives the same values as training one by one; otherwise they are trained one by one, and a line on standard error says
why.
"""

import copy
import inspect
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import stacking
from ..core.errors import InfoplaneError
from ..core.seeding import generator
from . import optimizers
from .settings import Train
from .trainers import Apart, Batch, Data, Together, Trainer

Arrays = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Snapshot:
    """The state at the end of an epoch, with all that is needed to continue from there.

    `tensors` are `(replicates, ...)` by name, `losses` `(replicates, 2)` are those of the train and the test rows,
    and `optimizers` holds the state_dict of each optimiser.
    """

    epoch: int
    tensors: dict[str, NDArray[Any]]
    losses: NDArray[np.float32]
    optimizers: list[dict[str, Any]]


def data(train: Arrays, test: Arrays, on: torch.device) -> Data:
    """The rows of both splits, x `(samples, inputs)` and y `(samples, targets)`, as tensors.

    y of integers `(samples, 1)` holds labels 0, 1, ..., which a loss takes as classes, int64 `(samples,)`.
    Raises `InfoplaneError` where float32 cannot hold a number, and for a label below 0.
    """
    return Data(_tensors(*train, on), _tensors(*test, on))


def run(config: Train, build: Callable[[], nn.Module], data: Data, start: Snapshot | None = None) -> Iterator[Snapshot]:
    """A snapshot of every epoch up to `config.epochs`: from 0 (the untrained networks), or from the one after `start`.

    Raises `InfoplaneError` when a loss or a weight is not finite, and for an optimiser or loss that torch lacks or
    that cannot train this network.
    """
    if start is not None and start.epoch >= config.epochs:
        return
    trainer = _trainer([_initial(build, config.seed + r, data) for r in range(config.replicates)], config, data)
    if start is None:
        yield _snapshot(trainer, 0, config)
    else:
        trainer.load(start.tensors)
        for optimizer, state in zip(trainer.optimizers, start.optimizers, strict=True):
            optimizer.load_state_dict(state)
    for epoch in range(1 if start is None else start.epoch + 1, config.epochs + 1):
        trainer.fit(batches(config, data, epoch), epoch)
        yield _snapshot(trainer, epoch, config)


def batches(config: Train, data: Data, epoch: int) -> Iterator[Batch]:
    """One epoch's batches: every row once per replicate, in its own order. The last batch may be smaller."""
    x, y = data.train
    seeds = range(config.seed, config.seed + config.replicates)
    orders = torch.from_numpy(np.stack([generator(seed, "batches", epoch).permutation(len(x)) for seed in seeds]))
    for rows in torch.split(orders.to(x.device), config.batch_size, dim=1):
        yield x[rows], y[rows]


def _initial(build: Callable[[], nn.Module], seed: int, data: Data) -> nn.Module:
    """The network as built after `torch.manual_seed(seed)`; the global generator is left unchanged."""
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)
        return build().to(data.train[0].device)


def _trainer(networks: list[nn.Module], config: Train, data: Data) -> Trainer:
    """All replicates as one, if the optimiser and the networks allow it."""
    make, loss = optimizers.maker(config.optimizer), _loss(config, networks[0], data)
    shapes = [parameter.shape for parameter in networks[0].parameters() if parameter.requires_grad]
    apart = Apart(networks, make, loss, data, config.seed)
    reason = optimizers.coupling(make, shapes, config.replicates)
    if reason is None:
        sizes = {x.shape: (x, y) for x, y in batches(config, data, 1)}
        try:
            together = Together(copy.deepcopy(networks), make, loss, data)
            reason = _difference(together, copy.deepcopy(apart), list(sizes.values()))
        except Exception as error:  # anything that vmap cannot do; its message is printed
            reason = textwrap.shorten(str(error), 200)
        else:
            if reason is None:
                return together
    print(f"infoplane: training the replicates one by one, not stacked: {reason}", file=sys.stderr, flush=True)
    return apart


def _difference(together: Together, apart: Apart, batches: Sequence[Batch]) -> str | None:
    """What differs between training together and apart: a gradient, a loss, or a buffer that training changes.

    Recording and comparing use different numbers, so that a number wrongly recorded as a constant shows.
    """
    before = together.tensors()
    for x, y in batches:
        together.gradient(x / 2, y / 2 if y.is_floating_point() else y.roll(1, dims=1))
    for trainer in (together, apart):
        trainer.load({name: (tensor * 0.75).astype(tensor.dtype) for name, tensor in before.items()})
    pairs = []
    for x, y in batches:
        for number, network in enumerate(apart.networks):
            apart.slope(network, x[number], y[number])
        each = [torch.cat([p.grad.flatten() for p in n.parameters() if p.grad is not None]) for n in apart.networks]
        pairs.append(("gradients", together.gradient(x, y)[0], torch.stack(each)))
    pairs.append(("losses", together.losses(), apart.losses()))
    others = apart.tensors()
    pairs += [(name, torch.from_numpy(t), torch.from_numpy(others[name])) for name, t in together.tensors().items()]
    together.load(before)
    for name, one, other in pairs:
        one, other = one.double(), other.double()
        if not torch.allclose(one, other, rtol=1e-3, atol=1e-5 * float(other.abs().max()), equal_nan=True):
            return f"stacked, its {name} differ from those of the network alone"
    return None


def _loss(config: Train, network: nn.Module, data: Data) -> stacking.Loss:
    """The loss of torch.nn by name, tested on the network's outputs."""
    name = config.loss.target.removeprefix("torch.nn.")
    kind = getattr(nn, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, nn.Module)):
        raise InfoplaneError(f"train.loss._target_: torch.nn has no loss {name}; try MSELoss or L1Loss")
    loss: stacking.Loss = kind()
    x, y = data.train
    with torch.no_grad(), warnings.catch_warnings():
        outputs = copy.deepcopy(network).eval()(x)
        warnings.simplefilter("error")  # a loss only warns when it broadcasts outputs or targets
        try:
            loss(outputs, y)
        except (RuntimeError, TypeError, ValueError, IndexError, UserWarning) as error:
            said = " ".join(str(error).split())
            raise InfoplaneError(
                f"train.loss._target_: torch.nn.{name} cannot compare outputs {tuple(outputs.shape)} with "
                f"targets {tuple(y.shape)} ({said}); choose another"
            ) from None
    return loss


def _snapshot(trainer: Trainer, epoch: int, config: Train) -> Snapshot:
    losses, tensors = trainer.losses().cpu().numpy(), trainer.tensors()
    finite = [np.isfinite(part.reshape(len(losses), -1)).all(axis=1) for part in (losses, *tensors.values())]
    if not np.all(finite):
        replicate = int(np.argmin(np.all(finite, axis=0)))
        if epoch == 0:
            raise InfoplaneError(
                f"train: untrained, replicate {replicate} has a loss or weight that is not finite; "
                "scale the dataset down"
            )
        raise InfoplaneError(
            f"train: training diverged at epoch {epoch} (replicate {replicate}); "
            f"lower train.optimizer.lr ({config.optimizer.lr})"
        )
    return Snapshot(epoch, tensors, losses, [copy.deepcopy(o.state_dict()) for o in trainer.optimizers])


def _tensors(x: NDArray[Any], y: NDArray[Any], on: torch.device) -> tuple[Tensor, Tensor]:
    if y.dtype.kind == "i":
        if len(y) and y.min() < 0:
            raise InfoplaneError(f"dataset: y holds the label {y.min()}; number the classes from 0 on")
        target = torch.from_numpy(y[:, 0]).long()
    else:
        target = torch.from_numpy(y).float()
    tensors = torch.from_numpy(x).float(), target
    if not all(tensor.isfinite().all() for tensor in tensors):
        raise InfoplaneError("dataset: a number is too large for float32; scale the dataset down")
    return tensors[0].to(on), tensors[1].to(on)
