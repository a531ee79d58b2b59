"""The one package that reads MySQL and MariaDB: a moment, its catalogue, its rows off the wire, and its refusals in one line."""
