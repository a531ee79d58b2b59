"""The one package that knows Great Expectations: stock expectations on DuckDB, and the parity expectations as its classes.

Importing this package imports no Great Expectations; `door` does, and only what runs it imports `door`.
"""
