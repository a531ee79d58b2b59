"""The one place where a condition on rows becomes a metric of the DuckDB engine, in the place of a stock metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from dq.expect.door import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    MulticolumnMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
    get_metric_kwargs,
    multicolumn_condition_partial,
)
from dq.expect.engine import DuckDBExecutionEngine

Column = Any  # a SQLAlchemy column
Condition = Any  # a SQLAlchemy condition: true for a row that keeps the claim

VALUES = (ColumnMapMetricProvider, column_condition_partial)
PAIRS = (ColumnPairMapMetricProvider, column_pair_condition_partial)
RECORDS = (MulticolumnMapMetricProvider, multicolumn_condition_partial)


def claim(about: tuple[Any, Any], metric: str, *, sees: str | None = None) -> Callable[[Callable[..., Condition]], type]:
    """Register a condition on rows for the DuckDB engine, in the place of a stock metric and with that one's arguments.

    Args:
        about: a column's values, pairs or records.
        metric: the stock metric's name.
        sees: `_table` where the condition needs the rows it looks at, too.
    """
    base, condition_partial = about
    stock = get_metric_kwargs(f"{metric}.condition")

    def register(condition: Callable[..., Condition]) -> type:
        def holds(_provider: type, *columns: Any, **given: Any) -> Condition:
            return condition(*columns, **{key: given.get(key) for key in (*stock["metric_value_keys"], *([sees] if sees else []))})

        body = {
            "condition_metric_name": metric,
            "condition_domain_keys": stock["metric_domain_keys"],
            "condition_value_keys": stock["metric_value_keys"],
            "_duckdb": condition_partial(engine=DuckDBExecutionEngine)(holds),
        }
        provider: Any = type(condition.__name__, (base,), body)
        provider.condition_metric_name = f"duckdb.{metric}"  # registered; under two stock names queries would go without a FROM
        return cast("type", provider)

    return register


def not_empty(items: Sequence[Any] | None) -> Sequence[Any]:
    """Return a list that is not empty; an empty one claims nothing and is an error."""
    if not items:
        message = "the list is empty: it claims nothing"
        raise ValueError(message)
    return items
