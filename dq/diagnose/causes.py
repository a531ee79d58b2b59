"""The one place that groups findings by their explanation, with the rows and people that each has, and counts what none explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dq.compare.cells import VALUES_KEPT
from dq.compare.rows import bits, key_names, mask_names, tables
from dq.contract.models import Column, Entity
from dq.diagnose.again import causes_of_batches
from dq.diagnose.cells import Group, groups_of, labelled
from dq.diagnose.codes import whole_words
from dq.diagnose.population import Subject
from dq.diagnose.rates import why_currencies
from dq.diagnose.rows import causes_of_rows, explained_rows, make_accounted, money_of
from dq.diagnose.sentences import said, why
from dq.engine import Engine
from dq.record import Cause, Money
from dq.sql import Query, literal
from dq.words import counted

UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A cause, and the label that its column's cells have; '' where it is of rows, or of what nothing explains."""

    found: Cause
    label: str = ""


def find_causes(engine: Engine, subject: Subject) -> tuple[Labelled, ...]:
    """Return an entity's causes, largest first; population and labelled cells stand, and so does afterwards what the rows' causes account for."""
    make_accounted(engine, subject)
    found = [cause for place, _, _, column in bits(subject.entity) for cause in _of_column(engine, subject, place=place, column=column)]
    found += [Labelled(cause) for cause in causes_of_batches(engine, subject)]
    found += [Labelled(cause) for cause in causes_of_rows(engine, subject)]
    return tuple(sorted(found, key=lambda one: (one.found.kind == UNEXPLAINED, -one.found.rows, one.found.sentence)))


def count_explained(engine: Engine, subject: Subject) -> dict[str, int]:
    """Return check id to how many of its broken rows are explained in all that is broken about them; the causes were found."""
    entity, found = subject.entity, explained_rows(engine, subject)
    for kind in ("values", "attribution", "instants"):
        if subject.evidence.harms[kind].keys:
            found[f"{entity.name}.{kind}"] = _explained_cells(engine, entity, kind=kind, step=subject.step)
    return found


def _explained_cells(engine: Engine, entity: Entity, *, kind: str, step: str) -> int:
    """Count the rows of which every cell of a kind has a cause."""
    places = [str(place) for place, _, _, column in bits(entity) if column.kind == kind]
    masks = dict.fromkeys(mask_names(entity), 0)
    for _, mask, bit, column in bits(entity):
        masks[mask] |= bit if column.kind == kind else 0
    broken = " + ".join(f"bit_count(CAST(r.{mask} AS BIGINT) & {value})" for mask, value in masks.items())
    keys = key_names(entity)
    on = " AND ".join(f"r.{key} = l.{key}" for key in keys)
    listed = ", ".join(keys)
    claimed = f"SELECT {listed}, count(*) AS n FROM {labelled(entity)} WHERE claimed AND c IN ({', '.join(places)}) GROUP BY {listed}"
    sql = f"SELECT count(*) FROM ({claimed}) AS l JOIN {tables(entity).rows} AS r ON {on} AND r.status = 'changed' WHERE l.n = {broken}"
    return int(engine.one(Query(sql, step=step))[0])


def _of_column(engine: Engine, subject: Subject, *, place: int, column: Column) -> Iterator[Labelled]:
    entity, evidence = subject.entity, subject.evidence
    cells = evidence.harms[""].columns.get(column.name, 0)
    if not cells:
        return
    groups = list(groups_of(engine, entity, place=place))
    named = [group for group in groups if group.claimed]
    looked_at = sum(group.rows for group in groups)
    past = f" ({counted(looked_at, 'row')} of {cells:,} looked at)" if cells > VALUES_KEPT else ""
    maps = whole_words(engine, subject, column, [(group.label, group.rows) for group in named]) if not past else {}
    amounts = why_currencies(engine, subject, column, [group.label for group in named], labelled=labelled(entity)) if not past else {}
    for group in named:
        cause = Cause(
            entity=entity.name,
            kind="currency" if group.label in amounts else group.label.partition(":")[0],
            sentence=f"{_sentence(column, group, reasons=[found[group.label] for found in (maps, amounts) if group.label in found])}{past}",
            columns=(column.name,),
            checks=(f"{entity.name}.{column.kind}",),
            rows=group.rows,
            people=group.people if entity.owner else None,
            money=_at_stake(engine, subject, column, f"l.label = {literal(group.label)} AND l.claimed AND l.c = {place}"),
            every_row=group.rows == looked_at and cells == evidence.compared,
        )
        yield Labelled(cause, group.label)
    rest = [group for group in groups if not group.claimed]
    rows = sum(group.rows for group in rest)
    if rest:
        alone = said(column.name, rest[0].label, span=_span(rest[0]))
        cause = Cause(
            entity=entity.name,
            kind=UNEXPLAINED,
            sentence=f"{alone if rows == 1 else f'{column.name} differs in no common way'}: unexplained{past}",
            columns=(column.name,),
            checks=(f"{entity.name}.{column.kind}",),
            rows=rows,
            people=None if not entity.owner or len(rest) > 1 else rest[0].people,
        )
        yield Labelled(cause)


def _sentence(column: Column, group: Group, *, reasons: Sequence[str]) -> str:
    reason = "; ".join(reasons) or why(group.label, zoned=column.source.zone is not None, digits=column.type.scale)
    return f"{said(column.name, group.label, span=_span(group))}{f': {reason}' if reason else ''}"


def _span(group: Group) -> tuple[int, int] | None:
    if group.least is None or group.most is None:
        return None
    least, most = sorted((int(group.least), int(group.most)), key=abs)
    return least, most


def _at_stake(engine: Engine, subject: Subject, column: Column, where: str) -> tuple[Money, ...]:
    """Return the absolute difference of the labelled rows' amounts, where the column is the amount."""
    entity = subject.entity
    if entity.money is None or column.name != entity.money.amount:
        return ()
    on = " AND ".join(f"r.{key} = l.{key}" for key in key_names(entity))
    rows = f"{labelled(entity)} AS l JOIN {tables(entity).rows} AS r ON {on} AND r.status = 'changed' WHERE {where}"
    amounts = "sum(abs(coalesce(r.amount_source, 0) - coalesce(r.amount_target, 0)))"
    return money_of(engine, entity, f"SELECT r.currency, {amounts} FROM {rows} GROUP BY 1 ORDER BY 1")
