"""Networks: their weights against layers made by hand, their outputs against numpy."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.core import plugins
from infoplane.core.errors import InfoplaneError
from infoplane.models import mlp


@pytest.mark.parametrize("seed", range(6))
def test_initial_weights_are_those_of_layers_made_in_order(seed: int) -> None:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = mlp.build(1, 1, hidden=[8, 8, 8, 8])
        torch.manual_seed(seed)
        by_hand = [nn.Linear(1, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 1)]
    expected = [parameter for layer in by_hand for parameter in layer.parameters()]
    found = list(network.parameters())
    assert len(found) == len(expected)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_layers_are_named_children_in_order() -> None:
    names = [name for name, _ in mlp.build(2, 3, hidden=[4, 5]).named_children()]
    assert names == ["layer_1", "layer_2", "output"]


CURVES = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "relu6": lambda z: np.clip(z, 0, 6),
    "hardtanh": lambda z: np.clip(z, -1, 1),
    "hardsigmoid": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "identity": lambda z: z,
}


@pytest.mark.parametrize("activation", CURVES)
def test_piecewise_hands_out_what_the_network_computes(activation: mlp.Activation) -> None:
    network = mlp.build(2, 1, hidden=[3, 4], activation=activation)
    tensors = {name: parameter.detach().numpy() for name, parameter in network.named_parameters()}
    layers, name = mlp.piecewise(tensors, hidden=[3, 4], activation=activation)
    assert list(layers) == [name for name, _ in network.named_children()], "in network order"
    x = np.random.default_rng(0).normal(scale=4, size=(50, 2)).astype(np.float32)
    t = x.astype(np.float64)
    for number, (weight, bias) in enumerate(layers.values()):
        t = t @ weight.T + bias
        t = CURVES[activation](t) if number < 2 else t
    assert name == activation
    np.testing.assert_allclose(network(torch.from_numpy(x)).detach().numpy(), t, rtol=1e-4, atol=1e-5)


def test_piecewise_refuses_tensors_of_another_network() -> None:
    network = mlp.build(1, 1, hidden=[3])
    tensors = {name: parameter.detach().numpy() for name, parameter in network.named_parameters()}
    with pytest.raises(InfoplaneError, match=r"layer_2\.linear\.weight: no such tensor"):
        mlp.piecewise(tensors, hidden=[3, 3])
    with pytest.raises(InfoplaneError, match=r"layer_1\.linear\.weight: has shape \(3, 1\)"):
        mlp.piecewise(tensors, hidden=[4])
    with pytest.raises(InfoplaneError, match="output: 1 rows of weights and 2 biases"):
        mlp.piecewise(tensors | {"output.bias": np.zeros(2, np.float32)}, hidden=[3])


@pytest.mark.parametrize("hidden", [[], [8, 0], [8.0], 8, None])
def test_a_wrong_width_is_named(hidden: object) -> None:
    with pytest.raises(InfoplaneError, match=r"model\.hidden"):
        plugins.parameters(mlp.build, {"hidden": hidden}, "model")


def test_an_unknown_activation_is_named() -> None:
    with pytest.raises(InfoplaneError, match=r"model\.activation.*'relu'"):
        plugins.parameters(mlp.build, {"hidden": [8], "activation": "softmax"}, "model")


def test_the_truth_needs_no_torch() -> None:
    """Its stage reads checkpoints and networks; half of its time would be this import."""
    code = "import infoplane.pipeline.checkpoints, infoplane.models.mlp, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": "src"})
