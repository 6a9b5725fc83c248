"""Estimators of mutual information, one a file, named in conf/estimators/ as `estimator: NAME`.

A file offers

    estimate(x, y, *, rng, **params) -> float
        x (samples, units), y (samples, targets), bits out

and, only where it pays,

    estimate_many(xs, y, *, rngs, **params) -> (len(xs),)
        many x against one y; the same numbers as `estimate`, to the rounding of a sum
    input_information(t, *, rng, **params) -> float
        I(X;T) from T alone, for a T that is a function of X; `input_information_many(ts, *, rngs, **params)`
    estimate_flagged_many(xs, y, *, rngs, **params) -> ((len(xs),), [set of words, ...])
        `estimate_many`, and the flags that only it can know
    estimate_permuted(x, y, *, permutations, rng, **params) -> (draws,)
        `estimate` on x and y[order], for each row of `permutations` (draws, samples)
    maximum_bits(samples, **params) -> float
        the most that it can read on so many samples
    target_maximum_bits(y, **params) -> float
        the most that it can read of this y, where y's own entropy in its sense, or rounding, sets a lower limit
    scale_invariant(**params) -> bool
        whether the scale of each column is nothing to it
    compares_scales(**params) -> bool
        whether it compares lengths in x with lengths in y, so that the ratio of their scales matters
    scale_range(**params) -> (least, greatest)
        the standard deviations of a column between which it reads the same

and, as a constant, `NOT_FOR`: of ("labels", "vector targets"), which it is no estimate of.

`rng` is a `numpy.random.Generator` that belongs to this one value. The keyword-only parameters after `rng`,
with their annotations and defaults, are the schema of the estimator's configuration (see `plugins`). Negative
values are never clipped. What cannot be estimated raises `InfoplaneError`; NaN is never returned.
`interface` is where these functions are called.
"""
