"""The one package that reads PostgreSQL: a moment, its catalogue, its rows by COPY, and its refusals in one line."""
