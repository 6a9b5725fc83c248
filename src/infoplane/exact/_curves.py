"""The image of the input line in a network with smooth activations: chords of a curve, refined where it bends."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ..laws import Array, Labels
from ._activations import Smooth
from ._meetings import SLACK
from ._network import Curve, Image, Weights, check_finite
from ._polyline import affine

CHORD = 1e-7  # chords stay this close to their curve, relative to each unit's range: well below the resolution
FIRST, MOST = 257, 2**15  # vertices
STRIDE = 2.0  # the most that a pre-activation may change within a chord, so that no bend is missed
MOST_PARTS = 32  # a chord is cut into at most this many parts at once
SECANTS = 8  # secant steps from where chords meet to where the curve meets itself


def curved_images(weights: Weights, low: float, high: float, activation: Smooth) -> list[Image]:
    """The image of low..high in each layer: after the activation, and before it in the last layer."""
    return images_at(weights, _refined(weights, low, high, activation), activation)


def images_at(weights: Weights, x: Array, activation: Smooth) -> list[Image]:
    """The image of the vertices x `(vertices,)` in each layer."""
    found = []
    t, error = x[:, None], np.spacing(np.abs(x).max(keepdims=True))
    moving = np.ones(1, dtype=bool)
    for number, (weight, bias) in enumerate(weights):
        t, error = affine(t, error, weight, bias)
        check_finite(t, error, number)
        moving = ((weight != 0) & moving).any(axis=1)
        so_far = partial(_values, weights[: number + 1], activation)
        image = Image(x, t, error, Curve(so_far, None, bool(moving.any())))
        if number < len(weights) - 1:
            t = activation.function(t)
            error = error * activation.steepest + 4 * np.finfo(np.float64).eps * np.abs(t).max(axis=0)
            after = partial(_activated, so_far, activation)
            bent = Curve(after, image, bool(moving.any()))
            image = Image(x, t, error, bent)
        found.append(image)
    return found


def _values(weights: Weights, activation: Smooth, x: Array) -> Array:
    """The values `(n, units)` of the last of these layers at x `(n,)`, before its activation."""
    t, error = x[:, None], np.zeros(1)
    for number, (weight, bias) in enumerate(weights):
        t, error = affine(t if number == 0 else activation.function(t), error, weight, bias)
    return t


def _activated(at: Callable[[Array], Array], activation: Smooth, x: Array) -> Array:
    return activation.function(at(x))


def _refined(weights: Weights, low: float, high: float, activation: Smooth) -> Array:
    """Vertices between which no layer leaves its chords by more than `CHORD`, unless that takes more than `MOST`."""
    x = np.linspace(low, high, FIRST)
    while len(x) < MOST:
        width = np.diff(x)
        parts = np.where(width > 1e-12 * (high - low), _parts(weights, x, activation), 1)
        if (parts == 1).all():
            break
        first = np.cumsum(parts) - parts
        within = (np.arange(parts.sum()) - np.repeat(first, parts)) / np.repeat(parts, parts)
        x = np.append(np.repeat(x[:-1], parts) + within * np.repeat(width, parts), high)
    return x


def _parts(weights: Weights, x: Array, activation: Smooth) -> Labels:
    """How many parts to cut each chord between the vertices x into, `(vertices - 1,)`: 1 where it is good.

    A curve's distance from its chord falls as the square of the number of parts.
    """
    both = np.empty(2 * len(x) - 1)
    both[::2], both[1::2] = x, (x[1:] + x[:-1]) / 2
    parts = np.ones(len(x) - 1)
    t, error = both[:, None], np.zeros(1)
    for number, (weight, bias) in enumerate(weights):
        z, error = affine(t, error, weight, bias)
        check_finite(z, error, number)
        t = z if number == len(weights) - 1 else activation.function(z)
        allowed = np.maximum(CHORD * np.ptp(t, axis=0), SLACK * error) + np.finfo(np.float64).tiny
        bulge = np.abs(t[1::2] - (t[2::2] + t[:-1:2]) / 2) / allowed
        parts = np.maximum(parts, np.ceil(np.sqrt(bulge.max(axis=1))))
        stepped = (np.abs(z[2::2] - z[:-1:2]) > STRIDE) & (np.abs(t[2::2] - t[:-1:2]) > allowed)
        if number < len(weights) - 1:
            parts = np.where(stepped.any(axis=1), np.maximum(parts, 2), parts)
    return np.asarray(np.minimum(parts, MOST_PARTS), np.int64)


def met(image: Image, owner: Labels, partner: Labels, span: Array) -> Labels:
    """Which meetings of chords, as in `_meetings.overlaps`, are meetings of the curve, up to rounding."""
    moving = np.flatnonzero(np.ptp(image.t, axis=0) > SLACK * image.error)
    if image.curve is None or len(moving) == 1 or len(owner) == 0:
        return np.arange(len(owner))
    one, other = owner[::2], partner[::2]  # each meeting is listed from both sides
    goal = image.curve.at((span[::2, 0] + span[::2, 1]) / 2)
    place = (span[::2, 2] + span[::2, 3]) / 2
    change = image.t[other + 1] - image.t[other]
    unit = moving[np.abs(change[:, moving] / np.ptp(image.t[:, moving], axis=0)).argmax(axis=1)]
    every = np.arange(len(one))
    rate = (image.x[other + 1] - image.x[other]) / change[every, unit]
    off = (goal - image.curve.at(place))[every, unit]
    for _ in range(SECANTS):
        step = rate * off
        place = place + step
        off_before, off = off, (goal - image.curve.at(place))[every, unit]
        closer = off_before - off
        rate = np.divide(step, closer, out=rate, where=closer != 0)
    same = (np.abs(image.curve.at(place) - goal) <= SLACK * image.error).all(axis=1)
    return np.flatnonzero(np.repeat(same, 2))
