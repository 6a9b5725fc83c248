"""The gate: every array that enters the library is checked and named here, from whichever door it comes.

x is numbers. y is numbers or labels: integers, bools, text and categoricals are labels, floats are numbers, and
`labels=True` or `labels=False` overrules that. Nothing that was not checked here reaches compiled code.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.doubles import LARGEST, moving, too_large
from ..core.errors import InfoplaneError

Floats = NDArray[np.floating]
Labels = NDArray[np.int64]

FEWEST = 4  # rows: with fewer no estimator has anything to say
# Integers of more values than the first, each met less often than the second, look like counts.
MANY_CLASSES, FEW_A_CLASS = 20, 50


@dataclass(frozen=True, eq=False)
class Variable:
    """One side of a pair, checked: `values (samples, columns)`, finite floats, and for labels `classes (samples,)`.

    Classes are numbered 0, 1, ... in order of first appearance, so that their names play no part; `values` then holds
    these numbers, which mean nothing.
    """

    values: Floats
    classes: Labels | None = None

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def repeats_none(self) -> bool:
        """Whether no two rows share the value of the first column, which is soon told and nearly always so."""
        first = np.sort(self.values[:, 0])
        return bool((first[1:] != first[:-1]).all())

    def __getitem__(self, rows: Any) -> "Variable":
        """Some of the rows, in that order; classes keep their numbers."""
        return Variable(self.values[rows], None if self.classes is None else self.classes[rows])

    @cached_property
    def is_constant(self) -> bool:
        """Whether all rows are one and the same, or differ by less than a double can halve."""
        return not bool(moving(self.values).any())

    @property
    def kind(self) -> str:
        """How it was taken, in words: `10 classes`, `numbers`, `3 columns of numbers`."""
        if self.classes is not None:
            count = int(self.classes.max()) + 1
            return f"{count} classes" if count > 1 else "one class"
        columns = self.values.shape[1]
        return "numbers" if columns == 1 else f"{columns} columns of numbers"


def numbers(values: Any, name: str = "x", *, stacked: bool = False) -> Floats:
    """Numbers `(samples, columns)`, float32 or float64, from an array, a table, a tensor or a list.

    One dimension means one column. Text and categoricals become a column of zeros and ones for each value. `stacked`
    takes `(replicates, samples, columns)` too. Raises `InfoplaneError` for what is not numbers, not finite or empty.
    """
    array = _array(values, name)
    if array.dtype.kind in "OUST":
        codes = _codes(array, name)
        array = np.eye(codes.max() + 1)[codes]
    array = _shaped(array, name, stacked)
    if array.dtype.kind not in "biuf":
        raise InfoplaneError(f"{name}: holds {array.dtype}, not numbers; convert it to float")
    if array.dtype.kind != "f" or array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
    _check_finite(array, name)
    return array


def target(values: Any, labels: bool | None = None, name: str = "y") -> Variable:
    """The variable that information is about: labels or numbers, as the head of this file says.

    Raises `InfoplaneError` as `numbers` does, and warns where integers look like counts or floats like labels.
    """
    if isinstance(values, Variable):
        return values
    array = _array(values, name)
    text = array.dtype.kind in "OUST"
    if text and labels is False:
        raise InfoplaneError(f"{name}: holds text, which cannot be numbers; leave labels=False out")
    if not (text or array.dtype.kind in "biu" if labels is None else labels):
        found = Variable(numbers(array, name))
        if labels is None:
            _warn_of_labels(found.values, name)
        return found
    if not text:
        array = _shaped(array, name, stacked=False)
        if array.dtype.kind == "f":
            _check_finite(array, name)
    codes = _codes(array, name)
    if labels is None and array.dtype.kind in "iu":
        _warn_of_counts(codes, name)
    return Variable(codes[:, None].astype(np.float64), codes)


def check_lengths(x: Floats, y: Variable, x_name: str = "x", y_name: str = "y") -> None:
    """Raises `InfoplaneError` unless both have the same number of rows, and enough of them."""
    rows = x.shape[-2]
    if rows != len(y):
        raise InfoplaneError(f"{x_name}: has {rows} rows and {y_name} {len(y)}; pair them row by row")
    if rows < FEWEST:
        raise InfoplaneError(f"{x_name}: has {rows} rows; at least {FEWEST} are needed")


def _array(values: Any, name: str) -> NDArray[Any]:
    """`values` as numpy holds them; text and categoricals as objects."""
    module = type(values).__module__.partition(".")[0]
    if module == "torch":
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":  # numpy lacks it
            values = values.float()
        values = values.numpy()
    elif module == "pandas":
        if hasattr(values, "dtypes") and str(getattr(values, "dtype", "")) == "category":
            values = values.astype(object)
        values = values.to_numpy()
    elif hasattr(values, "toarray"):
        raise InfoplaneError(f"{name}: is a sparse matrix; give {name}.toarray()")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InfoplaneError(f"{name}: has masked entries; leave these rows out")
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InfoplaneError(f"{name}: is no array ({' '.join(str(error).split())}); make its rows alike") from None
    if array.dtype.kind in "US" and not isinstance(values, np.ndarray):
        array = np.asarray(values, dtype=object)  # or numbers beside text would have become text
    if array.dtype.kind not in "biufOUST":
        raise InfoplaneError(f"{name}: holds {array.dtype}, neither numbers nor labels; convert it")
    if array.ndim == 0:
        raise InfoplaneError(f"{name}: is a single {type(values).__name__}; give one row a sample")
    return _without_objects(array, name) if array.dtype.kind == "O" else array


def _without_objects(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Numbers as floats where Python objects hold them, everything else as it is."""
    flat = array.ravel().tolist()
    missing = [place for place, value in enumerate(flat) if value is None or value != value or str(value) == "<NA>"]
    if missing:
        row = missing[0] // max(array.size // max(len(array), 1), 1)
        raise InfoplaneError(f"{name}: {len(missing)} entries are missing, the first in row {row}; leave them out")
    if all(isinstance(value, bool | np.bool_) for value in flat):
        return array.astype(np.bool_)
    if all(isinstance(value, int | np.integer) for value in flat):
        return array.astype(np.int64 if all(abs(int(value)) < 2**63 for value in flat) else np.float64)
    if not any(isinstance(value, str | bytes) for value in flat):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            strange = next(type(value).__name__ for value in flat if not isinstance(value, int | float))
            raise InfoplaneError(f"{name}: holds a {strange}, neither number nor label; convert it") from None
    if not all(isinstance(value, str | bytes) for value in flat):
        raise InfoplaneError(f"{name}: mixes text with numbers; make it one of them")
    return array


