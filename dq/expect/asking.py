"""The one place that puts fits to Great Expectations: one asset, one suite, counts only, a crash caught and made one line.

The one broad `except` of fitness stands here: whatever Great Expectations raises becomes an answer that proves nothing.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from dq.expect.datasource import lend, quiet_context
from dq.expect.door import get_expectation_impl, gx, sa
from dq.expect.exact import same
from dq.expect.families import family
from dq.expect.fitness import Answer, Connection, Fit
from dq.expect.known import STOCK

# Counts only: no value of a row is fetched, let alone kept.
_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0, "exclude_unexpected_values": True}
_SAFE_ERRORS = ("Binder Error", "Catalog Error", "Parser Error", "Not implemented Error", "Syntax Error")


def ask(connection: Connection, *, table: str, fits: Sequence[Fit], types: Mapping[str, str]) -> tuple[Answer, ...]:
    """Return one answer for each fit; a crash is asked again alone, so that it takes no other with it."""
    with _silence():
        context = quiet_context()
        asset = lend(context, connection).add_table_asset("asset", table_name=sa.quoted_name(table, quote=False))
        batch = asset.add_batch_definition_whole_table("whole").get_batch()
        answers: dict[int, Answer] = {}
        expectations: dict[int, Any] = {}
        for position, fit in enumerate(fits):
            built = _built(fit, position, types)
            if isinstance(built, Answer):
                answers[position] = built
            else:
                expectations[position] = built
        answers |= _together(batch, expectations)
        for position in sorted(set(expectations) - {found for found, answer in answers.items() if answer.crash is None}):
            answers |= _alone(batch, position, expectations[position], fits[position])
        return tuple(answers[position] for position in range(len(fits)))


def _built(fit: Fit, position: int, types: Mapping[str, str]) -> Any:
    """Return the expectation, or why Great Expectations would not check what was asked."""
    arguments = {name: _typed(value, name, fit, types) for name, value in fit.arguments.items()}
    try:
        expectation = get_expectation_impl(fit.type)(**arguments, meta={"fit": position})
    except Exception as error:  # noqa: BLE001 - see the module
        return Answer(crash=f"Great Expectations does not take the arguments: {_one_line(error, fit)}")
    for name, value in arguments.items():
        kept = getattr(expectation, name)
        if name != "quantile_ranges" and not same(value, kept):
            return Answer(crash=f"Great Expectations would check another '{name}' than the one given")
    return expectation


def _typed(value: Any, name: str, fit: Fit, types: Mapping[str, str]) -> Any:
    """Return a set's numbers as DECIMAL for a DECIMAL column, since DuckDB compares DECIMAL with DOUBLE as DOUBLE."""
    if name == "value_set" and family(types[fit.arguments["column"]]) == "decimal":
        return [_decimal(item) for item in value]
    if name == "value_pairs_set":
        exact = [family(types[fit.arguments[column]]) == "decimal" for column in ("column_A", "column_B")]
        return [tuple(_decimal(item) if yes else item for item, yes in zip(pair, exact, strict=True)) for pair in value]
    return value


def _decimal(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value) if isinstance(value, int) else value


def _together(batch: Any, expectations: Mapping[int, Any]) -> dict[int, Answer]:
    """Ask for all at once: Great Expectations computes each metric once, and counts of single columns in one scan."""
    if not expectations:
        return {}
    try:
        found = batch.validate(gx.ExpectationSuite(name="fitness", expectations=list(expectations.values())), result_format=_COUNTS_ONLY)
    except Exception:  # noqa: BLE001 - see the module; each is asked again alone
        return {}
    return {result.expectation_config.meta["fit"]: _answer(result) for result in found.results}


def _alone(batch: Any, position: int, expectation: Any, fit: Fit) -> dict[int, Answer]:
    try:
        result = batch.validate(expectation, result_format=_COUNTS_ONLY)
    except Exception as error:  # noqa: BLE001 - see the module
        return {position: Answer(crash=_one_line(error, fit))}
    return {position: _answer(result, fit)}


def _answer(result: Any, fit: Fit | None = None) -> Answer:
    crash = _crash(result.exception_info or {})
    if crash is not None:
        return Answer(crash=_one_line(crash, fit))
    found = result.result or {}
    counts = STOCK[result.expectation_config.type].counts
    element, missing = found.get("element_count"), found.get("missing_count")
    looked_at = None if element is None else element - (missing or 0)
    return Answer(success=bool(result.success), looked_at=looked_at if counts in ("values", "rows") else None, broken=found.get("unexpected_count"))


def _crash(info: Mapping[str, Any]) -> str | None:
    """Return the message of a crash: of the expectation, or of one of the metrics it depends on."""
    if "raised_exception" in info:
        return str(info.get("exception_message") or "no message") if info["raised_exception"] else None
    return next((str(item["exception_message"]) for item in info.values()), None)


def _one_line(error: object, fit: Fit | None) -> str:
    """Return what went wrong without a value of any row: DuckDB quotes the data in conversion and range errors."""
    text = " ".join(str(error).split("\n[SQL")[0].split())
    text = re.sub(r"^\(\w+(?:\.\w+)*\)\s*", "", text)
    kind = re.match(r"(\w+(?: \w+)* Error|\w+Error)\b", text)
    if kind and kind[1] not in _SAFE_ERRORS:
        return f"DuckDB could not answer ({kind[1]})"
    known = {*fit.arguments, *(str(value) for value in fit.arguments.values())} if fit is not None else set()
    masked = re.sub(r"(['\"])(.*?)\1", lambda found: found[0] if found[2] in known else "'…'", text.split(" LINE ")[0])
    return masked[:200]


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
