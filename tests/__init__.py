"""The tests; a package, so that `python -m tests.matrix` runs."""
