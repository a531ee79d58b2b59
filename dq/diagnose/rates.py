"""The one place that holds amounts against currencies that changed: the same number in another currency, or all amounts exchanged at one rate.

A rate is taken from the largest amounts, where it is known to the most digits, and claimed of the rows whose target amount it gives from the source's, to
two of the currency's smallest units: rates are rounded, and so are amounts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal

from dq.compare.currencies import DEFAULT_EXPONENT, exponents
from dq.compare.rows import key_names, tables
from dq.contract.models import Column, Entity
from dq.diagnose.population import Subject
from dq.engine import Engine
from dq.sql import Query, literal

SAME, EXCHANGED = "the same number in another currency", "the amounts were exchanged at one rate"
_SEVERAL = 3  # amounts, each another number, that one rate gives; fewer have one by chance
_LARGEST = 5  # amounts that a rate is taken from: not every one of them need be right
_PAIRS = 12  # of currencies that are looked at
_DIGITS = 6  # of a rate that are said at most: those that the largest amount has, less one
_OF_TWO = re.compile(r"became:[A-Z]{3}:[A-Z]{3}")
_NUMBERS = ("DECIMAL", "INTEGER", "BIGINT", "HUGEINT")


def add_rates(engine: Engine, subject: Subject, *, column: Column, table: str) -> None:
    """Label the cells of a column that one rate gives, `rate:IDR:USD:0.0000637`, in rows whose currency changed.

    Args:
        engine: the engine.
        subject: the entity.
        column: the column.
        table: its cells (k_0 …, labels, source_value, target_value).
    """
    currency = _place_of_currency(subject.entity)
    if currency is None or column.type.name not in _NUMBERS or column.through is not None:
        return
    keys = key_names(subject.entity)
    on = " AND ".join(f"o.{key} = m.{key}" for key in keys)
    number = "CAST(TRY_CAST(replace(m.{0}_value, '.', '') AS DECIMAL(30,0)) AS HUGEINT)"  # units of the last digit, with room to reckon in
    sql = f"""
        CREATE OR REPLACE TEMP TABLE exchanged AS
        SELECT {", ".join(f"m.{key}" for key in keys)}, o.source_value AS before, o.target_value AS after,
               {number.format("source")} AS s, {number.format("target")} AS t
        FROM {table} AS m JOIN {tables(subject.entity).cells} AS o ON o.c = {currency} AND {on}
        WHERE regexp_full_match(o.source_value, '[A-Z]{{3}}') AND regexp_full_match(o.target_value, '[A-Z]{{3}}')"""
    engine.execute(Query(sql, step=subject.step))
    pairs = f"SELECT before, after, count(*) FROM exchanged GROUP BY 1, 2 HAVING count(*) >= {_SEVERAL} ORDER BY 3 DESC, 1, 2 LIMIT {_PAIRS}"
    for before, after, cells in engine.execute(Query(pairs, step=subject.step)):
        _add_rate(engine, subject, str(before), str(after), cells=int(cells), scale=column.type.scale, table=table)
    engine.execute(Query("DROP TABLE exchanged", step=subject.step))


def _add_rate(engine: Engine, subject: Subject, before: str, after: str, *, cells: int, scale: int, table: str) -> None:
    unit = 10 ** max(scale - exponents().get(after, DEFAULT_EXPONENT), 0)
    of_pair = f"before = {literal(before)} AND after = {literal(after)}"
    largest = f"SELECT s, t FROM exchanged WHERE {of_pair} AND s <> 0 AND t <> 0 ORDER BY abs(s) DESC, s, t LIMIT {_LARGEST}"
    found = []
    for s, t in dict.fromkeys(engine.execute(Query(largest, step=subject.step))):
        claim = f"{of_pair} AND s <> 0 AND TRY(abs(t * {s} - s * {t}) <= CAST({2 * unit * abs(s)} AS HUGEINT))"
        sql = f"SELECT count(*), count(DISTINCT s) FROM exchanged WHERE {claim}"
        number, different = engine.one(Query(sql, step=subject.step))
        found.append((int(number), int(different), Decimal(int(t)), Decimal(int(s)), claim))
    number, different, t, s, claim = max(found, key=lambda one: one[0], default=(0, 0, Decimal(1), Decimal(1), ""))
    if different < _SEVERAL or number * 2 < cells or _is_power_of_ten(t, s):
        return
    known = Context(prec=max(min(len(str(abs(int(t)) // unit)) - 1, _DIGITS), 1))
    label = f"rate:{before}:{after}:{known.divide(t, s).normalize():f}"
    listed = ", ".join(key_names(subject.entity))
    sql = f"""
        UPDATE {table} AS m SET labels = list_append(labels, {literal(label)})
        WHERE ({", ".join(f"m.{key}" for key in key_names(subject.entity))}) IN (SELECT ({listed}) FROM exchanged WHERE {claim})"""
    engine.execute(Query(sql, step=subject.step))


def why_currencies(engine: Engine, subject: Subject, column: Column, labels: Sequence[str], *, labelled: str) -> Mapping[str, str]:
    """Return of the labels of a currency that became another one what became of the amounts: nothing, or all exchanged at one rate.

    Args:
        engine: the engine.
        subject: the entity.
        column: the column.
        labels: those that explain its cells.
        labelled: the quoted name of the table of labelled cells; every column's stand there.
    """
    entity = subject.entity
    currency = _place_of_currency(entity)
    if currency is None or entity.compared[currency].name != column.name or entity.money is None:
        return {}
    amount = next((place for place, one in enumerate(entity.compared) if one.name == entity.money.amount), -1)
    keys = key_names(entity)
    of_row, of_amount = (" AND ".join(f"{one}.{key} = l.{key}" for key in keys) for one in ("r", "a"))
    sql = f"""
        SELECT l.label, count(*) FILTER (r.amount_source = r.amount_target AND r.amount_source <> 0), count(a.label),
               count(*) FILTER (r.amount_source IS DISTINCT FROM r.amount_target)
        FROM {labelled} AS l JOIN {tables(entity).rows} AS r ON {of_row} AND r.status = 'changed'
        LEFT JOIN {labelled} AS a ON {of_amount} AND a.c = {amount} AND a.claimed AND starts_with(a.label, 'rate:')
        WHERE l.c = {currency} AND l.claimed AND starts_with(l.label, 'became:') GROUP BY 1"""
    counts = {str(label): (int(same), int(rated), int(other)) for label, same, rated, other in engine.execute(Query(sql, step=subject.step))}
    reasons = {}
    for label in labels:
        same, rated, other = counts.get(label, (0, 0, 0))
        if not _OF_TWO.fullmatch(label):
            continue  # it was none, or one that nobody knows
        if same and not other:
            reasons[label] = SAME
        elif rated and rated == other and not same:
            reasons[label] = EXCHANGED
    return reasons


def _place_of_currency(entity: Entity) -> int | None:
    """Return the place of the column that says what currency the entity's amounts are in; None where there is none, or it is a key."""
    if entity.money is None or not entity.money.currency:
        return None
    name = entity.money.currency
    return next((place for place, one in enumerate(entity.compared) if one.name == name and one.type.name == "CURRENCY"), None)


def _is_power_of_ten(t: Decimal, s: Decimal) -> bool:
    """Say whether one number is the other with its point moved: that is another matter than a rate."""
    rate = Context(prec=30).divide(t, s).normalize()
    return rate.as_tuple().digits == (1,)
