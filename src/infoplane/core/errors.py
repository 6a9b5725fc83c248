"""The only exception that is written for a person to read."""


class InfoplaneError(ValueError):
    """One line: what is wrong, with which argument, file or key, and the next step."""
