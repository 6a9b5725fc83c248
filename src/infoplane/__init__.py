"""infoplane: what information each layer of a network carries while it trains.

The library knows arrays and modules. It knows no DVC, no Hydra and no paths; only `core.store` knows file names.
Every quantity of information is in bits, and a name that holds one says so (`mi_bits`).

    core         what every stage needs: configuration, files, errors, generators, progress, where tasks run
    datasets     one a file, with its law where that is known
    models       one a file
    training     replicates of a network, together; networks: on disk and stacked; activations: of every layer
    exact        the true I(T;Y) and I(X;T)
    estimators   one a file; neighbours and compiling: what the fast ones are made of
    estimation   an estimator run over saved activations, with errors, nulls and flags
    results      the tables of a run, read back and judged; figures: drawn
"""
