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
    x = np.array([low, high])
    t, error = x[:, None], np.spacing(np.abs(x).max(keepdims=True))
    for number, (weight, bias) in enumerate(weights):
        t, error = affine(t, error, weight, bias)
        check_finite(t, error, number)
        if number < len(weights) - 1:
            x, t = bend(x, t, error, *activation.arrays)
            error = error * max(1.0, np.abs(activation.slopes).max())
        found.append(Image(x, t, error))
    return found
