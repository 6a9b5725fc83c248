"""This machine's free memory, so that work that needs more is refused before it starts."""

import os
from pathlib import Path

from .errors import InfoplaneError

MEMINFO = Path("/proc/meminfo")


def free_bytes() -> int | None:
    """The memory that new work can use without swapping; None where the system does not say."""
    try:
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass  # not Linux
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def require(needed_bytes: float, what: str) -> None:
    """Raises `InfoplaneError` if fewer bytes than needed are free."""
    free = free_bytes()
    if free is not None and needed_bytes > free:
        raise InfoplaneError(
            f"{what} needs {needed_bytes / 1e9:,.1f} GB of memory, but {free / 1e9:,.1f} GB are free; "
            "use fewer rows or another estimator"
        )
