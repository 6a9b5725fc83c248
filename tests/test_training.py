"""Training: replicates together against a plain loop of PyTorch, each from its own seed."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.core import devices
from infoplane.core.errors import InfoplaneError
from infoplane.core.seeding import generator
from infoplane.models import mlp
from infoplane.pipeline.common.store import Rows
from infoplane.training import replicates
from infoplane.training.replicates import Data, Snapshot
from infoplane.training.settings import Train

SGD = {"_target_": "torch.optim.SGD", "lr": 0.01, "momentum": 0.9}
STACKED = [
    SGD,
    {"_target_": "torch.optim.SGD", "lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    {"_target_": "torch.optim.Adam", "lr": 0.01, "betas": [0.8, 0.9], "amsgrad": True},
    {"_target_": "torch.optim.AdamW", "lr": 0.01},
    {"_target_": "torch.optim.RMSprop", "lr": 0.001, "centered": True},
    {"_target_": "torch.optim.Rprop", "lr": 0.01},
    {"_target_": "torch.optim.NAdam", "lr": 0.01},
    {"_target_": "torch.optim.ASGD", "lr": 0.01},
]
ONE_BY_ONE = [
    {"_target_": "torch.optim.LBFGS", "lr": 0.1, "max_iter": 4, "history_size": 5},
    {"_target_": "torch.optim.LBFGS", "lr": 0.1, "max_iter": 3, "line_search_fn": "strong_wolfe"},
    {"_target_": "torch.optim.Adafactor", "lr": 0.01},
]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def settings(optimizer: dict[str, Any] = SGD, **changes: Any) -> Train:
    values = {"epochs": 3, "replicates": 3, "batch_size": 32, "seed": 5, "device": "cpu"}
    return Train(**(values | {"optimizer": optimizer, "loss": {"_target_": "torch.nn.MSELoss"}} | changes))


def rows(train: int = 70, test: int = 30, scale: float = 1.0) -> Rows:
    rng = np.random.default_rng(1)
    x = rng.uniform(-3, 3, size=(train + test, 1))
    y = scale * (x**2 - x - 1 + 0.2 * rng.normal(size=x.shape))
    return Rows(x, y, np.array(["train"] * train + ["test"] * test), np.arange(train + test))


def data(**sizes: Any) -> Data:
    train, test = (rows(**sizes).of(split) for split in ("train", "test"))
    return replicates.data((train.x, train.y), (test.x, test.y), torch.device("cpu"))


def small() -> nn.Module:
    return mlp.build(1, 1, hidden=[8, 8])  # type: ignore[no-any-return]


def last(config: Train, build: Callable[[], nn.Module] = small, on: Data | None = None) -> Snapshot:
    return list(replicates.run(config, build, on or data()))[-1]


def by_hand(config: Train, seed: int, build: Callable[[], nn.Module] = small) -> nn.Module:
    """One network, trained as anyone would."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = build().train()
    arguments = {"lr": config.optimizer.lr, **(config.optimizer.model_extra or {})}
    arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()}
    kind = getattr(torch.optim, config.optimizer.target.removeprefix("torch.optim."))
    optimizer, loss = kind(network.parameters(), **arguments), nn.MSELoss()
    x, y = data().train
    for epoch in range(1, config.epochs + 1):
        order = generator(seed, "batches", epoch).permutation(len(x))
        for start in range(0, len(x), config.batch_size):
            batch = order[start : start + config.batch_size]

            def closure(batch: Any = batch) -> Any:
                optimizer.zero_grad()
                value = loss(network(x[batch]), y[batch])
                value.backward()
                return value

            optimizer.step(closure)
    return network


@pytest.mark.parametrize("optimizer", STACKED, ids=lambda o: o["_target_"])
def test_a_replicate_agrees_with_a_plain_loop(optimizer: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    config = settings(optimizer)
    found = last(config)
    assert capsys.readouterr().err == "", "stacked, and nothing to be said"
    for r in range(config.replicates):
        for name, parameter in by_hand(config, config.seed + r).named_parameters():
            np.testing.assert_allclose(found.tensors[name][r], parameter.detach(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("optimizer", ONE_BY_ONE, ids=lambda o: o["_target_"])
def test_an_optimiser_that_looks_beyond_one_number_trains_one_by_one(
    optimizer: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(optimizer)
    found = last(config)
    assert "one by one" in capsys.readouterr().err
    for r in range(config.replicates):
        for name, parameter in by_hand(config, config.seed + r).named_parameters():
            np.testing.assert_array_equal(found.tensors[name][r], parameter.detach())


def dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 1))


def norm() -> nn.Module:
    return nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))


