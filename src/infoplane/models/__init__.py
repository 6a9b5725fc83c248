"""Networks, one a file, named in conf/model/ as `architecture: NAME`.

A file offers

    build(inputs, outputs, *, **params) -> torch.nn.Module
        each named child, in order, is one layer; its output is that layer's activation
    piecewise(tensors, *, **params) -> (layers, activation)
        only where exact values exist: `layers` each layer's (weight (out, in), bias (out,)) by its name, in order, from
        one replicate's named parameters, `activation` the keyword of `infoplane.exact`; without it the truth has no
        rows for this network

The keyword-only parameters of `build`, with their annotations and defaults, are the schema of its configuration.
torch is imported inside functions: to validate a configuration must not cost its import.
"""
