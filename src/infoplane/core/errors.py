"""The one exception that a person is meant to read."""


class InfoplaneError(ValueError):
    """One line: the file or key, what is wrong with it, and the next step.

    Stages print it without a traceback (`INFOPLANE_TRACEBACK=1` shows one) and exit with status 1.
    """
