"""Which x share one value of a layer: those that earlier layers merged, and those that meet in this layer."""

from dataclasses import dataclass

import numpy as np

from ..laws import Array, Labels
from ._curves import met
from ._meetings import atoms, join, overlaps
from ._network import Image

# Two stretches of x share their images if these differ by less than this part of each unit's range. This is about what
# float32 can resolve; networks are trained and activations saved in float32.
RESOLUTION = 1e-6
LONGER = 1.5
NARROW = 1e-13  # of all x: a stretch this narrow may be left out


@dataclass(frozen=True)
class Sharing:
    """Pieces between the vertices x `(vertices,)`, and what they share.

    atom `(pieces,)`: the number, below `values`, of the value on which a piece stands still; -1 where t moves. The
    rest is as in `_meetings.overlaps`, with owner ascending.
    """

    x: Array
    atom: Labels
    values: int
    owner: Labels
    partner: Labels
    span: Array


def sharing(image: Image, before: Sharing | None) -> Sharing:
    """Which x share a value in the layer of this image; `before` is the same for the layer's input.

    It is handed on from layer to layer, so that two x that share a value share it in all later layers, whatever
    rounding or the chords of a curve do. A meeting of chords counts only if the curve meets there too.
    """
    if image.curve is None:
        atom = atoms(image.t, image.error, RESOLUTION)
        if before is not None and before.values:
            stood = before.atom[before.x.searchsorted(image.x[:-1], side="right") - 1]
            join(atom, stood, before.values)
    else:
        if image.curve.preimage is not None:
            before = sharing(image.curve.preimage, before)
        # A curve that levels off passes through ever closer values; only rounding makes them equal.
        atom = atoms(image.t, image.error, 0.0)
    owner, partner, span = overlaps(image.x, image.t, image.error, atom, RESOLUTION)
    if image.curve is not None:
        kept = met(image, owner, partner, span)
        owner, partner, span = owner[kept], partner[kept], span[kept]
    length = span[:, 1] - span[:, 0]
    if before is not None and len(before.owner):
        handed_on = _cut(before, image.x)
        both = zip(handed_on, (owner, partner, span), strict=True)
        owner, partner, span = (np.concatenate(two) for two in both)
        # Earlier meetings have less rounding: the same meeting found again replaces one only if it is longer.
        length = np.append(LONGER * (handed_on[2][:, 1] - handed_on[2][:, 0]), length)
    if len(owner):
        kept = _longest(atom, owner, partner, length)
        owner, partner, span = owner[kept], partner[kept], span[kept]
    return Sharing(image.x, atom, int(atom.max()) + 1, owner, partner, span)


def _longest(atom: Labels, owner: Labels, partner: Labels, length: Array) -> Labels:
    """The longest meeting of each pair of moving pieces, by owner and partner."""
    moving = ((atom[owner] < 0) & (atom[partner] < 0) & (owner != partner)).nonzero()[0]
    pair = (owner * len(atom) + partner)[moving]
    longest_first = np.lexsort((-length[moving], pair))
    pair = pair[longest_first]
    first = np.ones(len(pair), dtype=bool)
    first[1:] = pair[1:] != pair[:-1]
    return np.asarray(moving[longest_first[first]])


def _cut(before: Sharing, x: Array) -> tuple[Labels, Labels, Array]:
    """The meetings of `before`, cut at the new vertices of x, which holds all the old ones."""
    if len(x) == len(before.x):
        return before.owner, before.partner, before.span
    # A meeting whose length rounding made zero is not a meeting.
    begin, end, there, back = before.span[before.span[:, 1] > before.span[:, 0]].T
    rate = (back - there) / (end - begin)
    mine, vertex = np.nonzero((begin[:, None] < x) & (x < end[:, None]))
    low, high = np.minimum(there, back)[:, None], np.maximum(there, back)[:, None]
    its, far_vertex = np.nonzero((low < x) & (x < high))
    far = np.clip(begin[its] + (x[far_vertex] - there[its]) / rate[its], begin[its], end[its])
    every = np.arange(len(begin))
    entry = np.concatenate([every, every, mine, its])
    place = np.concatenate([begin, end, x[vertex], far])
    order = np.lexsort((place, entry))
    entry, place = entry[order], place[order]
    kept = (entry[1:] == entry[:-1]) & (np.diff(place) > NARROW * (x[-1] - x[0]))
    entry, begins, ends = entry[:-1][kept], place[:-1][kept], place[1:][kept]
    theirs = there[entry, None] + rate[entry, None] * (np.stack([begins, ends], axis=1) - begin[entry, None])
    span = np.column_stack([begins, ends, theirs])
    middle = (span[:, ::2] + span[:, 1::2]) / 2
    piece = np.clip(np.searchsorted(x, middle, side="right") - 1, 0, len(x) - 2)
    return piece[:, 0], piece[:, 1], span
