"""What the rows themselves tell of a value, where no exact value is known to compare it with."""

import numpy as np
from numpy.typing import NDArray

from ..arrays.variables import Variable
from ..core.doubles import bounded

Floats = NDArray[np.float64]

REPEATED_SHARE = 0.05  # of the rows: fewer equal pairs (x, y) may be chance
SURELY = 5.0  # standard errors of an autocorrelation; there are as many as columns, and one may stand out by chance
LEAST_CORRELATION = 0.2  # to the next row
CLOSE = 1e-3  # the share of variance that a local line may miss where y follows t without noise
POINTS, FEWEST = 200, 150  # rows that local lines are fitted at, and the least that show anything
COMPONENTS = 3  # of t, at most, in which neighbours are looked for
ROUNDINGS = 16  # so many last places: what sums of columns lose


def repeated_percent(t: Floats, y: Variable) -> int:
    """Percent of the rows whose (t, y) another row has too, where y alone hardly repeats otherwise; 0 if few."""
    if y.classes is not None:
        return 0  # labels repeat, and so do the layers of a discrete input
    if y.repeats_none:
        return 0
    same_y = _group(y.values)
    same = _group(np.column_stack([same_y, _group(t)]).astype(np.float64))
    shared, both = np.bincount(same_y)[same_y] > 1, np.bincount(same)[same] > 1
    few_values = 10 * (int(same_y.max()) + 1) < len(y)  # a lattice, on which equal pairs are chance
    if few_values or both.mean() < REPEATED_SHARE or both.sum() < 0.9 * shared.sum():
        return 0
    return round(100 * float(both.mean()))


def tied_percent(y: Variable) -> int:
    """Percent of the rows whose y, a number, another row has too; 0 of labels, which repeat by nature."""
    if y.classes is not None:
        return 0
    if y.repeats_none:
        return 0
    _, counts = np.unique(y.values, axis=0, return_counts=True)
    return round(100 * float(counts[counts > 1].sum()) / len(y))


def in_time_order(t: Floats, y: Variable) -> bool:
    """Whether rows resemble the next row, in t and in y, more than chance explains: a series.

    Rows that were sorted by y are none: their order says nothing that y does not.
    """
    if y.classes is None and y.values.shape[1] == 1 and not _column_follows(y.values[:, 0]):
        return False  # as nearly always, and soon told
    columns = np.eye(int(y.classes.max()) + 1)[y.classes] if y.classes is not None else y.values
    first = y.values[:, 0]
    before, after = first[:-1], first[1:]
    if (after >= before).all() or (after <= before).all():
        return False
    if y.classes is not None and np.count_nonzero(after != before) < columns.shape[1]:
        return False
    return bool(_follows(np.asarray(columns, dtype=np.float64)) and _follows(t))


def follows_without_noise(t: Floats, y: Variable) -> bool:
    """Whether y is a function of t, or t of y, as far as these rows can tell: then I(T;Y) is infinite.

    Either exactly, where one side is linear in the other to the last places; or because a line through the nearest rows
    misses less and less as the rows get denser, as no noise would let it.
    """
    if y.classes is not None or len(t) < 4:
        return False
    a, b = _moving(t), _moving(y.values)
    if a.shape[1] == 0 or b.shape[1] == 0 or max(_repeats(a), _repeats(b)) > 0.5:
        return False
    places = ROUNDINGS * max(_rounding(t), _rounding(y.values))
    for unit, target in np.argwhere(np.abs(a.T @ b) / len(a) > 1 - 1e-6):
        sign = np.sign(a[:, unit] @ b[:, target])
        if np.sqrt(np.mean((a[:, unit] - sign * b[:, target]) ** 2)) < places:
            return True
    return _smooth(a, b, places) or _smooth(b, a, places)