class Recurrent(nn.Module):
    """vmap has no rule for it."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.output = nn.GRU(1, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> Any:
        return self.output(self.gru(x[:, None])[0][:, 0])


class Counting(nn.Module):
    """vmap takes it and loses the count, so that the gradient is another."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(1, 1)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> Any:
        if self.training:
            self.calls = self.calls + 1
        return self.output(x) / (1 + self.calls)


class Frozen(nn.Module):
    """Its first layer is not trained, and used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.random, self.output = nn.Linear(1, 1).requires_grad_(False), nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> Any:
        return self.output(torch.tanh(self.random(self.random(x))))


@pytest.mark.parametrize(("build", "together"), [(norm, True), (Frozen, True), (Recurrent, False), (Counting, False)])
def test_any_network_trains_as_it_does_alone(
    build: Callable[[], nn.Module], together: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings()
    found = last(config, build)
    assert ("one by one" in capsys.readouterr().err) != together
    for r in range(config.replicates):
        alone = by_hand(config, config.seed + r, build)
        for name, tensor in alone.state_dict().items():
            np.testing.assert_allclose(found.tensors[name][r], tensor, rtol=1e-3, atol=1e-5)


def test_dropout_is_drawn_from_the_replicates_own_seed(capsys: pytest.CaptureFixture[str]) -> None:
    three, alone = last(settings(), dropout), last(settings(replicates=1, seed=6), dropout)
    assert "random" in capsys.readouterr().err
    for name, tensor in alone.tensors.items():
        np.testing.assert_array_equal(three.tensors[name][1], tensor[0])
    other = last(settings(replicates=1, seed=7), dropout)
    assert not np.array_equal(other.tensors["0.weight"], alone.tensors["0.weight"])


def test_curves_do_not_depend_on_how_many_replicates_there_are() -> None:
    many, one = list(replicates.run(settings(), small, data())), []
    for seed in (5, 6, 7):
        one.append(list(replicates.run(settings(replicates=1, seed=seed), small, data())))
    for epoch, together in enumerate(many):
        for r in range(3):
            np.testing.assert_allclose(together.losses[r], one[r][epoch].losses[0], rtol=1e-4)


def test_losses_are_those_of_the_weights_over_whole_splits() -> None:
    for snapshot in replicates.run(settings(), small, data()):
        for r in range(3):
            named, _ = mlp.piecewise({k: v[r] for k, v in snapshot.tensors.items()}, hidden=[8, 8])
            layers = list(named.values())
            for place, split in enumerate(("train", "test")):
                t = rows().of(split).x
                for number, (weight, bias) in enumerate(layers):
                    t = t @ weight.T.astype(np.float64) + bias
                    t = np.maximum(t, 0) if number < 2 else t
                expected = ((t - rows().of(split).y) ** 2).mean()
                np.testing.assert_allclose(snapshot.losses[r, place], expected, rtol=1e-4)


def test_losses_are_measured_in_eval_mode() -> None:
    snapshot = last(settings(epochs=2), dropout)
    weights = snapshot.tensors
    hidden = np.maximum(rows().of("test").x @ weights["0.weight"][0].T + weights["0.bias"][0], 0)
    outputs = hidden @ weights["3.weight"][0].T + weights["3.bias"][0]
    np.testing.assert_allclose(snapshot.losses[0, 1], ((outputs - rows().of("test").y) ** 2).mean(), rtol=1e-4)


def test_epoch_0_is_the_untrained_network() -> None:
    first = next(replicates.run(settings(), small, data()))
    assert first.epoch == 0
    for r in range(3):
        with torch.random.fork_rng([]):
            torch.manual_seed(5 + r)
            network = small()
        for name, parameter in network.named_parameters():
            np.testing.assert_array_equal(first.tensors[name][r], parameter.detach())


def test_snapshots_do_not_change_as_training_goes_on() -> None:
    run = replicates.run(settings(), small, data())
    first = next(run)
    held = {name: tensor.copy() for name, tensor in first.tensors.items()}
    list(run)
    for name, tensor in first.tensors.items():
        np.testing.assert_array_equal(tensor, held[name])


def test_every_row_comes_once_an_epoch_and_the_last_batch_is_short() -> None:
    config, on = settings(batch_size=32), data(train=70)
    found = list(replicates.batches(config, on, epoch=4))
    assert [x.shape for x, _ in found] == [(3, 32, 1), (3, 32, 1), (3, 6, 1)]
    x, y = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
    for r in range(3):
        order = torch.argsort(x[r, :, 0])
        expected = torch.argsort(on.train[0][:, 0])
        torch.testing.assert_close(x[r][order], on.train[0][expected], rtol=0, atol=0)
        torch.testing.assert_close(y[r][order], on.train[1][expected], rtol=0, atol=0)
    assert not torch.equal(x[0], x[1])
    again = torch.cat([x for x, _ in replicates.batches(config, on, epoch=5)], dim=1)
    assert not torch.equal(x, again)


def test_a_batch_larger_than_the_data_is_the_data() -> None:
    assert [x.shape for x, _ in replicates.batches(settings(batch_size=1000), data(), 1)] == [(3, 70, 1)]
    assert np.isfinite(last(settings(batch_size=1000)).losses).all()


@pytest.mark.parametrize("build", [small, dropout])
def test_the_global_generator_stays_as_it_was(build: Callable[[], nn.Module]) -> None:
    before = torch.get_rng_state()
    last(settings(), build)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("optimizer", [SGD, STACKED[2], ONE_BY_ONE[0]], ids=lambda o: o["_target_"])
def test_going_on_from_a_snapshot_gives_the_same_bits(optimizer: dict[str, Any]) -> None:
    whole = list(replicates.run(settings(optimizer, epochs=5), small, data()))
    rest = list(replicates.run(settings(optimizer, epochs=5), small, data(), start=whole[2]))
    assert [snapshot.epoch for snapshot in rest] == [3, 4, 5]
    for name, tensor in whole[-1].tensors.items():
        np.testing.assert_array_equal(rest[-1].tensors[name], tensor)
    np.testing.assert_array_equal(rest[-1].losses, whole[-1].losses)


def test_nothing_is_left_to_do_after_the_last_epoch() -> None:
    assert list(replicates.run(settings(), small, data(), start=last(settings()))) == []


def test_divergence_names_its_epoch() -> None:
    seen: list[Snapshot] = []
    run = replicates.run(settings({**SGD, "lr": 10.0}, epochs=50), small, data())
    with pytest.raises(InfoplaneError, match=r"replicate \d\).*train\.optimizer\.lr") as caught:
        seen.extend(snapshot for snapshot in run)
    assert all(np.isfinite(snapshot.losses).all() for snapshot in seen)
    assert f"diverged at epoch {len(seen)} " in str(caught.value)


def test_data_beyond_float32_are_refused() -> None:
    with pytest.raises(InfoplaneError, match=r"^dataset: a number is too large for float32; scale the dataset down$"):
        data(scale=1e39)
    with pytest.raises(InfoplaneError, match=r"untrained, replicate 0 .* not finite"):
        last(settings(), on=data(scale=1e30))


@pytest.mark.parametrize(
    ("optimizer", "complaint"),
    [
        ({"_target_": "torch.optim.Sgd"}, r"train\.optimizer\._target_.*no optimiser Sgd"),
        ({"_target_": "torch.optim.Optimizer"}, r"train\.optimizer\._target_"),
        ({"_target_": "torch.optim.Tensor"}, r"train\.optimizer\._target_"),
        ({"_target_": "torch.optim.SGD", "momentun": 0.9}, r"train\.optimizer\.momentun.*momentum"),
        ({"_target_": "torch.optim.SGD", "momentum": -1.0}, r"train\.optimizer\.momentum.*-1\.0"),
        ({"_target_": "torch.optim.Adam", "betas": 3.0}, r"train\.optimizer"),
        ({"_target_": "torch.optim.SparseAdam"}, r"train\.optimizer.*dense gradients"),
        ({"_target_": "torch.optim.Muon"}, r"train\.optimizer.*2D"),
    ],
)
def test_a_wrong_optimiser_is_named(optimizer: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InfoplaneError, match=complaint) as caught:
        last(settings({"lr": 0.01, **optimizer}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("loss", ["NoLoss", "BCELoss", "GaussianNLLLoss", "CTCLoss"])
def test_a_wrong_loss_is_named(loss: str) -> None:
    with pytest.raises(InfoplaneError, match=rf"train\.loss\._target_: torch\.nn.*{loss}") as caught:
        last(settings(loss={"_target_": f"torch.nn.{loss}"}))
    assert "\n" not in str(caught.value)


def test_a_loss_does_not_stretch_outputs_to_fit() -> None:
    with pytest.raises(InfoplaneError, match=r"train\.loss\._target_.*\(70, 2\) with targets \(70, 1\)"):
        last(settings(), lambda: mlp.build(1, 2, hidden=[3]))  # type: ignore[no-any-return]


def test_other_losses_of_torch_do() -> None:
    for loss in ("L1Loss", "SmoothL1Loss", "HuberLoss"):
        assert np.isfinite(last(settings(loss={"_target_": f"torch.nn.{loss}"})).losses).all()


def test_devices() -> None:
    assert devices.found("cpu").type == "cpu"
    if torch.cuda.is_available():
        assert devices.found("auto").type == devices.found("cuda").type == "cuda"
    else:
        assert devices.found("auto").type == "cpu"
        with pytest.raises(InfoplaneError, match=r"^train\.device: cuda, but .*; set it to cpu or auto$"):
            devices.found("cuda", "train.device")
