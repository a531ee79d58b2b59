"""The one place that imports Great Expectations and SQLAlchemy; the rest of `dq.expect` takes them from here.

Importing Great Expectations costs seconds, two thirds of them for libraries that only three of its statistical
expectations use (scipy, altair, jsonschema). Those are put off until something asks for them.
"""

from __future__ import annotations

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
    """Import without the libraries of `_PUT_OFF`; leave the process as it was."""
    stands = {name: _Later(name) for name in _PUT_OFF if name.partition(".")[0] not in sys.modules}
    for name, stand in stands.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(stands[parent], child, stand)
    sys.modules |= stands
    warnings_were_logged = logging._warnings_showwarning is not None  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to ask
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of modules that it should no longer import
            yield
    finally:
        for name, stand in stands.items():
            if sys.modules.get(name) is stand:
                del sys.modules[name]
        if not warnings_were_logged:  # Great Expectations sends every warning of the process to its log
            logging.captureWarnings(capture=False)


with _light():
    import great_expectations as gx
    import sqlalchemy as sa
    from duckdb_sqlalchemy import ConnectionWrapper
    from great_expectations.compatibility import pydantic
    from great_expectations.core.metric_domain_types import MetricDomainTypes
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig
    from great_expectations.datasource.fluent.config_str import ConfigStr
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.exceptions.exceptions import MetricResolutionError
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.expectation import BatchExpectation
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
    from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
    from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import column_pair_condition_partial
    from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import ColumnPairMapMetricProvider
    from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import multicolumn_condition_partial
    from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import MulticolumnMapMetricProvider
    from great_expectations.expectations.metrics.metric_provider import metric_value
    from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
    from great_expectations.expectations.registry import get_expectation_impl, get_metric_kwargs
    from great_expectations.validator.metric_configuration import MetricConfiguration

__all__ = [
    "BatchExpectation",
    "ColumnMapMetricProvider",
    "ColumnPairMapMetricProvider",
    "ConfigStr",
    "ConnectionWrapper",
    "DataContextConfig",
    "FailureSeverity",
    "InMemoryStoreBackendDefaults",
    "MetricConfiguration",
    "MetricDomainTypes",
    "MetricResolutionError",
    "MulticolumnMapMetricProvider",
    "ProgressBarsConfig",
    "SQLDatasource",
    "SqlAlchemyExecutionEngine",
    "TableMetricProvider",
    "column_condition_partial",
    "column_pair_condition_partial",
    "get_expectation_impl",
    "get_metric_kwargs",
    "gx",
    "metric_value",
    "multicolumn_condition_partial",
    "pydantic",
    "sa",
]