def _smooth(a: Floats, b: Floats, places: float) -> bool:
    """Whether every moving column of b, or any, where b is y's, is a smooth function of a."""
    from scipy.spatial import cKDTree

    samples = len(a)
    if samples < FEWEST:
        return False
    a = _components(a)
    dimension = a.shape[1]
    nearest = 2 * dimension + 4
    at = np.linspace(0, samples - 1, min(POINTS, samples)).astype(int)
    missed = []
    for kept in (np.arange(samples), np.arange(0, samples, 2)):
        others = cKDTree(a[kept])
        near = np.asarray(others.query(a[at], nearest + 1)[1])
        # The point itself is no neighbour of its own: it is the first where it is among `kept`.
        own = kept[near[:, 0]] == at
        near = kept[np.where(own[:, None], near[:, 1:], near[:, :-1])]
        around = a[near] - a[at][:, None]
        design = np.concatenate([np.ones((*near.shape, 1)), around], axis=2)
        weights = np.linalg.pinv(design, rcond=1e-10)[:, 0]  # of the value that the line has at the point
        missed.append(np.median((np.einsum("pn,pnc->pc", weights, b[near]) - b[at]) ** 2, axis=0))
    full, half = missed
    exact = full < places**2
    denser = (full < CLOSE) & (half > 2.0 ** (3 / dimension) * full)
    return bool((exact | denser).any())


def _follows(columns: Floats) -> bool:
    """Whether any column resembles itself one row later."""
    z = _moving(columns)
    if z.shape[1] == 0:
        return False
    to_next = np.mean(z[1:] * z[:-1], axis=0)
    return bool((to_next > max(LEAST_CORRELATION, SURELY / np.sqrt(len(z)))).any())


def _column_follows(column: NDArray[np.floating]) -> bool:
    """`_follows` of one column."""
    z = np.asarray(column, dtype=np.float64) / (np.abs(column).max() or 1.0)
    z -= z.mean()
    return bool(z[1:] @ z[:-1] > max(LEAST_CORRELATION, SURELY / np.sqrt(len(z))) * (z @ z))


def _components(a: Floats) -> Floats:
    """The leading principal components of standardised a, as many as vary, at most `COMPONENTS`."""
    if a.shape[1] == 1:
        return a
    if a.shape[1] > len(a):
        variances, rows = np.linalg.eigh(a @ a.T / len(a))
        return np.asarray((rows * np.sqrt(np.maximum(variances, 0)))[:, ::-1][:, :COMPONENTS])
    variances, axes = np.linalg.eigh(a.T @ a / len(a))
    kept = variances > 1e-6 * variances[-1]
    return np.asarray((a @ axes[:, kept])[:, ::-1][:, :COMPONENTS])


def _moving(values: NDArray[np.floating]) -> Floats:
    """Standardised columns, those that are constant left out."""
    columns = np.asarray(values, dtype=np.float64)
    columns = columns[:, (columns != columns[0]).any(axis=0)]
    if columns.shape[1] == 0:
        return columns
    columns = columns / np.abs(columns).max(axis=0)  # squares stay within a double
    columns = columns - columns.mean(axis=0)
    deviation = columns.std(axis=0)
    return np.asarray(columns[:, deviation > 0] / deviation[deviation > 0])


def _group(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """The number of each row among the distinct rows."""
    group = np.unique(values, axis=0, return_inverse=True)[1]
    return np.asarray(group.reshape(-1), dtype=np.int64)


def _repeats(values: Floats) -> float:
    """The share of rows whose every column another row has."""
    group = _group(values)
    return float((np.bincount(group)[group] > 1).mean())


def _rounding(values: NDArray[np.floating]) -> float:
    """The last place of the values, in standard deviations of the column in which that is most."""
    columns = bounded(values)
    deviation = columns.std(axis=0)
    moving = deviation > 0
    largest = np.abs(columns).max(axis=0)
    return float(np.finfo(values.dtype).eps * (largest[moving] / deviation[moving]).max(initial=0.0))
