"""One page that opens offline and says what was measured, what was found, and which numbers not to trust."""

from .page import html
from .run import Run

__all__ = ["Run", "html"]
