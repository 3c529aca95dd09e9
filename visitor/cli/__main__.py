"""`python -m visitor.cli`: the command line without its installed script."""

from visitor.cli import main

main(prog_name="visitor")
