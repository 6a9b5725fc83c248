"""How the report says numbers, lists and quantities."""

from collections.abc import Iterable, Sequence

import numpy as np

from ..arrays import variables
from ..core.folder import Rows

CLASSES = 12  # that are named
BITS = {  # what an estimate of Y is about, by the first word of its estimand
    "plain": "I(T;Y)",
    "noisy": "I(T + noise; Y)",
    "binned": "I(binned T; Y)",
    "usable": "what a decoder can use of Y",
}


def bits(value: float) -> str:
    """Two decimals, with a true minus; no sign for what rounds to zero."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def signed(value: float) -> str:
    text = bits(value)
    return text if text.startswith("−") or text == "0.00" else f"+{text}"


def spread(values: Iterable[float]) -> str:
    """The median, and the range where it differs."""
    found = np.array([value for value in values if np.isfinite(value)])
    if not len(found):
        return "–"
    low, high = bits(found.min()), bits(found.max())
    middle = bits(float(np.median(found)))
    return middle if low == high else f"{middle} ({low} to {high})"


def listed(names: Sequence[str], most: int = 6) -> str:
    """`a, b and c`; of many the first and how many more."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def layer(name: str) -> str:
    """A layer's name in a sentence, where a bare number such as `1` would be read as one."""
    return name if name[:1].isalpha() else f"layer {name}"


def layers(names: Sequence[str]) -> str:
    return listed([layer(name) for name in names])


def counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def epochs(values: Sequence[int]) -> str:
    """`epoch 3`, `epochs 3 to 9`."""
    first, last = min(values), max(values)
    return f"epoch {first}" if first == last else f"epochs {first} to {last}"


def quantity(estimand: str) -> str:
    """What an estimand is, about Y: its name, and its parameters as the table has them."""
    name, _, rest = estimand.partition("(")
    inside = rest.removesuffix(")")
    if name not in BITS or not inside:
        return BITS.get(name, estimand)
    if name == "noisy":
        of_t, _, of_y = inside.partition("; y ")
        inside = f"noise {of_t} on T" + (f", {of_y} on Y" if of_y else "")
    return f"{BITS[name]} ({inside})"


def target(rows: Rows) -> str:
    """How y was taken, such as `numbers` or `3 classes: cat, dog, horse`."""
    kind = variables.target(rows.y, rows.has_labels).kind
    return kind if rows.classes is None else f"{kind}: {', '.join(map(str, rows.classes[:CLASSES].tolist()))}"
