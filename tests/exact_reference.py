"""I(T;Y) the slow way, for any network: the fibre of x is looked for on a dense grid, one x after another.

It shares nothing with `infoplane.exact`: no breakpoints, no lines, no tables; densities straight from the
laws.
"""

import numpy as np

FUNCTIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "identity": lambda z: z,
    "abs": np.abs,
    "hardtanh": lambda z: np.clip(z, -1, 1),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
}


def values(layers, x, activation="relu"):
    """Each layer's values at x `(n,)`: a list of `(n, units)`."""
    t, found = np.asarray(x)[:, None], []
    for number, (weight, bias) in enumerate(layers):
        t = t @ np.asarray(weight).T + bias
        if number < len(layers) - 1:
            t = FUNCTIONS[activation](t)
        found.append(t)
    return found


def information(layers, dataset, layer=-1, activation="relu", nodes=40_000, grid=3000, steps=241):
    """I(T;Y) in bits: I(X;Y) less the mean over x of D(p(y|x) || p(y|T(x))), by the midpoint rule."""
    low, high = np.clip(dataset.inputs.support(), *dataset.inputs.ppf([1e-9, 1 - 1e-9]))

    def image(x):
        return values(layers, x, activation)[layer]

    x = low + (high - low) * (np.arange(nodes) + 0.5) / nodes
    mass = dataset.inputs.pdf(x)
    mass /= mass.sum()
    t = image(x)
    nudge = 1e-7 * (high - low)
    slope = (image(x + nudge) - image(x - nudge)) / (2 * nudge)
    whole = np.ptp(t, axis=0) + 1e-300
    z = np.linspace(*dataset.noise.ppf([1e-13, 1 - 1e-13]), steps)
    n = dataset.noise.pdf(z)
    f, s = dataset.function(x), dataset.noise_std(x)

    def divergence(rows, weight, places):
        """D for x[rows]; the fibre of rows[i] is at places[i] with weight[i], `(rows, members)`, 0 where
        absent."""
        y = f[rows][:, None] + s[rows][:, None] * z
        q = np.zeros_like(y)
        for w, place in zip((weight / weight.sum(axis=1, keepdims=True)).T, places.T, strict=True):
            std = dataset.noise_std(place)[:, None]
            q += w[:, None] * dataset.noise.pdf((y - dataset.function(place)[:, None]) / std) / std
        ratio = np.log2(np.where(n > 0, n / s[rows][:, None] / np.where(q > 0, q, 1), 1))
        return np.trapezoid(n * ratio, z, axis=1)

    loss = 0.0
    still = (np.abs(slope) < 1e-12 * whole / (high - low)).all(axis=1)
    atoms = np.round(t[still] / whole, 9)
    for value in np.unique(atoms, axis=0):
        rows = np.flatnonzero(still)[(atoms == value).all(axis=1)]
        loss += mass[rows].sum() * _mixture_divergence(f[rows], s[rows], mass[rows], dataset.noise)

    edges = np.linspace(low, high, grid + 1)
    on_edges = image(edges)
    unit = np.abs(slope / whole).argmax(axis=1)
    for rows in np.array_split(np.flatnonzero(~still), 40):
        if len(rows) == 0:
            continue
        u = unit[rows]
        above = on_edges[:, u] >= t[rows, u]  # (edges, rows)
        cell, row = np.nonzero(above[:-1] != above[1:])
        ends = on_edges[cell], on_edges[cell + 1]
        width = np.abs(ends[1] - ends[0]) + 1e-9 * whole
        near = (np.minimum(*ends) - width <= t[rows[row]]) & (t[rows[row]] <= np.maximum(*ends) + width)
        near = near.all(axis=1)
        near &= np.bincount(row[near], minlength=len(rows))[row] > 1  # else x meets nobody but itself
        cell, row = cell[near], row[near]
        left, right, rising = edges[cell], edges[cell + 1], ~above[cell, row]
        goal = t[rows[row], u[row]]
        for _ in range(26):
            middle = (left + right) / 2
            reached = (image(middle)[np.arange(len(middle)), u[row]] >= goal) == rising
            left, right = np.where(reached, left, middle), np.where(reached, middle, right)
        place = (left + right) / 2
        same = (np.abs(image(place) - t[rows[row]]) < 1e-7 * whole).all(axis=1)
        itself = np.abs(place - x[rows[row]]) < 1e-9 * (high - low)
        others = same & ~itself
        mine = np.unique(row[others])
        row, place = np.append(row[others], mine), np.append(place[others], x[rows[mine]])
        if len(mine) == 0:
            continue
        steep = np.abs(image(place + nudge) - image(place - nudge))[np.arange(len(place)), u[row]] / (2 * nudge)
        count = np.bincount(row, minlength=len(rows))
        order = np.argsort(row, kind="stable")
        column = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        weight, places = np.zeros((2, len(rows), count.max()))
        places += x[rows][:, None]
        weight[row[order], column] = (dataset.inputs.pdf(place) / steep)[order]
        places[row[order], column] = place[order]
        shared = np.flatnonzero(count > 1)
        loss += mass[rows[shared]] @ divergence(rows[shared], weight[shared], places[shared])
    return ceiling(dataset) - loss


def ceiling(dataset, nodes=2000):
    """I(X;Y) in bits, x and y each on an even grid."""
    low, high = np.clip(dataset.inputs.support(), *dataset.inputs.ppf([1e-9, 1 - 1e-9]))
    x = low + (high - low) * (np.arange(nodes) + 0.5) / nodes
    mass = dataset.inputs.pdf(x)
    return _mixture_divergence(dataset.function(x), dataset.noise_std(x), mass / mass.sum(), dataset.noise)


def _mixture_divergence(f, s, mass, noise, steps=4000):
    """Entropy of the noises around f, weighted by `mass`, less their mean entropy; on an even grid of y."""
    ends = noise.ppf([1e-13, 1 - 1e-13])
    y = np.linspace((f + ends[0] * s).min(), (f + ends[1] * s).max(), steps)
    q = np.zeros(steps)
    for some in np.array_split(np.arange(len(f)), max(1, len(f) // 250)):
        q += mass[some] @ (noise.pdf((y - f[some, None]) / s[some, None]) / s[some, None])
    q /= mass.sum()
    z = np.linspace(*ends, 20_001)
    p = noise.pdf(z)
    noise_bits = -np.trapezoid(p * np.log2(np.where(p > 0, p, 1)), z)
    whole = -np.trapezoid(q * np.log2(np.where(q > 0, q, 1)), y)
    return whole - noise_bits - (mass / mass.sum()) @ np.log2(s)
