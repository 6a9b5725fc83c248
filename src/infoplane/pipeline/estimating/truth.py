"""Reads what flags compare with. It avoids pandas, which takes a second to import (see `tables`)."""

import csv
import io
import json
import math
from pathlib import Path

from ...core.errors import InfoplaneError
from ...estimation.flags import Truth


def load(root: Path) -> Truth:
    """The truth in ceiling.json and truth.csv. Raises `InfoplaneError` if one is missing or damaged."""
    path = root / "ceiling.json"
    try:
        ceiling_bits = json.loads(path.read_text())["mi_bits"]
        path = root / "truth.csv"
        lines = csv.reader(io.StringIO(path.read_text()))
        header = next(lines, [])
        replicate, epoch, layer, target, bits = map(header.index, ("replicate", "epoch", "layer", "target", "mi_bits"))
        infinite = frozenset(
            (int(row[replicate]), int(row[epoch]), row[layer], row[target])
            for row in lines
            if row and math.isinf(float(row[bits]))
        )
        return Truth(None if ceiling_bits is None else float(ceiling_bits), infinite)
    except FileNotFoundError:
        raise InfoplaneError(f"{path}: not there; run `dvc repro truth`") from None
    except (ValueError, LookupError, TypeError) as error:
        raise InfoplaneError(f"{path}: cannot be read ({error!r}); run `dvc repro truth`") from None
