"""Quadrature: how much of I(X;Y) is lost where several x share one t.

Y given t is a mixture of the noise around f(x), over every x of the fibre of t. Sharing costs the mixture's entropy
minus the mean entropy of its parts (the generalised Jensen-Shannon divergence), averaged over t. A law comes as tables:
`Inputs` for x, and `Noise` for the standardised noise.
"""

from typing import Any, NamedTuple

import numpy as np

from ..compiling import compiled
from ..laws import Array

X_ORDER, Y_ORDER, SHORT_ORDER = 6, 8, 2  # nodes of Gauss-Legendre quadrature
_X_NODES, _X_WEIGHTS = np.polynomial.legendre.leggauss(X_ORDER)
_Y_NODES, _Y_WEIGHTS = np.polynomial.legendre.leggauss(Y_ORDER)
_SHORT_NODES, _SHORT_WEIGHTS = np.polynomial.legendre.leggauss(SHORT_ORDER)
SHORT = 0.05  # of a panel of t: up to this, `SHORT_ORDER` is enough
NARROW = 1e-13  # of all x: a stretch this narrow may be left out
LIGHT = 1e-9  # a weight in a mixture this small may be left out
FINEST = 1 / 8  # of the step of the tables: the narrowest panel of x
DEPTH = 64  # halvings of a stretch
DENSITY, MEAN, STD, VARIATION = range(4)  # columns of `Inputs.rows`


class Inputs(NamedTuple):
    """p(x), f(x), noise_std(x) and variation, on a grid of x from `low`, `step` apart; linear in between.

    Variation is cumulative: how far f has moved in units of the noise, plus p and noise_std relative to themselves. It
    decides where the panels of quadrature end.
    """

    low: float
    step: float
    rows: Any


class Noise(NamedTuple):
    """The density of the noise on a grid from `low`, `step` apart; linear in between, and 0 beyond."""

    low: float
    step: float
    density: Any
    knots: Any  # the density is smooth between these
    entropy_bits: float
    y_step: float  # of a grid of y, in units of noise_std
    x_panel: float  # the most variation in a panel of x


@compiled
def _at(inputs: Any, x: float, column: int) -> Any:
    place = (x - inputs.low) / inputs.step
    cell = min(max(int(place), 0), len(inputs.rows) - 2)
    part = place - cell
    return inputs.rows[cell, column] * (1 - part) + inputs.rows[cell + 1, column] * part


@compiled
def _density(noise: Any, z: float) -> Any:
    place = (z - noise.low) / noise.step
    if place < 0 or place > len(noise.density) - 1:
        return 0.0
    cell = min(int(place), len(noise.density) - 2)
    part = place - cell
    return noise.density[cell] * (1 - part) + noise.density[cell + 1] * part


def atom_loss(low: Array, high: Array, inputs: Inputs, noise: Noise) -> float:
    """The bits lost where all x of the stretches `low` to `high` `(n,)` share one t. For all x, this is I(X;Y)."""
    nodes = np.empty((256, 3))
    size = _nodes(low, high, inputs, noise.x_panel, nodes)
    if size > len(nodes):
        nodes = np.empty((size, 3))
        _nodes(low, high, inputs, noise.x_panel, nodes)
    return float(_mixture_loss(nodes[:size], noise))


@compiled
def _nodes(low: Any, high: Any, inputs: Any, panel: float, nodes: Any) -> int:
    """Fills `nodes` `(nodes, 3)` of quadrature over the stretches: mass, f(x), noise_std(x); returns how many."""
    size = 0
    left, right = np.empty(DEPTH), np.empty(DEPTH)
    for k in range(len(low)):
        left[0], right[0] = low[k], high[k]
        depth = 1
        while depth:
            depth -= 1
            a, b = left[depth], right[depth]
            change = _at(inputs, b, VARIATION) - _at(inputs, a, VARIATION)
            if change > panel and b - a > FINEST * inputs.step and depth < DEPTH - 2:
                right[depth] = left[depth + 1] = (a + b) / 2
                right[depth + 1] = b
                depth += 2
                continue
            for i in range(X_ORDER):
                if size < len(nodes):
                    x = (a + b) / 2 + (b - a) / 2 * _X_NODES[i]
                    nodes[size, 0] = (b - a) / 2 * _X_WEIGHTS[i] * _at(inputs, x, DENSITY)
                    nodes[size, 1], nodes[size, 2] = _at(inputs, x, MEAN), _at(inputs, x, STD)
                size += 1
    return size


