"""Exact values, in bits, for a network whose data has a known law.

Of a network with one input, on a `KnownLaw` (any network of the activations that `layer_information` names):

    layer_information(layers, dataset)      I(T;Y) of each layer; `layer_information_many` takes many networks,
                                            `layer_values` adds errors; `network_information_many` gives
                                            I(X;T) too
    ceiling(dataset)                        I(X;Y), which no layer exceeds
    input_information(layers, dataset)      I(X;T) of each layer: infinite, or H(T) where T is discrete
    binned_entropy(layers, dataset, bins)   H(bin(T)) of each layer; `binned_information` gives I(bin(T);Y)
    noisy_information(layers, dataset, s)   I(T + s Z; Y) and I(X; T + s Z) of each layer, Z standard normal

Of any network on a `FiniteLaw`, from its activations at every pattern: `finite_ceiling`, `finite_information`,
`finite_binned`, `finite_noisy`. Of linear networks on Gaussian data: `linear_gaussian_information`,
`linear_gaussian_ceiling`. What lies on both axes is a `PlanePoint`.

A network is a list of (weight (out, in), bias (out,)). Nothing is sampled but the means over noise, and these with a
stated error.
"""

from ._information import (
    Exact,
    ceiling,
    input_information,
    layer_information,
    layer_information_many,
    layer_values,
    network_information_many,
)
from .binned import binned_entropy, binned_information
from .finite import finite_binned, finite_ceiling, finite_information, finite_noisy
from .linear_gaussian import linear_gaussian_ceiling, linear_gaussian_information
from .noisy import noisy_information
from .plane_point import PlanePoint

__all__ = [
    "Exact",
    "PlanePoint",
    "binned_entropy",
    "binned_information",
    "ceiling",
    "finite_binned",
    "finite_ceiling",
    "finite_information",
    "finite_noisy",
    "input_information",
    "layer_information",
    "layer_information_many",
    "layer_values",
    "linear_gaussian_ceiling",
    "linear_gaussian_information",
    "network_information_many",
    "noisy_information",
]
