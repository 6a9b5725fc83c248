"""Shows on standard error how far a long task is: one line on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    """Yields `items` and says how many of `total` are done, and how long the rest will take."""
    start, said = time.monotonic(), -1.0
    terminal = sys.stderr.isatty()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if done == total or now - max(said, start) > (0.2 if terminal else 5):
            left = (now - start) / done * (total - done)
            end = "\r" if terminal and done < total else "\n"
            print(f"{label}: {done}/{total}, {left:.0f} s left   ", end=end, file=sys.stderr, flush=True)
            said = now
