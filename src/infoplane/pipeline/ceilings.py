"""What no layer's I(T;Y) exceeds: I(X;Y) where the law of the data is known, else the H(Y) of labels."""

from typing import Any

from .. import exact
from ..arrays import variables
from ..estimation.flags import label_ceiling_bits
from ..laws import KnownLaw
from .common.store import Rows


def of(law: object, rows: Rows, split: str) -> dict[str, Any]:
    """The contents of ceiling.json: `mi_bits`, null where nothing is known; `of`, the quantity; `source`.

    H(Y) is the plug-in entropy of the labels of the rows that are measured, those of `split`.
    """
    if isinstance(law, KnownLaw):
        return {"mi_bits": exact.ceiling(law), "of": "I(X;Y)", "source": "the law of the data"}
    if not rows.has_labels:
        return {"mi_bits": None, "of": "I(X;Y)", "source": None}
    own = rows.of(split)
    bits = label_ceiling_bits(variables.target(own.y, labels=True))
    return {"mi_bits": bits, "of": "H(Y)", "source": f"the labels of {len(own.y)} {split} rows"}
