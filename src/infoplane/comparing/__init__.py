"""Compares runs: `runs` reads them, `differences` tabulates, `command` is `infoplane compare`."""
