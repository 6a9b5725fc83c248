"""The one exception that a person is meant to read."""


class InfoplaneError(ValueError):
    """One line: what is wrong, with which argument, file or key, and the next step."""
