"""The one place for the contract's column types and what each means in the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

SIMPLE = ("BOOLEAN", "INTEGER", "BIGINT", "HUGEINT", "VARCHAR", "DATE", "INSTANT", "ENUM", "CURRENCY", "JSON", "UUID", "BLOB")
_SQL = {"INSTANT": "TIMESTAMP WITH TIME ZONE", "ENUM": "VARCHAR", "CURRENCY": "VARCHAR"}
_DECIMAL = re.compile(r"DECIMAL\((\d{1,2}),(\d{1,2})\)")
MAX_PRECISION = 38  # Source: DuckDB documentation, "Numeric types": DECIMAL(1..38, scale <= width)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A canonical column type; `sql` is the engine's type that the conformed view must have, exactly."""

    name: str
    precision: int = 0
    scale: int = 0

    @property
    def sql(self) -> str:
        """The engine's name of the type."""
        return self.text if self.name == "DECIMAL" else _SQL.get(self.name, self.name)

    @property
    def text(self) -> str:
        """The contract's name of the type."""
        return f"DECIMAL({self.precision},{self.scale})" if self.name == "DECIMAL" else self.name


def parse_type(text: str) -> ColumnType:
    """Read a contract's type; raises ValueError with the reason."""
    if text in SIMPLE:
        return ColumnType(text)
    found = _DECIMAL.fullmatch(text.replace(" ", ""))
    if found:
        precision, scale = int(found[1]), int(found[2])
        if 1 <= precision <= MAX_PRECISION and scale <= precision:
            return ColumnType("DECIMAL", precision, scale)
        message = f"'{text}': precision is 1 to {MAX_PRECISION} and scale at most the precision"
        raise ValueError(message)
    if text.upper() in {"DOUBLE", "FLOAT", "REAL"}:
        message = f"'{text}' is not exact; use DECIMAL(p,s)"
        raise ValueError(message)
    from dq.errors import near_miss  # noqa: PLC0415 - only on the way to an error

    message = f"unknown type '{text}'{near_miss(text, (*SIMPLE, 'DECIMAL(18,2)'))}"
    raise ValueError(message)


def fits_decimal(value: Decimal, *, scale: int = 0) -> bool:
    """Say whether a DECIMAL with so many places or more holds a number exactly."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and max(0, value.adjusted() + 1) + max(scale, -exponent) <= MAX_PRECISION
