"""I(T;Y) and I(X;T) of every layer, from the image of the input line."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..dataset import Array, KnownLaw
from ._activations import Smooth, named
from ._images import RESOLUTION, Image, Layers, Weights, checked, images, smooth_images
from ._law import ACCURACY, Tables, tables
from ._meetings import atoms, overlaps
from ._quadrature import atom_loss, fold_loss

PANEL = 4.0  # variation over all of its fibre of a panel of t: 8 is off by 2e-6 bits on the default network


@dataclass(frozen=True)
class Exact:
    """A value, and how far it may be from the truth, in bits."""

    mi_bits: float
    error_bits: float


def ceiling(dataset: object) -> float:
    """I(X;Y) in bits, which no layer's I(T;Y) exceeds (data processing inequality).

    Raises `InfoplaneError` unless the dataset is a `KnownLaw`.
    """
    return tables(dataset).ceiling_bits


def layer_information(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[float]:
    """I(T;Y) in bits of each layer, T its values after the activation (the last layer has none).

    `layers` are (weight (out, in), bias (out,)), the first with one input; the dataset is a `KnownLaw`.
    `activation` is relu, leaky_relu (`negative_slope`), identity, abs, relu6, hardtanh or hardsigmoid, whose
    breakpoints are solved for, or tanh, sigmoid, gelu, silu or softplus, whose curves are refined (see
    `layer_values`).

    I(T;Y) = h(Y) - E_t h(Y|T=t), where Y|t is a mixture over the fibre {x: T(x) = t} weighted by
    p(x)/|dt/dx|. A layer that sends no two stretches of x to one place has I(X;Y) itself; one that has a
    single value has exactly 0. Raises `InfoplaneError` where there is no exact answer or the weights are not
    finite.
    """
    many = layer_information_many([layers], dataset, activation=activation, negative_slope=negative_slope)
    return [float(bits) for bits in many[0]]


def layer_information_many(
    checkpoints: Iterable[Layers], dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> Array:
    """`layer_information` of many networks of one depth, `(checkpoints, layers)` bits.

    A layer whose weights, and those of all layers before it, came before is not computed again.
    """
    law, bend = tables(dataset), named(activation, negative_slope)
    known: dict[bytes, float] = {}
    rows = []
    for layers in checkpoints:
        weights = checked(layers)
        keys = _keys(weights)
        if not all(key in known for key in keys):
            for key, image in zip(keys, images(weights, law.low, law.high, bend), strict=True):
                if key not in known:
                    known[key] = information(image, law)
        rows.append([known[key] for key in keys])
    return np.array(rows)


def layer_values(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[Exact]:
    """`layer_information` with the error of each value.

    The error is what a step twice as wide changes, and what the tables of the law may be off by. Quadrature
    errors fall as the square of the step or faster, so three times what is left, or more. For a smooth
    activation the step includes that of the curve's chords. The network is the one that float64 computes:
    where a saturated unit stands still to the last bit, it is constant, though a tanh of real numbers never
    is.
    """
    law, bend, weights = tables(dataset), named(activation, negative_slope), checked(layers)
    fine = images(weights, law.low, law.high, bend)
    coarse = fine
    if isinstance(bend, Smooth):
        x = fine[0].x
        coarse = smooth_images(weights, np.union1d(x[::2], x[-1:]), bend)
    values = []
    for image, wider in zip(fine, coarse, strict=True):
        mi_bits = information(image, law)
        change = abs(mi_bits - information(wider, law, 2 * PANEL))
        values.append(Exact(mi_bits, change + law.error_bits + ACCURACY))
    return values


def input_information(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[float]:
    """I(X;T) in bits of each layer: infinite wherever T has a continuous part (Amjad & Geiger 2019), else
    H(T)."""
    law, bend = tables(dataset), named(activation, negative_slope)
    assert isinstance(dataset, KnownLaw)
    values = []
    for image in images(checked(layers), law.low, law.high, bend):
        atom = atoms(image.t, image.error, RESOLUTION)
        mass = np.diff(dataset.inputs.cdf(image.x))
        if mass[atom < 0].sum() > 0:
            values.append(float("inf"))
        else:
            still = atom >= 0
            values.append(entropy(np.bincount(atom[still], mass[still]).astype(np.float64)))
    return values


def _keys(weights: Weights) -> list[bytes]:
    """What each layer's values depend on: its own weights and all before it."""
    digest = hashlib.blake2b(digest_size=16)
    keys = []
    for weight, bias in weights:
        digest.update(repr(weight.shape).encode() + weight.tobytes() + bias.tobytes())
        keys.append(digest.digest())
    return keys


def information(image: Image, law: Tables, panel: float = PANEL) -> float:
    """I(T;Y) in bits of a layer with this image; `panel` is the step of the quadrature of t."""
    atom = atoms(image.t, image.error, RESOLUTION)
    if (atom == 0).all():
        return 0.0  # one value, whatever x is
    lost = 0.0
    for number in range(atom.max() + 1):
        which = atom == number
        lost += atom_loss(image.x[:-1][which], image.x[1:][which], law.inputs, law.noise)
    start, partner, span = overlaps(image.x, image.t, image.error, atom, RESOLUTION)
    if len(partner):
        lost += fold_loss(image.x, start, partner, span, law.inputs, law.noise, panel)
    return law.ceiling_bits - lost


def entropy(mass: Array) -> float:
    """Of a discrete distribution `(values,)`, in bits."""
    mass = mass[mass > 0] / mass.sum()
    return float(-(mass * np.log2(mass)).sum()) + 0.0
