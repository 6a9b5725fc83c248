"""I(T;Y) and I(X;T) of every layer, from the image of the input line."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..laws import Array, KnownLaw
from ._activations import Smooth, named
from ._curves import images_at
from ._images import images
from ._law import ACCURACY, Tables, tables
from ._network import Image, Layers, Weights, checked
from ._quadrature import atom_loss, fold_loss
from ._sharing import Sharing, sharing

PANEL = 4.0  # variation in a panel of t, summed over its fibre; 8 would be off by 2e-6 bits on the default network


@dataclass(frozen=True)
class Exact:
    """A value and a bound on its error, in bits."""

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

    I(T;Y) = h(Y) - E_t h(Y|T=t), where Y|t is a mixture over the fibre {x: T(x) = t} weighted by p(x)/|dt/dx|. A layer
    that maps no two stretches of x to the same place has exactly I(X;Y); a layer with a single value has exactly 0.
    Raises `InfoplaneError` where there is no exact answer or the weights are not finite.
    """
    many = layer_information_many([layers], dataset, activation=activation, negative_slope=negative_slope)
    return [float(bits) for bits in many[0]]


def layer_information_many(
    checkpoints: Iterable[Layers], dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> Array:
    """`layer_information` of many networks of one depth, `(checkpoints, layers)` bits.

    A layer is not computed again if its weights and those of all layers before it have occurred before.
    """
    return network_information_many(checkpoints, dataset, activation=activation, negative_slope=negative_slope)[..., 0]


def network_information_many(
    checkpoints: Iterable[Layers], dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> Array:
    """I(T;Y) and I(X;T) in bits of many networks of one depth, `(checkpoints, layers, 2)`.

    Both come from one image of the input line. A layer is not computed again if its weights and those of all layers
    before it have occurred before. `layer_information` and `input_information` define the two.
    """
    law, bend = tables(dataset), named(activation, negative_slope)
    assert isinstance(dataset, KnownLaw)
    known: dict[bytes, tuple[float, float]] = {}
    rows = []
    for layers in checkpoints:
        weights = checked(layers)
        keys = _keys(weights)
        if not all(key in known for key in keys):
            shared, both = None, []
            for image in images(weights, law.low, law.high, bend):
                shared = sharing(image, shared)
                both.append((image, shared))
            for key, (_, shared), input_bits in zip(keys, both, _about_input(both, dataset), strict=True):
                if key not in known:
                    known[key] = information(shared, law), input_bits
        rows.append([known[key] for key in keys])
    return np.array(rows)


def layer_values(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[Exact]:
    """`layer_information` with the error of each value.

    The error is the change from a step twice as wide, plus the possible error of the law's tables. Quadrature errors
    fall as the square of the step or faster, so that change is at least three times the remaining error. For a smooth
    activation, the doubled step also applies to the curve's chords, and the error includes what is lost where a
    saturated unit is constant in float64 but not in real numbers.
    """
    law, bend, weights = tables(dataset), named(activation, negative_slope), checked(layers)
    fine = images(weights, law.low, law.high, bend)
    coarse = fine
    if isinstance(bend, Smooth):
        x = fine[0].x
        coarse = images_at(weights, np.union1d(x[::2], x[-1:]), bend)
    values, shared, widely = [], None, None
    for image, wider in zip(fine, coarse, strict=True):
        shared, widely = sharing(image, shared), sharing(wider, widely)
        mi_bits = information(shared, law)
        error_bits = abs(mi_bits - information(widely, law, 2 * PANEL)) + law.error_bits + ACCURACY
        if image.curve is not None and image.curve.moves:
            error_bits += standstill_loss(shared, law)
        values.append(Exact(mi_bits, error_bits))
    return values


def input_information(
    layers: Layers, dataset: object, *, activation: str = "relu", negative_slope: float = 0.01
) -> list[float]:
    """I(X;T) in bits of each layer: infinite where T has a continuous part (Amjad & Geiger 2019), else H(T)."""
    many = network_information_many([layers], dataset, activation=activation, negative_slope=negative_slope)
    return [float(bits) for bits in many[0, :, 1]]


def _about_input(layers: Sequence[tuple[Image, Sharing]], dataset: KnownLaw) -> list[float]:
    """I(X;T) in bits of each layer."""
    found = [float("inf")] * len(layers)
    still = [number for number, (_, shared) in enumerate(layers) if shared.values]
    if still:
        # All in one call, since scipy takes as long for one layer as for all.
        below = dataset.inputs.cdf(np.concatenate([layers[number][1].x for number in still]))
        ends = np.cumsum([len(layers[number][1].x) for number in still])
        for number, part in zip(still, np.split(below, ends[:-1]), strict=True):
            found[number] = _discrete(*layers[number], np.diff(part))
    return found


def _discrete(image: Image, shared: Sharing, mass: Array) -> float:
    """H(T) in bits of a layer whose pieces have this `mass`; infinite if T has a continuous part."""
    still = shared.atom >= 0
    # A curve that stands still on several values does so only in float64; on one value, it may be constant.
    curved = image.curve is not None and image.curve.moves and shared.values > 1
    if curved or mass[~still].sum() > 0:
        return float("inf")
    return entropy(np.bincount(shared.atom[still], mass[still]).astype(np.float64))


def _keys(weights: Weights) -> list[bytes]:
    """One key per layer for what its values depend on: its own weights and all weights before it."""
    digest = hashlib.blake2b(digest_size=16)
    keys = []
    for weight, bias in weights:
        digest.update(repr(weight.shape).encode() + weight.tobytes() + bias.tobytes())
        keys.append(digest.digest())
    return keys


def information(shared: Sharing, law: Tables, panel: float = PANEL) -> float:
    """I(T;Y) in bits of a layer in which these x share a value; `panel` is the step of quadrature over t."""
    if shared.values == 1 and (shared.atom == 0).all():
        return 0.0  # one value for all x
    lost = standstill_loss(shared, law)
    if len(shared.owner):
        start = np.searchsorted(shared.owner, np.arange(len(shared.x)))
        lost += fold_loss(shared.x, start, shared.partner, shared.span, law.inputs, law.noise, panel)
    return law.ceiling_bits - lost


def standstill_loss(shared: Sharing, law: Tables) -> float:
    """The bits lost where t stands still."""
    low, high, atom = shared.x[:-1], shared.x[1:], shared.atom
    which = (atom == number for number in range(shared.values))
    return sum((atom_loss(low[one], high[one], law.inputs, law.noise) for one in which), 0.0)


def entropy(mass: Array) -> float:
    """The entropy of a discrete distribution `(values,)`, in bits."""
    mass = mass[mass > 0] / mass.sum()
    return float(-(mass * np.log2(mass)).sum()) + 0.0