@compiled
def _mixture_loss(nodes: Any, noise: Any) -> Any:
    """The entropy of the mixture of the noises at the nodes, minus their mean entropy, times their mass."""
    far = noise.low + noise.step * (len(noise.density) - 1)
    mass, parts, whole = 0.0, 0.0, 0.0
    narrowest, bottom, top = np.inf, np.inf, -np.inf
    for i in range(len(nodes)):
        weight, mean, std = nodes[i, 0], nodes[i, 1], nodes[i, 2]
        mass += weight
        parts += weight * (noise.entropy_bits + np.log2(std))
        narrowest = min(narrowest, std)
        bottom, top = min(bottom, mean + noise.low * std), max(top, mean + far * std)
    if not mass > 0:
        return 0.0
    step = noise.y_step * narrowest
    q = np.zeros(int((top - bottom) / step) + 2)  # the density of y, times the mass, from `bottom`, `step` apart
    for i in range(len(nodes)):
        weight, mean, std = nodes[i, 0], nodes[i, 1], nodes[i, 2]
        first = int(np.ceil((mean + noise.low * std - bottom) / step))
        last = int((mean + far * std - bottom) / step)
        for j in range(first, last + 1):
            q[j] += weight / std * _density(noise, (bottom + j * step - mean) / std)
    for j in range(len(q)):
        if q[j] > 0:
            whole -= q[j] * np.log2(q[j] / mass)
    return whole * step - parts


@compiled
def fold_loss(x: Any, start: Any, partner: Any, span: Any, inputs: Any, noise: Any, panel: float) -> Any:
    """The bits lost on the shared stretches (`_sharing.Sharing`).

    `panel` is the largest variation in a panel of t, summed over the fibre. Each fibre counts once, at its piece with
    the lowest number.
    """
    most = 1
    for i in range(len(start) - 1):
        most = max(most, 1 + start[i + 1] - start[i])
    fibre = np.empty((most, 2))  # where each member is at the beginning and at the end of a stretch
    cuts = np.empty(2 * most)
    scratch, knots = np.empty((3, most)), np.empty(most * len(noise.knots))
    total = 0.0
    for i in range(len(start) - 1):
        size = 0
        for e in range(start[i], start[i + 1]):
            size = _insert(cuts, size, span[e, 0])
            size = _insert(cuts, size, span[e, 1])
        for c in range(size - 1):
            begin, end = cuts[c], cuts[c + 1]
            if end - begin <= NARROW * (x[-1] - x[0]):
                continue
            fibre[0, 0], fibre[0, 1] = begin, end
            count = 1
            for e in range(start[i], start[i + 1]):
                if span[e, 0] <= begin and end <= span[e, 1]:
                    if partner[e] < i:
                        count = 0
                        break
                    rate = (span[e, 3] - span[e, 2]) / (span[e, 1] - span[e, 0])
                    fibre[count, 0] = span[e, 2] + rate * (begin - span[e, 0])
                    fibre[count, 1] = span[e, 2] + rate * (end - span[e, 0])
                    count += 1
            if count > 1:
                total += _stretch_loss(fibre, count, inputs, noise, panel, scratch, knots)
    return total


@compiled
def _insert(ascending: Any, size: int, value: float) -> int:
    """Inserts `value` among the first `size`, in order. (numba's own sort takes a second to compile.)"""
    n = size
    while n > 0 and ascending[n - 1] > value:
        ascending[n] = ascending[n - 1]
        n -= 1
    ascending[n] = value
    return size + 1


