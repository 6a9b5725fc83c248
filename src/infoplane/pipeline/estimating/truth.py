"""Reads what flags compare with. It avoids pandas, which takes a second to import (see `tables`)."""

import csv
import io
import json
import math
from pathlib import Path

from ...core.errors import InfoplaneError
from ...estimation.flags import Truth


def load(root: Path) -> tuple[Truth, bool]:
    """The truth in ceiling.json and truth.csv, and whether the law of the data is known.

    Raises `InfoplaneError` if one is missing or damaged.
    """
    path = root / "ceiling.json"
    try:
        ceiling = json.loads(path.read_text())
        ceiling_bits, of = ceiling["mi_bits"], ceiling.get("of", "I(X;Y)")
        path = root / "truth.csv"
        lines = csv.reader(io.StringIO(path.read_text()))
        header = next(lines, [])
        replicate, epoch, layer, target, bits = map(header.index, ("replicate", "epoch", "layer", "target", "mi_bits"))
        infinite = frozenset(
            (int(row[replicate]), int(row[epoch]), row[layer], row[target])
            for row in lines
            if row and math.isinf(float(row[bits]))
        )
        known = Truth(None if ceiling_bits is None else float(ceiling_bits), infinite)
        return known, ceiling_bits is not None and of == "I(X;Y)"
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; run `dvc repro truth`") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InfoplaneError(f"{path}: cannot be read ({error!r}); run `dvc repro truth`") from None