def _shaped(array: NDArray[Any], name: str, stacked: bool) -> NDArray[Any]:
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 and not (stacked and array.ndim == 3):
        raise InfoplaneError(
            f"{name}: has {array.ndim} dimensions {array.shape}; flatten it to (samples, columns), "
            f"as {name}.reshape(len({name}), -1) does"
        )
    if array.size == 0:
        raise InfoplaneError(f"{name}: is empty, of shape {array.shape}; give at least {FEWEST} rows and one column")
    return array


def _check_finite(array: NDArray[Any], name: str) -> None:
    finite = np.isfinite(array)
    if not finite.all():
        bad = ~finite.all(axis=-1).reshape(-1, array.shape[-2]).all(axis=0)
        count, first = int(bad.sum()), int(bad.argmax())
        rows = "1 row holds" if count == 1 else f"{count} rows hold"
        raise InfoplaneError(f"{name}: {rows} NaN or infinity, the first is row {first}; leave them out")
    if too_large(array):
        raise InfoplaneError(f"{name}: holds values beyond {LARGEST:g}, whose differences may overflow; scale them")


def _codes(array: NDArray[Any], name: str) -> Labels:
    """The class of each row `(samples,)`, numbered by first appearance; rows of several columns are one class each."""
    import pandas as pd

    if array.ndim > 2:
        raise InfoplaneError(f"{name}: has {array.ndim} dimensions {array.shape}; labels are one or two-dimensional")
    if array.size == 0:
        raise InfoplaneError(f"{name}: is empty; give at least {FEWEST} rows")
    columns = [pd.factorize(column)[0].astype(np.int64) for column in array.reshape(len(array), -1).T]
    codes = columns[0]
    for column in columns[1:]:
        codes = pd.factorize(codes * (int(column.max()) + 1) + column)[0].astype(np.int64)
    return codes


def _warn_of_counts(codes: Labels, name: str) -> None:
    classes = int(codes.max()) + 1
    if classes > MANY_CLASSES and len(codes) < FEW_A_CLASS * classes:
        warnings.warn(
            f"{name}: {classes} different integers in {len(codes)} rows look like counts, and were taken as classes; "
            "if they are numbers, pass labels=False",
            stacklevel=4,
        )


def _warn_of_labels(values: Floats, name: str) -> None:
    if values.shape[1] == 1 and (values[:8] == np.round(values[:8])).all() and (values == np.round(values)).all():
        classes = len(np.unique(values))
        if 1 < classes <= MANY_CLASSES and len(values) >= FEW_A_CLASS * classes / 5:
            warnings.warn(
                f"{name}: {classes} different whole numbers look like class labels, and were taken as numbers; "
                "if they are classes, pass labels=True",
                stacklevel=4,
            )
