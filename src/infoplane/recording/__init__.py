"""Activations of a run that is not this library's own: recorded, imported, estimated and drawn in one folder."""
