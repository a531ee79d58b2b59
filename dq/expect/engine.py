"""The one place where Great Expectations runs on DuckDB: an execution engine that keeps one connection and commits by statement.

As shipped, Great Expectations gives the connection back before it fetches, and the rollback there throws the result away;
the first failing query of a transaction fails every later one; and aggregates of DECIMAL become floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from dq.expect.door import ConnectionWrapper, MetricConfiguration, MetricResolutionError, SqlAlchemyExecutionEngine, sa

_PART = re.compile(r'"(?:[^"]|"")+"|[^\W\d]\w*')
_ROUNDED = ("sum", "min", "max", "mean", "median", "quantile_values", "standard_deviation")  # aggregates that become floats
_REFERENCE = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs metrics on one open DuckDB connection; never writes, never makes a temporary copy."""

    def __init__(self, **arguments: Any) -> None:
        """Take what a SqlAlchemyExecutionEngine takes."""
        super().__init__(**{**arguments, "create_temp_table": False})
        self.dialect_module = TypeNames("duckdb")
        quoting(self.engine)

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the one connection, open as long as the engine; each statement commits on its own, so an error leaves nothing behind."""
        if self._connection is None or self._connection.closed:
            self._connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        yield self._connection

    def resolve_metrics(
        self, metrics_to_resolve: Iterable[MetricConfiguration], metrics: dict[Any, Any] | None = None, runtime_configuration: dict[str, Any] | None = None
    ) -> dict[Any, Any]:
        """Answer as ever, but for aggregates of DECIMAL columns: they are refused.

        Raises:
            MetricResolutionError: names what is refused, and no other.
        """
        asked = list(metrics_to_resolve)
        rounded = tuple(metric for metric in asked if _is_rounded(metric, metrics or {}))
        if rounded:
            message = "Great Expectations makes a float of a DECIMAL column's aggregate, which loses digits: bound each value instead"
            raise MetricResolutionError(message=message, failed_metrics=rounded)
        return super().resolve_metrics(asked, metrics, runtime_configuration)

    def rows(self, statement: str) -> list[Any]:
        """Run SQL text as it stands (no `:name` parameters in it) and fetch all rows."""
        with self.get_connection() as connection:
            return list(connection.exec_driver_sql(statement).fetchall())

    def close(self) -> None:
        """Close the connection, unless it was lent."""
        if self._connection is not None:
            self._connection.close()
        super().close()


def _is_rounded(metric: MetricConfiguration, known: Mapping[Any, Any]) -> bool:
    kind, _, name = metric.metric_name.partition(".")
    types = metric.metric_dependencies.get("table.column_types")
    if kind != "column" or name.partition(".")[0] not in _ROUNDED or types is None:
        return False
    column = str(metric.metric_domain_kwargs["column"]).casefold()
    return any(item["name"].casefold() == column and str(item["type"]).startswith("DECIMAL") for item in known.get(types.id, ()))


class LentConnection(ConnectionWrapper):
    """Somebody else's connection: whatever SQLAlchemy does to its transactions, it stays open and untouched."""

    def begin(self) -> None:
        """Begin nothing."""

    def commit(self) -> None:
        """Commit nothing."""

    def rollback(self) -> None:
        """Roll nothing back."""

    def close(self) -> None:
        """Leave it open: its owner closes it."""


class TypeNames(ModuleType):
    """DuckDB's types by their own names, for the expectations that compare a column's type with a name.

    Great Expectations looks a name up on the dialect's module and asks whether the column's type is an instance of what it
    finds. Here each name is a class of its own, so that exactly the same name matches, precision and scale included.
    """

    def __getattr__(self, name: str) -> type:
        """Return the class of one type name; DuckDB writes them in capitals."""
        if name != name.upper() or name.startswith("_"):
            raise AttributeError(name)
        return named_type(name)


@cache
def named_type(name: str) -> type:
    """Return the class that stands for one DuckDB type, e.g. `DECIMAL(18,2)`."""
    return type(name, (), {"__str__": lambda _: name, "__repr__": lambda _: name})


def quoting(engine: sa.Engine) -> sa.Engine:
    """Make an engine quote every identifier: no list of reserved words is ever complete.

    A table name that Great Expectations hands on "as it stands" may be `schema.table`; its parts are quoted one by one.
    """
    if not isinstance(engine.dialect.identifier_preparer, _Quoting):
        stock = type(engine.dialect.identifier_preparer)
        engine.dialect.identifier_preparer = type("Quoting", (_Quoting, stock), {})(engine.dialect)
    return engine


class _Quoting:
    """Mixed into the dialect's own preparer."""

    def quote(self, ident: str, force: object = None) -> str:  # noqa: ARG002 - SQLAlchemy's signature
        """Quote one identifier, or every part of a table's reference (`a.b`, `a."b c"`)."""
        if getattr(ident, "quote", None) is False and _REFERENCE.fullmatch(ident):
            return ".".join(part if part.startswith('"') else f'"{part}"' for part in _PART.findall(ident))
        return '"' + str(ident).replace('"', '""') + '"'

    def _requires_quotes(self, _value: str) -> bool:
        return True
