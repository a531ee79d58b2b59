"""The one place for DuckDB as a data source of Great Expectations: importing it gives every context `data_sources.add_duckdb(...)`.

```python
import great_expectations as gx
import dq.expect.datasource

context = gx.get_context(mode="ephemeral")
store = context.data_sources.add_duckdb("store", connection_string="duckdb:///shop.duckdb?access_mode=read_only")
coupons = store.add_table_asset("coupons")
```
"""

from __future__ import annotations

import builtins
from typing import Any, Literal, Union

import dq.expect.metrics
import dq.expect.patterns  # noqa: F401 - both register what stock expectations need on DuckDB
from dq.expect.door import ConfigStr, DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig, SQLDatasource, gx, sa
from dq.expect.engine import DuckDBExecutionEngine, LentConnection

IN_MEMORY = "duckdb:///:memory:"


class DuckDBDatasource(SQLDatasource):
    """Adds a DuckDB database to the data context.

    Args:
        name: the data source's name.
        connection_string: `duckdb:///path.duckdb`, with `?access_mode=read_only` to share the file with other readers.
    """

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]  # the right side names the type
    connection_string: Union[ConfigStr, str]  # noqa: UP007 - pydantic 1 reads it

    @property
    def execution_engine_type(self) -> builtins.type[DuckDBExecutionEngine]:
        """The engine that fetches before it lets go."""
        return DuckDBExecutionEngine

    def get_execution_engine(self) -> DuckDBExecutionEngine:
        """Return one engine on the data source's own SQLAlchemy engine, so that `:memory:` is one database and not two."""
        current = self._execution_engine
        if not isinstance(current, DuckDBExecutionEngine) or current.engine is not self.get_engine():
            current = self._execution_engine = self.execution_engine_type(engine=self.get_engine())
        return current


def lend(context: Any, connection: Any, *, name: str = "dq") -> DuckDBDatasource:
    """Add an open DuckDB connection, locked down or not, as a data source; it is read, never closed and never configured."""
    source: DuckDBDatasource = context.data_sources.add_duckdb(
        name,
        connection_string=IN_MEMORY,
        kwargs={"creator": lambda: LentConnection(connection), "poolclass": sa.StaticPool},
    )
    return source


def quiet_context() -> Any:
    """Return a context of its own that lives in memory, writes nothing and draws no progress bars."""
    defaults = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    return gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=defaults, progress_bars=ProgressBarsConfig(globally=False)))
