"""The one door to DuckDB: nothing else imports it, and everything asked of it goes through `Engine.execute`.

Source: DECISIONS "Connection": one function, one order (memory, threads, temp, allowed folder, time zone, replacements
off, attach, external access off, lock); FACTS "DuckDB" for what each setting prevents.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import duckdb

from dq.errors import EngineError, ResourceError
from dq.interrupts import raise_if_ended
from dq.settings import Settings, usable_cores
from dq.sql import Query, literal, quote

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

VERSION: str = duckdb.__version__

_BATCH = 100_000  # rows of a stream at a time
ARRAY_BITS = 17  # groups numbered in a 16-bit integer, or NULL, are added up in an array; Source: DuckDB's documentation, "perfect_ht_threshold"

_hiding = Lock()
_hidden: list[str] = []  # modules, one for each thread that hides one now

Row = tuple[Any, ...]


@dataclass(slots=True)
class Engine:
    """An in-memory database that reads attached snapshots and spills to `settings.temp`."""

    connection: duckdb.DuckDBPyConnection
    profile: list[tuple[str, float]] = field(default_factory=list)  # (step, seconds), for what varies and tests
    spares: bool = False  # a core of the machine is left over, see `dq.aside`

    def execute(self, query: Query) -> list[Row]:
        """Run one query and fetch all its rows. Raises EngineError with the step; never with a row's values."""
        with self._answering(query):
            return self._sent(query).fetchall()

    def one(self, query: Query) -> Row:
        """Run a query that returns exactly one row."""
        rows = self.execute(query)
        if len(rows) != 1:
            message = f"{query.step or 'query'}: expected one row, found {len(rows)}"
            raise EngineError(message, sql=query.sql)
        return rows[0]

    def frame(self, query: Query) -> pl.DataFrame:
        """Run one query and return its rows as a Polars frame."""
        with self._answering(query):
            return self._sent(query).pl()

    def bytes_of(self, query: Query) -> Iterator[memoryview]:
        """Run a query whose one column is a BLOB without NULL and yield its bytes in order, joined, some at a time."""
        with self._answering(query):
            for batch in self._sent(query).to_arrow_reader(_BATCH):
                _, offsets, data = batch.column(0).buffers()
                ends = memoryview(offsets).cast("i")[batch.column(0).offset :]
                yield memoryview(data)[ends[0] : ends[len(batch)]]

    def register(self, name: str, function: Callable[..., Any], *, takes: Sequence[str], gives: str) -> None:
        """Make a Python function known to SQL; it is called with None for NULL."""
        with self._answering(Query("", step=f"registering {name}")):
            self.connection.create_function(name, function, list(takes), gives, null_handling="special")  # type: ignore[call-overload]

    @contextmanager
    def stream(self, name: str, batches: pa.RecordBatchReader) -> Iterator[None]:
        """Let queries inside see Arrow batches as a view of that name, which one of them may read."""
        with self._answering(Query("", step=f"stream {name}")), _without_pandas():
            # the bare stream: through the reader, pyarrow reads up to a gigabyte ahead of a query that is slower
            self.connection.register(name, batches.__arrow_c_stream__())
        try:
            yield
        finally:
            self.connection.unregister(name)

    def columns(self, query: Query) -> tuple[tuple[str, str], ...]:
        """Return (name, type) of each column that a SELECT would return, without running it."""
        rows = self.execute(Query(f"DESCRIBE {query.sql}", query.values, query.step))
        return tuple((str(row[0]), str(row[1])) for row in rows)

    def beside(self) -> Engine:
        """Return another connection to the same database, for another thread; its streams and temporary tables are its own."""
        return Engine(self.connection.cursor(), self.profile)

    def interrupt(self) -> None:
        """End the query that another thread waits for; it gets an EngineError."""
        self.connection.interrupt()

    def close(self) -> None:
        """Close the connection; its tables and spilled data go away."""
        self.connection.close()

    def _sent(self, query: Query) -> duckdb.DuckDBPyConnection:
        with _without_pandas():
            return self.connection.execute(query.sql, query.values) if query.values else self.connection.execute(query.sql)

    @contextmanager
    def _answering(self, query: Query) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        except (duckdb.Error, UnicodeEncodeError) as error:  # the latter: a path that is not UTF-8
            raise_if_ended()  # a signal that came while a stream was read is only text in the error
            message = f"{query.step or 'query'}: {without_values(str(error))}"
            raise (ResourceError if _is_too_small(error) else EngineError)(message, sql=query.sql) from error
        except RuntimeError as error:
            if error.__cause__ is None or isinstance(error.__cause__, Exception):
                raise
            self.connection.interrupt()  # else its threads go on, and closing waits for them
            raise error.__cause__ from None  # an interrupt: the engine wraps whatever a signal's handler raises
        finally:
            self.profile.append((query.step, perf_counter() - started))


