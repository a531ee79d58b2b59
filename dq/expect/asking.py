"""The one place that puts fits to Great Expectations: one asset, one suite, counts only, a crash caught and made one line.

The broad `except` of fitness stands here: whatever Great Expectations raises becomes an answer that proves nothing.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dq.expect.datasource import lend, quiet_context
from dq.expect.door import get_expectation_impl, gx, sa
from dq.expect.exact import as_decimal, is_number, same
from dq.expect.families import family
from dq.expect.fitness import Answer, Connection, Fit
from dq.expect.known import STOCK

# Counts only: no value that breaks a claim is fetched, let alone kept.
_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}
_BEFORE_DATA = ("Binder Error", "Catalog Error", "Parser Error")  # raised before a row is read: their text holds none


def ask(connection: Connection, *, table: str, fits: Sequence[Fit], types: Mapping[str, str]) -> tuple[Answer, ...]:
    """Return one answer for each fit; a crash is asked again alone, so that each has its own message."""
    with _silence():
        context = quiet_context()
        asset = lend(context, connection).add_table_asset("asset", table_name=sa.quoted_name(table, quote=False))
        batch = asset.add_batch_definition_whole_table("whole").get_batch()
        built = [_built(fit, position, types) for position, fit in enumerate(fits)]
        expectations = {position: item for position, item in enumerate(built) if not isinstance(item, Answer)}
        together = _together(batch, list(expectations.values()))
        return tuple(item if isinstance(item, Answer) else together.get(position) or _alone(batch, item) for position, item in enumerate(built))


def _built(fit: Fit, position: int, types: Mapping[str, str]) -> Any:
    """Return the expectation, or why Great Expectations would not check what was asked."""
    arguments = {name: _typed(value, name, fit, types) for name, value in fit.arguments.items()}
    try:
        expectation = get_expectation_impl(fit.type)(**arguments, meta={"fit": position})
    except Exception as error:  # noqa: BLE001 - see the module
        return Answer(crash=f"Great Expectations does not take the arguments: {' '.join(str(error).split())}")
    for name, value in arguments.items():
        if name != "quantile_ranges" and not same(value, getattr(expectation, name)):
            return Answer(crash=f"Great Expectations would check another '{name}' than the one given")
    return expectation


def _typed(value: Any, name: str, fit: Fit, types: Mapping[str, str]) -> Any:
    """Return the numbers of a DECIMAL column's set as DECIMAL: some expectations compare in Python what they fetched."""
    if name == "value_set" and family(types[fit.arguments["column"]]) == "decimal":
        return [as_decimal(item) if is_number(item) else item for item in value]
    return value


def _together(batch: Any, expectations: Sequence[Any]) -> dict[int, Answer]:
    """Ask for all at once: Great Expectations computes each metric once, and counts of single columns in one scan."""
    found = _validated(batch, gx.ExpectationSuite(name="fitness", expectations=list(expectations)))
    if isinstance(found, Answer):
        return {}
    answers = {result.expectation_config.meta["fit"]: _answer(result) for result in found.results}
    return {position: answer for position, answer in answers.items() if answer.crash is None}


def _alone(batch: Any, expectation: Any) -> Answer:
    found = _validated(batch, expectation)
    return found if isinstance(found, Answer) else _answer(found)


def _validated(batch: Any, asked: Any) -> Any:
    try:
        return batch.validate(asked, result_format=_COUNTS_ONLY)
    except Exception as error:  # noqa: BLE001 - see the module
        return Answer(crash=_one_line(str(error)))


def _answer(result: Any) -> Answer:
    crash = _crash(result.exception_info or {})
    if crash is not None:
        return Answer(crash=_one_line(crash))
    found = result.result or {}
    counts = STOCK[result.expectation_config.type].counts
    element, missing = found.get("element_count"), found.get("missing_count")
    looked_at = None if element is None else element - (missing or 0)
    return Answer(success=bool(result.success), looked_at=looked_at if counts in ("values", "rows") else None, broken=found.get("unexpected_count"))


def _crash(info: Mapping[str, Any]) -> str | None:
    """Return the message of a crash: of the expectation, or of one of the metrics it depends on."""
    if "raised_exception" in info:
        return str(info.get("exception_message")) if info["raised_exception"] else None
    return next((str(item["exception_message"]) for item in info.values()), None)


def _one_line(message: str) -> str:
    """Return what went wrong without a value of any row: both DuckDB and Great Expectations quote the data in their errors."""
    text = re.sub(r"^\([\w.]+\) ", "", " ".join(message.split("\n[SQL", maxsplit=1)[0].split()))
    kind = re.match(r"\w+(?: \w+)* Error\b", text)
    if kind is None:
        return "Great Expectations could not answer"
    return text.split(" LINE ")[0] if kind[0] in _BEFORE_DATA else f"DuckDB could not answer ({kind[0]})"


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Great Expectations from logging and warning meanwhile: its messages hold SQL and values of rows."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
