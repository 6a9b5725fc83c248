"""Lines fitted to a few points, and what they would be without any one of them.

Least squares through Cholesky's factor. Leaving one row out needs no other fit: its residual is then
residual / (1 - leverage) (Cook & Weisberg 1982).
"""

import numpy as np

from ..compiling import inlined

RIDGE = 1e-4  # of the variance of t in the surroundings: directions in which t hardly moves have no slope


@inlined
def regress(t, y, t_mean, y_mean, moments, slope, pull, residual):  # type: ignore[no-untyped-def]
    """Fills the `slope` `(units, targets)` of y on t, `pull` and `residual`.

    `residual` `(rows, targets)` are those of lines fitted without the row; the slope without row a is
    `slope - pull[a] * residual[a]`.
    """
    rows, units = t.shape
    targets = y.shape[1]
    t_mean[:] = 0.0
    y_mean[:] = 0.0
    for a in range(rows):
        for u in range(units):
            t_mean[u] += t[a, u]
        for v in range(targets):
            y_mean[v] += y[a, v]
    share = 1 / rows
    for u in range(units):
        t_mean[u] *= share
    for v in range(targets):
        y_mean[v] *= share
    trace = 0.0
    moments[:] = 0.0
    slope[:] = 0.0
    for a in range(rows):
        for u in range(units):
            from_mean = t[a, u] - t_mean[u]
            trace += from_mean * from_mean
            for w in range(u + 1):
                moments[u, w] += from_mean * (t[a, w] - t_mean[w])
    for u in range(units):
        moments[u, u] += RIDGE * trace if trace > 0 else 1.0
    cholesky(moments)
    for a in range(rows):
        for u in range(units):
            pull[a, u] = t[a, u] - t_mean[u]
        solve(moments, pull, a)
        for u in range(units):
            for v in range(targets):
                slope[u, v] += pull[a, u] * (y[a, v] - y_mean[v])
    for a in range(rows):
        leverage = share
        for u in range(units):
            leverage += pull[a, u] * (t[a, u] - t_mean[u])
        per_rest = 1 / max(1 - leverage, 1e-6)
        for v in range(targets):
            value = y[a, v] - y_mean[v]
            for u in range(units):
                value -= slope[u, v] * (t[a, u] - t_mean[u])
            residual[a, v] = value * per_rest


@inlined
def spread(residual, high, heights):  # type: ignore[no-untyped-def]
    """The `heights` `(targets,)` of the box."""
    rows, targets = residual.shape
    for v in range(targets):
        squares = 0.0
        for a in range(rows):
            squares += residual[a, v] ** 2
        heights[v] = high * np.sqrt(squares / (rows - 1)) if squares > 0 else 1.0


@inlined
def cholesky(a):  # type: ignore[no-untyped-def]
    """The lower triangle of a positive definite a into its Cholesky factor, whose diagonal is inverted."""
    for i in range(len(a)):
        for j in range(i + 1):
            value = a[i, j]
            for k in range(j):
                value -= a[i, k] * a[j, k]
            a[i, j] = 1 / np.sqrt(max(value, 1e-300)) if i == j else value * a[j, j]


@inlined
def solve(factor, b, row):  # type: ignore[no-untyped-def]
    """b[row] into a^-1 b[row]."""
    n = len(factor)
    for i in range(n):
        value = b[row, i]
        for k in range(i):
            value -= factor[i, k] * b[row, k]
        b[row, i] = value * factor[i, i]
    for i in range(n - 1, -1, -1):
        value = b[row, i]
        for k in range(i + 1, n):
            value -= factor[k, i] * b[row, k]
        b[row, i] = value * factor[i, i]
