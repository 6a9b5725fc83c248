"""Exact values, in bits, for a network with one input, on data whose law is known.

    layer_information(layers, dataset)      I(T;Y) of each layer; `layer_information_many` takes many networks,
                                            `layer_values` adds errors; `network_information_many` gives
                                            I(X;T) too
    ceiling(dataset)                        I(X;Y), which no layer exceeds
    input_information(layers, dataset)      I(X;T) of each layer: infinite, or H(T) where T is discrete
    binned_entropy(layers, dataset, bins)   H(bin(T)) of each layer; `binned_information` gives I(bin(T);Y)

A network is a list of (weight (out, in), bias (out,)); a dataset is a `KnownLaw`. Nothing is sampled.
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

__all__ = [
    "Exact",
    "binned_entropy",
    "binned_information",
    "ceiling",
    "input_information",
    "layer_information",
    "layer_information_many",
    "layer_values",
    "network_information_many",
]
