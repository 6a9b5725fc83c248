"""`python -m infoplane` is the command `infoplane`."""

from .cli import main

main(prog_name="infoplane")
