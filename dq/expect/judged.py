"""The one place where a comparison of two stores is a data source of Great Expectations, with one metric: an entity's judged checks."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

from dq.attempts import Attempts
from dq.compare.evidence import Crash
from dq.errors import DqError
from dq.expect.datasource import IN_MEMORY, DuckDBDatasource
from dq.expect.door import TableMetricProvider, metric_value, pydantic
from dq.expect.engine import DuckDBExecutionEngine
from dq.record import Check
from dq.sql import literal

Judge = Callable[[str], Sequence[Check]]  # entity to its checks, and those of the snapshots and crosswalks that it stands on


class ParityExecutionEngine(DuckDBExecutionEngine):
    """Answers what a comparison came to."""

    judge: Judge | None = None

    def checks(self, entity: str) -> Sequence[Check] | Crash:
        """Return the checks that an entity stands or falls with, or why there are none; a crash is NOT PROVEN, not an exception."""
        if self.judge is None:
            return Crash("no comparison stands behind this data source")
        try:
            return Attempts()(entity, self.judge, entity)
        except DqError as error:
            return Crash(str(error))


class ParityDatasource(DuckDBDatasource):
    """A comparison of two stores as a data source; made by `add_store`."""

    type: Literal["parity"] = "parity"  # type: ignore[assignment]  # the right side names the type
    _judge: Any = pydantic.PrivateAttr(None)

    @property
    def execution_engine_type(self) -> builtins.type[ParityExecutionEngine]:
        """The engine that knows the comparison."""
        return ParityExecutionEngine

    def get_execution_engine(self) -> ParityExecutionEngine:
        """Return one engine that knows the comparison."""
        engine = cast("ParityExecutionEngine", super().get_execution_engine())
        engine.judge = self._judge
        return engine

    def entity(self, name: str) -> Any:
        """Return an asset to hang all expectations of one entity on: they share one judgement."""
        return self.add_query_asset(name, query=f"SELECT {literal(name)} AS entity")


def add_store(context: Any, *, judge: Judge, name: str = "parity") -> ParityDatasource:
    """Add a comparison to a data context.

    Args:
        context: any data context of Great Expectations.
        judge: returns an entity's checks; asked once a validation.
        name: the data source's name.
    """
    source: ParityDatasource = context.data_sources.add_parity(name, connection_string=IN_MEMORY)
    source._judge = judge  # noqa: SLF001 - it is this module's own
    return source


class ParityChecks(TableMetricProvider):
    """The judged checks of an entity."""

    metric_name = "parity.checks"
    value_keys = ("entity",)

    @metric_value(engine=ParityExecutionEngine)
    def _judged(cls, execution_engine: ParityExecutionEngine, metric_value_kwargs: dict[str, Any], **_: Any) -> Sequence[Check] | Crash:  # noqa: N805 - GX's way
        return execution_engine.checks(metric_value_kwargs["entity"])
