"""Datasets, one per file, named in conf/dataset/ as `generator: NAME`.

A file offers `make(**params) -> Dataset` (see `_contract`; an `infoplane.laws.KnownLaw` has exact values). Its
keyword-only, typed parameters are the schema of its configuration: every key of conf/dataset/ that is not the
pipeline's own is checked against them.
"""
