"""The tables of a run, read back and judged."""
