"""The one place where the judgement of a comparison meets Great Expectations: a data source, one metric, and the claim that asks it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal, Optional, cast

import dq
from dq.attempts import Attempts
from dq.compare.evidence import Crash
from dq.errors import DqError
from dq.expect.datasource import IN_MEMORY, DuckDBDatasource
from dq.expect.door import BatchExpectation, TableMetricProvider, metric_value, pydantic
from dq.expect.engine import DuckDBExecutionEngine
from dq.expect.known import COMMON
from dq.record import Check, Outcome

Judge = Callable[[str], Sequence[Check]]  # entity to its checks, and those of the snapshots and crosswalks that it stands on

_REFUSED = ("mostly", "row_condition", "condition_parser", "result_format", "catch_exceptions", "windows")


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
        return self.add_query_asset(name, query="SELECT 1 AS comparison")


def add_store(
    context: Any,
    *,
    contract: Path | str = "expectations",
    batch: int | None = None,
    name: str = "parity",
    runs: Path | str | None = None,
    judge: Judge | None = None,
) -> ParityDatasource:
    """Add the comparison of a contract's stores to a data context; the stores are compared when it is first asked.

    Args:
        context: any data context of Great Expectations.
        contract: the contract's folder.
        batch: a batch, from 1; None: all that has moved.
        name: the data source's name.
        runs: where the run's folder is kept, as `dq run` leaves it; None: nothing is left.
        judge: returns an entity's checks, instead of a comparison of the contract's snapshots.
    """
    source: ParityDatasource = context.data_sources.add_parity(name, connection_string=IN_MEMORY)
    source._judge = judge or _judged(contract, batch, runs)  # noqa: SLF001 - it is this module's own
    return source


def _judged(contract: Path | str, batch: int | None, runs: Path | str | None) -> Judge:
    """Compare once, for all entities and validations, as `dq run` does; a folder is left only where one was asked for."""

    @cache
    def checks() -> Sequence[Check]:
        if runs is not None:
            return dq.run(contract, batch=batch, runs=runs).record.checks
        with TemporaryDirectory(prefix="dq-") as folder:
            return dq.run(contract, batch=batch, runs=folder).record.checks

    return lambda _entity: checks()


class ParityChecks(TableMetricProvider):
    """The judged checks of an entity."""

    metric_name = "parity.checks"
    value_keys = ("entity",)

    @metric_value(engine=ParityExecutionEngine)
    def _judged(cls, execution_engine: ParityExecutionEngine, metric_value_kwargs: dict[str, Any], **_: Any) -> Sequence[Check] | Crash:  # noqa: N805 - GX's way
        return execution_engine.checks(metric_value_kwargs["entity"])


class ParityExpectation(BatchExpectation):
    """A claim about one entity, judged by the comparison of both stores.

    It succeeds when it is PASSED or WAIVED; the result's `observed_value` tells FAILED from NOT PROVEN, and holds no key and no value.
    """

    entity: str
    name: Optional[str] = None  # noqa: UP045 - pydantic 1 reads it; of several of a kind (sums, counts, invariants) the one of this name

    kinds: ClassVar[tuple[str, ...]] = ()
    claim: ClassVar[str] = ""
    looks_at: ClassVar[str] = ""  # what its population is: what `element_count` counts
    metric_dependencies = (ParityChecks.metric_name,)
    success_keys = ("entity", "name")
    args_keys = ("entity", "name")

    @classmethod
    def is_abstract(cls) -> bool:
        """Say that only classes with a claim are expectations."""
        return not cls.kinds

    @pydantic.root_validator(pre=True)
    def _refuse(cls, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N805 - pydantic 1's way
        for name in _REFUSED:
            if name in given:
                message = f"'{name}' is refused: {COMMON[name]}"
                raise ValueError(message)
        return {**given, "description": given.get("description") or cls._said(given)}

    def _validate(self, metrics: dict[str, Any], runtime_configuration: dict[str, Any] | None = None, execution_engine: Any = None) -> dict[str, Any]:  # noqa: ARG002 - GX's signature
        found = metrics[ParityChecks.metric_name]
        checks = () if isinstance(found, Crash) else tuple(self._mine(found))
        outcome = Outcome.worst(check.outcome for check in checks)
        decisive = next((check for check in checks if check.outcome is outcome), None)
        reason = found.reason if isinstance(found, Crash) else "the comparison has no such check" if decisive is None else decisive.reason
        return {
            "success": outcome in (Outcome.PASSED, Outcome.WAIVED),
            "result": {
                "observed_value": {
                    "outcome": outcome.value,
                    "sentence": decisive.sentence if decisive else f"Not proven: {reason}.",
                    "reason": reason,
                    "checks": {check.id: check.outcome.value for check in checks},
                },
                "element_count": sum(check.looked_at for check in checks),
                "unexpected_count": sum(check.broken for check in checks),
            },
        }

    def _mine(self, checks: Iterable[Check]) -> Iterable[Check]:
        return (check for check in checks if check.kind in self.kinds and check.entity in (self.entity, None) and self.name in (None, check.name))

    @classmethod
    def _said(cls, given: Mapping[str, Any]) -> str:
        return f"{'.'.join(str(given[key]) for key in cls.args_keys if given.get(key))}: {cls.claim}"

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: Any) -> Any:
        renderer_configuration.template_str = cls._said(renderer_configuration.kwargs)
        return renderer_configuration

    @classmethod
    def _get_observed_value_from_evr(cls, result: Any) -> str:
        observed = result.result.get("observed_value") if result is not None else None
        return f"{observed['outcome']}: {observed['sentence']}" if observed else "--"