@compiled
def _stretch_loss(fibre: Any, count: int, inputs: Any, noise: Any, panel: float, scratch: Any, knots: Any) -> Any:
    """The bits lost on one stretch of t, along which every member of the fibre `(count, 2)` moves linearly."""
    weight, mean, std = scratch[0], scratch[1], scratch[2]
    total = 0.0
    left, right = np.empty(DEPTH), np.empty(DEPTH)
    left[0], right[0] = 0.0, 1.0
    depth = 1
    while depth:
        depth -= 1
        a, b = left[depth], right[depth]
        change, width = 0.0, 0.0
        for m in range(count):
            way = fibre[m, 1] - fibre[m, 0]
            before, after = fibre[m, 0] + a * way, fibre[m, 0] + b * way
            change += abs(_at(inputs, after, VARIATION) - _at(inputs, before, VARIATION))
            width = max(width, abs(after - before))
        if change > panel and width > FINEST * inputs.step and depth < DEPTH - 2:
            right[depth] = left[depth + 1] = (a + b) / 2
            right[depth + 1] = b
            depth += 2
            continue
        nodes, weights = _X_NODES, _X_WEIGHTS
        if change < SHORT * panel:
            nodes, weights = _SHORT_NODES, _SHORT_WEIGHTS
        for n in range(len(nodes)):
            part = (a + b) / 2 + (b - a) / 2 * nodes[n]
            mass = 0.0
            for m in range(count):
                way = fibre[m, 1] - fibre[m, 0]
                mass += _at(inputs, fibre[m, 0] + part * way, DENSITY) * abs(way)
            kept = 0
            for m in range(count):
                way = fibre[m, 1] - fibre[m, 0]
                place = fibre[m, 0] + part * way
                density = _at(inputs, place, DENSITY) * abs(way)
                if density > LIGHT * mass:
                    weight[kept] = density / mass
                    mean[kept], std[kept] = _at(inputs, place, MEAN), _at(inputs, place, STD)
                    kept += 1
            if kept > 1:
                total += (b - a) / 2 * weights[n] * mass * divergence(weight, mean, std, kept, noise, knots)
    return total


@compiled
def divergence(weight: Any, mean: Any, std: Any, count: int, noise: Any, knots: Any) -> Any:
    """The entropy of a mixture of `count` noises minus the mean entropy of its parts, in bits; `knots` is scratch.

    The weights sum to 1. If no two parts overlap, this is the entropy of the weights.
    """
    far = noise.low + noise.step * (len(noise.density) - 1)
    apart = True
    choice, parts = 0.0, noise.entropy_bits
    for i in range(count):
        choice -= weight[i] * np.log2(weight[i])
        parts += weight[i] * np.log2(std[i])
        for j in range(i):
            above = mean[i] + noise.low * std[i] > mean[j] + far * std[j]
            below = mean[i] + far * std[i] < mean[j] + noise.low * std[j]
            apart = apart and (above or below)
    if apart:
        return choice

    size = 0
    for i in range(count):
        for k in range(len(noise.knots)):
            size = _insert(knots, size, mean[i] + std[i] * noise.knots[k])
    whole = 0.0
    value = np.empty(Y_ORDER)  # one panel at a time, so that no sum has to wait for the sum of another y
    for k in range(size - 1):
        low, half = knots[k], (knots[k + 1] - knots[k]) / 2
        for n in range(Y_ORDER):
            value[n] = 0.0
        for i in range(count):
            share, center, scale = weight[i] / std[i], mean[i], std[i]
            for n in range(Y_ORDER):
                value[n] += share * _density(noise, (low + half * (1 + _Y_NODES[n]) - center) / scale)
        for n in range(Y_ORDER):
            if value[n] > 0:
                whole -= half * _Y_WEIGHTS[n] * value[n] * np.log2(value[n])
    return whole - parts
