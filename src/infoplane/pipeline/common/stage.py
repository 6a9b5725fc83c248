"""What every stage script shares: a readable error and exit status 1."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from ...core.errors import InfoplaneError

LOCKS = Path(".infoplane/locks")
PATIENCE_S = 5.0  # a process that was killed may take a moment to end
_held: dict[Path, FileLock] = {}


def alone(name: str, *outputs: Path) -> None:
    """Makes this process the only one that runs the stage `name` here, until it ends, however it ends.

    Whatever a dead process had begun to write in place of `outputs` is removed. Raises `InfoplaneError` that names the
    process that runs the stage now.
    """
    path = (LOCKS / f"{name}.lock").resolve()
    holder = path.with_suffix(".pid")  # beside the lock, since some versions of filelock empty the lock itself
    if path not in _held:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=PATIENCE_S)
        except Timeout:
            pid = holder.read_text() if holder.exists() else "unknown"
            raise InfoplaneError(
                f"{name}: process {pid} runs this stage here now; wait until it has finished or end it, then run again"
            ) from None
        holder.write_text(str(os.getpid()))
        _held[path] = lock
    for output in outputs:
        for left in output.parent.glob(f".{output.name}.*.new"):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def run(main: Callable[[], None]) -> None:
    """Runs `main`; an `InfoplaneError` becomes one line. `INFOPLANE_TRACEBACK=1` shows where it was raised."""
    try:
        main()
    except InfoplaneError as error:
        if os.environ.get("INFOPLANE_TRACEBACK"):
            raise
        sys.exit(f"infoplane: {error}")
