"""Columns of numbers that repeat: counts, rounded measurements, float32 far from zero, heaps such as a ReLU's zeros.

On a lattice distances tie, and what rests on a k-th neighbour counts all that tie with it: nearest neighbours
read 0.5 bits and more at independence. Uniform noise of one step, drawn for each row, cures it and changes nothing: the
number can be read back from its cell, so that I(X;Y) is what it was (the "jitter" of Machado & Santos Silva 2005).
A heap beside values that do not repeat is no lattice: it is an atom, which estimators of mixtures handle as it is.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
Kind = Literal["constant", "continuous", "lattice", "few", "mixed"]

# Rounding, as a share of the greatest value: what float32 leaves of a decimal, and float64.
ROUNDINGS = 8 * 2.0**-24, 8 * 2.0**-52
# A step this many roundings wide is one.
CLEAR = 16
# Cells a row, beyond which next to nothing ties.
CELLS_A_ROW = 100
# Few values: each has so many rows on average, most have more than one, and there are at most twice the root of the
# number of rows (or each row was taken three times).
ROWS_A_VALUE = 3
# A table is taken where it reads more than neighbours by this over the root of the number of rows.
SURELY = 2.5


class Column(NamedTuple):
    kind: Kind
    step: float  # of a lattice; else 0


def column_kind(values: Array) -> Column:
    """What a column `(samples,)` is; neither its order, nor its unit or zero point, nor its sign counts.

    - `lattice`: all differences are multiples of a step, and ties (or distances that tie) are to be seen.
    - `few`: no lattice, but few values, most of them more than once.
    - `mixed`: some rows share a value and most values do not repeat.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) == 1:
        return Column("constant", 0.0)
    for rounding in ROUNDINGS:
        step = _step(distinct, rounding * np.abs(distinct[[0, -1]]).max())
        if step > 0 and distinct[-1] - distinct[0] <= CELLS_A_ROW * len(values) * step:
            return Column("lattice", step)
    if len(distinct) == len(values):
        return Column("continuous", 0.0)
    few = ROWS_A_VALUE * len(distinct) <= len(values) and len(distinct) ** 2 <= 4 * len(values)
    few = few and bool(2 * np.count_nonzero(counts == 1) < len(distinct))
    return Column("few" if few else "mixed", 0.0)


def repeats(values: NDArray[np.floating]) -> bool:
    """Whether any column `(samples, columns)` is a lattice or of few values, on which neighbours tie.

    Columns without a tie are passed by: what few distances tie there is no matter.
    """
    ordered = np.sort(values, axis=0)
    tied = (ordered[1:] == ordered[:-1]).any(axis=0) & (ordered[0] != ordered[-1])
    return any(column_kind(column.astype(np.float64)).kind in ("lattice", "few") for column in values.T[tied])


def spread(values: NDArray[np.floating], rng: np.random.Generator) -> Array:
    """`values` `(samples, columns)`, each number of a lattice or of a few anywhere in its cell, drawn from `rng`.

    A cell of a lattice is one step wide; of a few values, it ends halfway to the next. Other columns stay as they are.
    Each column takes as many numbers from `rng`, whatever its kind.
    """
    spread_out = np.array(values, dtype=np.float64)
    for column in spread_out.T:
        kind, step = column_kind(column)
        share = rng.random(len(column)) - 0.5
        if kind == "lattice":
            column += step * share
        elif kind == "few":
            distinct, place = np.unique(column, return_inverse=True)
            gaps = np.diff(distinct)
            below, above = np.r_[gaps[:1], gaps][place], np.r_[gaps, gaps[-1:]][place]
            column += share * np.where(share < 0, below, above)
    return spread_out


def is_table(values: NDArray[np.floating]) -> bool:
    """Whether `values` `(samples, columns)` are lattices and few values, and few of their rows differ."""
    if any(column_kind(column).kind in ("continuous", "mixed") for column in values.T):
        return False  # rows that were taken more than once are no table
    return ROWS_A_VALUE * len(np.unique(values, axis=0)) <= len(values)


def table_bits(x: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """I(X;Y) in bits of two columns of codes `(samples,)`, 0, 1, ..., without what chance alone would show.

    With I the plug-in value, E its mean over all orders of y, and H the lesser entropy, (I - E) H / (H - E): 0 on
    average at independence, and H where one side follows from the other (Vinh, Epps & Bailey 2010, eq. 24a for E).
    0 where E is H, and nothing can be seen.
    """
    samples = len(x)
    table = np.zeros((x.max() + 1, y.max() + 1))
    np.add.at(table, (x, y), 1)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    found = _entropy(rows) + _entropy(columns) - _entropy(table.ravel())
    most = min(_entropy(rows), _entropy(columns))
    by_chance = _by_chance(rows[rows > 0].astype(np.int64), columns[columns > 0].astype(np.int64), samples)
    if most - by_chance <= 1e-9 * most:
        return 0.0
    return float((found - by_chance) * most / (most - by_chance) / np.log(2))


def numbers_bits(x: NDArray[np.floating], y: NDArray[np.floating], by_neighbours: float) -> float:
    """The value of `by_neighbours`, in bits, of `spread` numbers, or of their table where that surely reads more.

    Neighbours see that near numbers are alike, and need many rows; a table sees what repeats. x and y are
    `(samples, columns)` as they were. For y = x of 30 numbers, 4 times each (4.91 bits), they read 4.1 and 4.9.
    """
    if not (is_table(x) and is_table(y)):
        return by_neighbours
    codes = [np.unique(side, axis=0, return_inverse=True)[1].reshape(-1) for side in (x, y)]
    by_table = table_bits(*codes)
    return by_table if by_table > by_neighbours + SURELY / np.sqrt(len(x)) else by_neighbours


def _step(distinct: Array, rounding: float) -> float:
    """The greatest step of which all differences of the ascending `distinct` are multiples to `rounding`; 0: none.

    Euclid's algorithm, on all differences at once.
    """
    gaps = np.diff(distinct)
    step = float(gaps.min())
    while step > CLEAR * rounding:
        times = np.round(gaps / step)
        left = np.abs(gaps - times * step)
        allowed = rounding * (2 + times)  # the step itself is known to a rounding
        if CLEAR * allowed.max() > step:
            return 0.0
        over = left > allowed
        if not over.any():
            return float((distinct[-1] - distinct[0]) / times.sum())
        step = float(left[over].min())
    return 0.0


def _entropy(counts: Array) -> float:
    """In nats."""
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log(shares)))


def _by_chance(rows: NDArray[np.int64], columns: NDArray[np.int64], samples: int) -> float:
    """The mean plug-in information in nats of a table with these sums, one side shuffled: hypergeometric cells."""
    log_factorial = gammaln(np.arange(samples + 1) + 1.0)
    total = 0.0
    for a, how_many in zip(*np.unique(rows, return_counts=True), strict=True):
        for b, times in zip(*np.unique(columns, return_counts=True), strict=True):
            cell = np.arange(max(1, a + b - samples), min(a, b) + 1)
            chance = log_factorial[a] + log_factorial[b] + log_factorial[samples - a] + log_factorial[samples - b]
            chance = chance - log_factorial[samples] - log_factorial[cell] - log_factorial[a - cell]
            chance = np.exp(chance - log_factorial[b - cell] - log_factorial[samples - a - b + cell])
            total += how_many * times * float(np.sum(chance * cell / samples * np.log(samples * cell / (a * b))))
    return total
