"""The one place where duplicates are counted on DuckDB: one grouping instead of a window over every row, NULL equal to NULL in a compound.

Stock Great Expectations joins a compound key to itself with `=`, so that duplicates with a NULL in one column go unseen, and
takes a column of the data called `_num_rows` for its own count.
"""

from __future__ import annotations

from typing import Any

from dq.expect.door import MetricDomainTypes, TableMetricProvider, metric_value, sa
from dq.expect.engine import DuckDBExecutionEngine


def duplicated_rows(engine: DuckDBExecutionEngine, *, selectable: Any, columns: list[str], only: Any) -> int:
    """Count every row whose columns stand in another row too."""
    keys = [sa.column(name) for name in columns]
    source = selectable.subquery() if hasattr(selectable, "subquery") else selectable
    groups = sa.select(sa.func.count().label("rows")).select_from(source).where(only).group_by(*keys).having(sa.func.count() > 1).subquery()
    found = engine.execute_query(sa.select(sa.func.coalesce(sa.func.sum(groups.c.rows), 0)))
    return int(found.scalar() or 0)


class DuplicateValues(TableMetricProvider):
    """Rows whose value stands in another row too; NULL is nobody's duplicate."""

    metric_name = "column_values.unique.unexpected_count"
    domain_keys = ("batch_id", "table", "column", "row_condition", "condition_parser")
    value_keys = ()

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: DuckDBExecutionEngine, metric_domain_kwargs: dict[str, Any], **_: Any) -> int:
        selectable, _compute, accessor = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.COLUMN)
        column = accessor["column"]
        return duplicated_rows(execution_engine, selectable=selectable, columns=[column], only=sa.column(column).is_not(None))


class DuplicateCompounds(TableMetricProvider):
    """Rows whose columns together stand in another row too; `ignore_row_if` says which rows do not count."""

    metric_name = "compound_columns.unique.unexpected_count"
    domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    value_keys = ()

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: DuckDBExecutionEngine, metric_domain_kwargs: dict[str, Any], **_: Any) -> int:
        names = list(metric_domain_kwargs["column_list"])
        ignored = metric_domain_kwargs.get("ignore_row_if", "all_values_are_missing")
        table = {key: value for key, value in metric_domain_kwargs.items() if key not in ("column_list", "ignore_row_if")}
        selectable, _compute, _accessor = execution_engine.get_compute_domain(table, domain_type=MetricDomainTypes.TABLE)
        filled = [sa.column(name).is_not(None) for name in names]
        only = {"all_values_are_missing": sa.or_(*filled), "any_value_is_missing": sa.and_(*filled), "never": sa.true()}[ignored]
        return duplicated_rows(execution_engine, selectable=selectable, columns=names, only=only)
