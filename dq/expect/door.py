"""The one place that imports Great Expectations and SQLAlchemy; the rest of `dq.expect` takes them from here.

Importing Great Expectations costs seconds, two thirds of them for libraries that only three of its statistical
expectations use (scipy, altair, jsonschema). Those are put off until something asks for them.
"""

from __future__ import annotations

import gc
import importlib
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_PUT_OFF = ("scipy", "scipy.stats", "altair", "jsonschema")


class _Later(ModuleType):
    """Stands for a module that nobody has needed yet; the first use of an attribute imports it."""

    def __getattr__(self, name: str) -> object:
        if name == "__path__":  # the import system asks every parent package for it
            return []
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _light() -> Iterator[None]:
    """Import without the libraries of `_PUT_OFF` and without collecting garbage; leave the process as it was."""
    stands: dict[str, _Later] = {}
    for name in [name for name in _PUT_OFF if name.partition(".")[0] not in sys.modules]:
        stands[name] = sys.modules[name] = _Later(name)
        parent, _, child = name.rpartition(".")
        if parent in stands:
            setattr(stands[parent], child, stands[name])
    collecting = gc.isenabled()
    warnings_were_logged = logging._warnings_showwarning is not None  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to ask
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of modules that it should no longer import
            yield
    finally:
        for name, stand in stands.items():
            if sys.modules.get(name) is stand:
                del sys.modules[name]
        if collecting:
            gc.enable()
        if not warnings_were_logged:  # Great Expectations sends every warning of the process to its log
            logging.captureWarnings(capture=False)


with _light():
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import sqlalchemy as sa
    from duckdb_sqlalchemy import ConnectionWrapper
    from great_expectations.compatibility import pydantic
    from great_expectations.core.metric_domain_types import MetricDomainTypes
    from great_expectations.core.metric_function_types import (
        MetricFunctionTypes,
        MetricPartialFunctionTypeSuffixes,
        SummarizationMetricNameSuffixes,
    )
    from great_expectations.datasource.fluent.config_str import ConfigStr
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.expectation import BatchExpectation, render_suite_parameter_string
    from great_expectations.expectations.metrics.map_metric_provider import (
        ColumnMapMetricProvider,
        ColumnPairMapMetricProvider,
        MulticolumnMapMetricProvider,
        column_condition_partial,
        column_pair_condition_partial,
        multicolumn_condition_partial,
    )
    from great_expectations.expectations.metrics.metric_provider import metric_value
    from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
        register_metric,
    )

__all__ = [
    "BatchExpectation",
    "ColumnMapMetricProvider",
    "ColumnPairMapMetricProvider",
    "ConfigStr",
    "ConnectionWrapper",
    "MetricDomainTypes",
    "MetricFunctionTypes",
    "MetricPartialFunctionTypeSuffixes",
    "MulticolumnMapMetricProvider",
    "SQLDatasource",
    "SqlAlchemyExecutionEngine",
    "SummarizationMetricNameSuffixes",
    "TableMetricProvider",
    "column_condition_partial",
    "column_pair_condition_partial",
    "get_expectation_impl",
    "gx",
    "gxe",
    "list_registered_expectation_implementations",
    "metric_value",
    "multicolumn_condition_partial",
    "pydantic",
    "register_metric",
    "render_suite_parameter_string",
    "sa",
]