def open_engine(
    attached: Mapping[str, str],
    *,
    writable: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> Engine:
    """Open a locked-down in-memory engine with snapshots attached read-only.

    Args:
        attached: alias to path of a checked snapshot file.
        writable: alias to path of a file to write; it is made where it is not there.
        settings: memory, threads, folder to spill to and to write results into, files that may be read.

    Raises:
        EngineError: a file cannot be attached.
    """
    settings = settings or Settings()
    engine = Engine(duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}))
    statements = [f"SET memory_limit = {literal(settings.memory)}", f"SET threads = {settings.threads or usable_cores()}"]
    if settings.reads:
        statements.append(f"SET allowed_paths = [{', '.join(map(file_literal, settings.reads))}]")
    statements += [
        f"SET temp_directory = {file_literal(settings.temp / 'spill') if settings.temp is not None else literal('')}",
        f"SET allowed_directories = [{file_literal(settings.temp) if settings.temp is not None else ''}]",
        "SET GLOBAL TimeZone = 'UTC'",  # so that it holds `beside`, too
        "SET GLOBAL python_enable_replacements = false",
        f"SET preserve_insertion_order = {str(settings.in_order).lower()}",
        f"SET perfect_ht_threshold = {ARRAY_BITS}",
    ]
    queries = [
        *(Query(statement, step="opening the engine") for statement in statements),
        *(Query(f"ATTACH {file_literal(file)} AS {quote(alias)} (READ_ONLY)", step=f"attaching {file}") for alias, file in attached.items()),
        *(Query(f"ATTACH {file_literal(file)} AS {quote(alias)}", step=f"attaching {file}") for alias, file in (writable or {}).items()),
        *(Query(statement, step="locking the engine") for statement in ("SET enable_external_access = false", "SET lock_configuration = true")),
    ]
    try:
        if engine.one(Query("SELECT current_setting('enable_progress_bar')", step="opening the engine"))[0]:
            engine.execute(Query("SET enable_progress_bar = false", step="opening the engine"))  # it is written to standard output, into what --json says
        for query in queries:
            engine.execute(query)
    except EngineError:
        engine.close()
        raise
    return engine


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Keep DuckDB from importing pandas, which it does for any bound value and any function of ours, and which takes as long as millions of rows do.

    What is imported already stays; importing it meanwhile fails as if it were not installed, which DuckDB takes for an answer.
    """
    with _hiding:
        hides = bool(_hidden) or "pandas" not in sys.modules
        if hides:
            _hidden.append("pandas")
            sys.modules["pandas"] = None  # type: ignore[assignment]  # Source: Python's reference, "The import system": None stands for a module that is not there
    try:
        yield
    finally:
        if hides:
            with _hiding:
                _hidden.pop()
                if not _hidden:  # the last of the threads that are here
                    sys.modules.pop("pandas", None)


def file_literal(file: Path | str) -> str:
    """Write a path as a string literal; the engine reads UTF-8 whatever the locale is."""
    return literal(os.fsencode(file).decode("utf-8", "surrogateescape"))


def _is_too_small(error: Exception) -> bool:
    """Say whether an error is about the machine: too little memory, or no room where is spilled."""
    return isinstance(error, duckdb.OutOfMemoryException) or (isinstance(error, duckdb.IOException) and "No space left" in str(error))


def without_values(message: str) -> str:
    """Return the first line of an engine's message with data taken out: conversion errors quote the row's value, overflows name both numbers.

    Names of tables and columns stay: they stand in double quotes. So do the numbers of a machine that is too small.
    """
    first = message.strip().splitlines()[0] if message.strip() else "no message"
    unquoted = re.sub(r"'[^']*'", "'…'", first)
    return unquoted if first.startswith(("Out of Memory", "IO Error")) else re.sub(r'(?<![\w"])[-+]?\d[\d.,:eE+-]*', "…", unquoted)
