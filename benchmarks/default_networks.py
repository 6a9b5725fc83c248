"""Networks of one input, trained without torch, with the exact information of every layer.

The weights are those that torch.manual_seed(seed) would draw, where torch is there to draw them.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from infoplane import exact
from infoplane.core.seeding import generator
from infoplane.datasets import bimodal, heteroscedastic, laplace, quadratic, sine

SAMPLES, TRAIN, BATCH, RATE, MOMENTUM = 500, 350, 32, 0.001, 0.9
Layers = list[tuple[np.ndarray, np.ndarray]]


class Value(NamedTuple):
    """A layer t `(350, units)`, y `(350, 1)`, and I(T;Y) in bits."""

    t: np.ndarray
    y: np.ndarray
    truth_bits: float


def default_run() -> Iterator[Value]:
    """The rows and the eight networks of the default run, at seven epochs: 280 values."""
    yield from values(quadratic.make(noise_std=0.2), [8] * 4, "relu", 0, range(8), [0, 1, 3, 8, 25, 100, 500])


def held_out(first: int = 500) -> Iterator[Value]:
    """The eleven configurations of docs/headline.md, four data sets and networks each: 800 values."""
    laws = [
        (sine.make(), [8] * 4, "relu"),
        (laplace.make(), [8] * 4, "relu"),
        (heteroscedastic.make(), [8] * 4, "relu"),
        (bimodal.make(), [8] * 4, "relu"),
        (quadratic.make(noise_std=0.1), [8] * 4, "relu"),
        (quadratic.make(noise_std=0.4), [4, 4], "relu"),
        (quadratic.make(noise_std=0.8), [16] * 3, "relu"),
        (quadratic.make(), [8] * 4, "tanh"),
        (quadratic.make(), [2, 8, 3], "relu"),
        (quadratic.make(), [8] * 4, "relu"),
        (sine.make(), [6] * 3, "tanh"),
    ]
    for number, (law, hidden, activation) in enumerate(laws):
        for data in range(4):
            seed = first + data + (50 if number == 9 else 0)
            yield from values(law, hidden, activation, seed, [seed - 200], [0, 4, 30, 150])


def values(
    law: object, hidden: Sequence[int], activation: str, seed: int, networks: Sequence[int], epochs: Sequence[int]
) -> Iterator[Value]:
    """Every layer of `networks` at `epochs`, on the rows that they are trained on."""
    x, y = law.sample(SAMPLES, generator(seed, "dataset"))
    rows = np.sort(generator(seed, "split").permutation(SAMPLES)[SAMPLES - TRAIN :])
    x, y = x[rows].astype(np.float32), y[rows]
    for network in networks:
        trained = list(_trained(_initial(network, [1, *hidden, 1]), x, y, activation, epochs, network))
        truths = exact.layer_information_many(trained, law, activation=activation)
        for layers, bits in zip(trained, truths, strict=True):
            for t, truth in zip(_outputs(layers, x, activation)[1:], bits, strict=True):
                yield Value(t, y, float(truth))


def _initial(seed: int, widths: Sequence[int]) -> Layers:
    torch.manual_seed(seed)
    linears = [torch.nn.Linear(a, b) for a, b in pairwise(widths)]
    return [(one.weight.detach().numpy().copy(), one.bias.detach().numpy().copy()) for one in linears]


def _outputs(layers: Layers, x: np.ndarray, activation: str) -> list[np.ndarray]:
    outputs = [x]
    for number, (weight, bias) in enumerate(layers):
        z = outputs[-1] @ weight.T + bias
        bend = np.tanh(z) if activation == "tanh" else np.maximum(z, 0)
        outputs.append(z if number == len(layers) - 1 else bend)
    return outputs


def _trained(
    layers: Layers, x: np.ndarray, y: np.ndarray, activation: str, epochs: Sequence[int], seed: int
) -> Iterator[Layers]:
    """The weights at `epochs`, by stochastic gradient descent on the squared error."""
    y = y.astype(np.float32)
    speed = [(np.zeros_like(weight), np.zeros_like(bias)) for weight, bias in layers]
    for epoch in range(max(epochs) + 1):
        order = generator(seed, "batches", epoch).permutation(len(x)) if epoch else []
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            outputs = _outputs(layers, x[rows], activation)
            slope = 2 * (outputs[-1] - y[rows]) / len(rows)
            for number in reversed(range(len(layers))):
                gradients = slope.T @ outputs[number], slope.sum(axis=0)
                if number:
                    bend = 1 - outputs[number] ** 2 if activation == "tanh" else outputs[number] > 0
                    slope = (slope @ layers[number][0]) * bend
                for part, fast, gradient in zip(layers[number], speed[number], gradients, strict=True):
                    fast *= MOMENTUM
                    fast += gradient
                    part -= RATE * fast
        if epoch in epochs:
            yield [(weight.copy(), bias.copy()) for weight, bias in layers]
