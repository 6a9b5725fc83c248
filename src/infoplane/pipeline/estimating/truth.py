"""Reads what flags compare with. It avoids pandas, which takes a second to import (see `tables`)."""

import csv
import io
import math
from pathlib import Path

from ...core import ceilings
from ...core.errors import InfoplaneError
from ...estimation.flags import Truth


def load(root: Path) -> tuple[Truth, bool]:
    """The truth in ceiling.json and truth.csv, and whether the law of the data is known.

    Raises `InfoplaneError` if one is missing or damaged.
    """
    ceiling_bits, of = ceilings.read(root / "ceiling.json", "run `dvc repro truth`")
    path = root / "truth.csv"
    try:
        lines = csv.reader(io.StringIO(path.read_text()))
        header = next(lines, [])
        replicate, epoch, layer, target, bits = map(header.index, ("replicate", "epoch", "layer", "target", "mi_bits"))
        infinite = frozenset(
            (int(row[replicate]), int(row[epoch]), row[layer], row[target])
            for row in lines
            if row and math.isinf(float(row[bits]))
        )
        return Truth(ceiling_bits, infinite), ceiling_bits is not None and of == "I(X;Y)"
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; run `dvc repro truth`") from None
    except (ValueError, LookupError, TypeError) as error:
        raise InfoplaneError(f"{path}: cannot be read ({error!r}); run `dvc repro truth`") from None
