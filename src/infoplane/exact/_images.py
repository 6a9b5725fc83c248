"""The image of the input line in each layer of a network."""

import numpy as np

from ._activations import Piecewise, Smooth
from ._curves import curved_images
from ._network import Image, Weights, check_finite
from ._polyline import affine, bend


def images(weights: Weights, low: float, high: float, activation: Piecewise | Smooth) -> list[Image]:
    """The image of low..high in each layer: after the activation, and before it in the last layer."""
    if isinstance(activation, Smooth):
        return curved_images(weights, low, high, activation)
    found = []
    bent, steepest = activation.arrays, max(1.0, *(abs(slope) for slope in activation.slopes))
    x = np.array([low, high])
    t, error = x[:, None], np.spacing(np.abs(x).max(keepdims=True))
    for number, (weight, bias) in enumerate(weights):
        t, error = affine(t, error, weight, bias)
        check_finite(t, error, number)
        if number < len(weights) - 1:
            x, t = bend(x, t, error, *bent)
            error = error * steepest
        found.append(Image(x, t, error))
    return found
