"""Networks, one per file, named in conf/model/ as `architecture: NAME`.

A file offers

    build(inputs, outputs, *, **params) -> torch.nn.Module
        each named child, in order, is one layer; its output is that layer's activation
    piecewise(tensors, *, **params) -> (layers, activation)
        optional, for exact values: from one replicate's named parameters, `layers` holds each layer's
        (weight (out, in), bias (out,)) by name, in order; `activation` is the keyword of `infoplane.exact`; without
        this function the truth has no rows for this network

The keyword-only parameters of `build`, with their annotations and defaults, are the schema of its configuration.
torch is imported inside functions, so that validating a configuration does not import it.
"""
