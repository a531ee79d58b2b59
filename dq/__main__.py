"""`python -m dq` is the command line."""

from dq.cli import main

main()
