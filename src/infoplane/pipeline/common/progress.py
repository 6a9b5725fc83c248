"""Shows progress with an estimate of the time left: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, label: str) -> Iterator[Item]:
    """Yields `items` and reports on standard error how many of `total` are done."""
    if sys.stderr.isatty():
        yield from tqdm(items, total=total, desc=label, dynamic_ncols=True)
        return
    start, said = time.monotonic(), time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if done == total or now - said > 5:  # one line every few seconds is enough for a log
            left = (now - start) / done * (total - done)
            print(f"{label}: {done}/{total}, {left:.0f} s left", file=sys.stderr, flush=True)
            said = now
