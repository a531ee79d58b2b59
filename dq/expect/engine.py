"""The one place where Great Expectations runs on DuckDB: an execution engine that keeps one connection and commits by statement.

As shipped, Great Expectations gives the connection back before it fetches, and the rollback there throws the result away;
the first failing query of a transaction fails every later one; and aggregates of DECIMAL become floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

from dq.expect.door import ConnectionWrapper, MetricConfiguration, MetricResolutionError, SqlAlchemyExecutionEngine, sa

_ROUNDED = ("sum", "min", "max", "mean", "median", "quantile_values", "standard_deviation")  # aggregates that become floats
_ROUNDS = "Great Expectations makes a float of a DECIMAL column's aggregate, which loses digits: bound each value instead"


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs metrics on one open DuckDB connection; never writes, never makes a temporary copy."""

    def __init__(self, **arguments: Any) -> None:
        """Take what a SqlAlchemyExecutionEngine takes."""
        super().__init__(**{**arguments, "create_temp_table": False})
        self.dialect_module = TypeNames("duckdb")

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the one connection, open as long as the engine; each statement commits on its own, so an error leaves nothing behind."""
        if self._connection is None or self._connection.closed:
            self._connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        yield self._connection

    def resolve_metrics(
        self, metrics_to_resolve: Iterable[MetricConfiguration], metrics: dict[Any, Any] | None = None, runtime_configuration: dict[str, Any] | None = None
    ) -> dict[Any, Any]:
        """Answer as ever, but refuse aggregates of DECIMAL columns, and lose no answer to a metric that fails beside it.

        Great Expectations forgets what it had when one fails, and tries each that fails three times.

        Raises:
            MetricResolutionError: names all that failed, and no other; what was answered stands in `metrics`.
        """
        asked, known = list(metrics_to_resolve), {} if metrics is None else metrics
        rounded = tuple(metric for metric in asked if _is_rounded(metric, known))
        if rounded:
            raise MetricResolutionError(message=_ROUNDS, failed_metrics=rounded)
        try:
            return super().resolve_metrics(asked, known, runtime_configuration)
        except MetricResolutionError as error:
            failed = tuple(metric for metric in asked if not self._is_resolved(metric, known, runtime_configuration))
            raise MetricResolutionError(message=str(error), failed_metrics=failed) from error

    def _is_resolved(self, metric: MetricConfiguration, known: dict[Any, Any], runtime_configuration: dict[str, Any] | None) -> bool:
        try:
            known.update(super().resolve_metrics([metric], known, runtime_configuration))
        except MetricResolutionError:
            return False
        return True

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
