"""Stacked replicates and the tape that plays their operators, against networks called one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from infoplane import stacking
from infoplane.core.errors import InfoplaneError
from infoplane.training import optimizers
from infoplane.training.settings import Optimizer
from infoplane.training.tape import record


def networks(build: Callable[[], nn.Module], count: int = 3) -> list[nn.Module]:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return [build() for _ in range(count)]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


BUILDS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)),
    "in place": lambda: nn.Sequential(nn.Linear(2, 4), nn.ReLU(inplace=True), nn.Linear(4, 1)),
    "norm": lambda: nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 1)),
    "no bias": lambda: nn.Sequential(nn.Linear(2, 4, bias=False), nn.Tanh(), nn.Linear(4, 1)),
    "convolution": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 2)), nn.Conv1d(1, 3, 2), nn.MaxPool1d(1), nn.Flatten(), nn.Linear(3, 1)
    ),
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_a_stacks_gradient_is_each_networks_own(build: Callable[[], nn.Module]) -> None:
    each, x, y = networks(build), normal(3, 5, 2), normal(3, 5, 1, seed=1)
    stack = stacking.Stack(each)
    gradient, total = stack.gradient(nn.functional.mse_loss, x, y)
    losses = []
    for number, network in enumerate(each):
        losses.append(nn.functional.mse_loss(network(x[number]), y[number]))
        losses[-1].backward()
        expected = torch.cat([parameter.grad.flatten() for parameter in network.parameters()])  # type: ignore[union-attr]
        torch.testing.assert_close(gradient[number], expected)
    torch.testing.assert_close(total, sum(losses))


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_a_tape_follows_inputs_and_weights(build: Callable[[], nn.Module]) -> None:
    """Recorded on other numbers than those it is played with, the weights changed in place."""
    stack, loss = stacking.Stack(networks(build)), nn.functional.mse_loss
    play = record(lambda x, y: stack.gradient(loss, x, y), normal(3, 5, 2, seed=2), normal(3, 5, 1, seed=3))
    for seed in (4, 5):
        stack.leaf.copy_(normal(*stack.leaf.shape, seed=seed))
        x, y = normal(3, 5, 2, seed=seed + 10), normal(3, 5, 1, seed=seed + 20)
        for one, other in zip(play(x, y), stack.gradient(loss, x, y), strict=True):
            assert torch.equal(one, other)


def test_a_tape_leaves_out_what_does_nothing_and_nothing_else() -> None:
    held = normal(3, 4)

    def function(x: Tensor) -> tuple[Tensor, ...]:
        same = x.view(3, 4).expand(3, 4).detach()
        turned = held.T.T * 1
        zeroed = torch.zeros(3, 4).add_(x)
        first, second = (same + turned).chunk(2, dim=1)
        return first, second, zeroed, x.T, held[1], x * 1 + 1, x * 2

    play = record(function, normal(3, 4, seed=1))
    held.mul_(3)
    x = normal(3, 4, seed=2)
    for one, other in zip(play(x), function(x), strict=True):
        assert torch.equal(one, other)


def test_a_tape_is_played_without_autograd() -> None:
    weight = normal(3).requires_grad_()
    play = record(lambda x: (x * weight).sum(), normal(3, seed=1))
    assert not play(normal(3, seed=2)).requires_grad
    torch.testing.assert_close(play(weight.detach()), (weight**2).sum().detach())


def test_apply_calls_each_network_and_gives_what_the_function_returns() -> None:
    each, x = networks(BUILDS["mlp"]), normal(5, 2)
    found = stacking.Stack(each).apply(lambda call: {"out": call(x), "twice": 2 * call(x)})
    expected = torch.stack([network(x) for network in each])
    torch.testing.assert_close(found["out"], expected)
    torch.testing.assert_close(found["twice"], 2 * expected)


def test_a_stacks_tensors_come_and_go_by_name() -> None:
    each = networks(lambda: nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4)))
    stack = stacking.Stack(each)
    tensors = stack.tensors()
    assert list(tensors) == list(stacking.named_tensors(each[0]))
    for number, network in enumerate(each):
        for name, tensor in network.state_dict().items():
            np.testing.assert_array_equal(tensors[name][number], tensor)
    stack.load({name: tensor + 1 for name, tensor in tensors.items()})
    np.testing.assert_array_equal(stack.tensors()["1.running_var"], np.full((3, 4), 2))
    np.testing.assert_array_equal(stack.tensors()["0.weight"], tensors["0.weight"] + 1)
    np.testing.assert_array_equal(tensors["1.running_var"], np.ones((3, 4)), "a copy")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"0.weight": None}, r"0\.weight: missing from the weights; give the weights of this network"),
        ({"extra": np.zeros(1)}, "extra: not in the network; give the weights of this network"),
        ({"0.weight": np.zeros((3, 4, 3), np.float32)}, r"0\.weight: .*\(3, 4, 3\).*\(3, 4, 2\)"),
        ({"0.weight": np.zeros((3, 4, 2), np.float64)}, r"0\.weight: torch\.float64.*torch\.float32"),
    ],
)
def test_tensors_of_another_network_are_refused(change: dict[str, Any], complaint: str) -> None:
    stack = stacking.Stack(networks(BUILDS["mlp"]))
    tensors = {name: tensor for name, tensor in (stack.tensors() | change).items() if tensor is not None}
    with pytest.raises(InfoplaneError, match=complaint):
        stack.load(tensors)


SHAPES = [torch.Size([3, 2]), torch.Size([3])]


def coupling(name: str, shapes: list[torch.Size] = SHAPES, **arguments: Any) -> str | None:
    optimizer = Optimizer(**{"_target_": f"torch.optim.{name}", "lr": 0.01, **arguments})
    return optimizers.coupling(optimizers.maker(optimizer), shapes, 2)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "RAdam", "Rprop"])
def test_elementwise_optimisers_may_move_stacked_weights(name: str) -> None:
    assert coupling(name) is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("LBFGS", {}), ("LBFGS", {"line_search_fn": "strong_wolfe"}), ("Adafactor", {}), ("Muon", {})],
)
def test_other_optimisers_may_not(name: str, arguments: dict[str, Any]) -> None:
    assert coupling(name, SHAPES[:1], **arguments)


def test_a_home_made_optimiser_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list says which may: one that divides by a tensor's norm may not, one that takes signs may."""

    class Rule(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float, norm: bool = False) -> None:
            super().__init__(params, {"lr": lr, "norm": norm})

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            closure()
            for group in self.param_groups:
                for p in group["params"]:
                    p -= group["lr"] * (p.grad / p.grad.norm() if group["norm"] else p.grad.sign())

    monkeypatch.setattr(torch.optim, "Rule", Rule, raising=False)
    assert coupling("Rule") is None
    assert coupling("Rule", norm=True) is not None


def test_vmap_refuses_what_a_tape_could_not_play() -> None:
    """What `record` relies on: neither chance nor a choice that depends on values passes through vmap."""
    with pytest.raises(RuntimeError, match="random"):
        vmap(lambda x: nn.functional.dropout(x, 0.5))(normal(3, 2))
    with pytest.raises(RuntimeError, match="data-dependent"):
        vmap(lambda x: x if x.sum() > 0 else -x)(normal(3, 2))
