"""What every stage script shares: a readable error and exit status 1."""

import os
import sys
from collections.abc import Callable

from ...core.errors import InfoplaneError


def run(main: Callable[[], None]) -> None:
    """Runs `main`; an `InfoplaneError` becomes one line. `INFOPLANE_TRACEBACK=1` shows where it was raised."""
    try:
        main()
    except InfoplaneError as error:
        if os.environ.get("INFOPLANE_TRACEBACK"):
            raise
        sys.exit(f"infoplane: {error}")
