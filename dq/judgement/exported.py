"""The one place that judges `<entity>.export`: what persons may download equals what was migrated for them."""

from __future__ import annotations

from dq.compare.evidence import Crash
from dq.compare.exported import Exported, People
from dq.contract.models import Entity
from dq.judgement.base import Seen, judged, not_proven
from dq.record import Check, Money
from dq.words import counted, listed, money_text

_NAMED = 5  # files and columns
_WORDS = {"missing": "missing in a file", "extra": "in a file only", "changed": "different", "duplicate": "repeated"}


def judge_export(entity: Entity, found: Exported | Crash | None, *, people: People | Crash | None, seen: Seen) -> Check:
    """Judge `<entity>.export`.

    Args:
        entity: the entity.
        found: what was measured of it in the export.
        people: who has a file.
        seen: masked examples.
    """
    check_id = f"{entity.name}.export"
    for measured in (people, found):
        if isinstance(measured, Crash):
            return not_proven(check_id, entity=entity.name, kind="export", reason=measured.reason)
    if not isinstance(people, People) or not isinstance(found, Exported):
        return not_proven(check_id, entity=entity.name, kind="export", reason="the export was not measured")
    harm = found.harm
    elsewhere = f"{counted(people.elsewhere, 'file')} of other batches {'was' if people.elsewhere == 1 else 'were'} not compared."
    left_out = f"Not in the export, and not compared there: {', '.join(found.left_out)}."
    reason = _reason(found, people)
    return judged(
        check_id,
        broken=harm.keys,
        reason=reason,
        entity=entity.name,
        kind="export",
        sentence=f"Not proven: {reason}." if reason else _said(found, people),
        looked_at=found.source_rows + found.export_rows,
        cells=harm.cells,
        people=harm.people,
        money=tuple(Money(currency=currency, amount=money_text(amount)) for currency, amount in harm.money),
        columns=dict(harm.columns),
        statuses=dict(harm.statuses),
        examples=seen.get(check_id, ()),
        details=(*found.problems[1:], *((elsewhere,) if people.elsewhere else ()), *((left_out,) if found.left_out else ())),
    )


def _reason(found: Exported, people: People) -> str | None:
    """Say why it proves nothing, or None. A file of somebody of whom nothing was to move is told by its place: its name may say who that is."""
    if people.strangers:
        places = listed([f"{place:,}" for place in people.strangers[:_NAMED]])
        more = f" and {len(people.strangers) - _NAMED:,} more" if len(people.strangers) > _NAMED else ""
        one = len(people.strangers) == 1
        return f"{'file' if one else 'files'} {places}{more} of the export, by name, {'is of a person' if one else 'are of persons'} in no batch"
    if found.problems:
        return found.problems[0]
    if not people.compared:
        return "no person of the batches compared has a file in the export"
    return None if found.agrees else "the rows found and the fingerprints do not agree"


def _said(found: Exported, people: People) -> str:
    """Return what was found, in one sentence."""
    files, keys = counted(people.compared, "file"), found.harm.keys
    own = f"; {counted(found.native, 'row')} of the target's own {'stands' if found.native == 1 else 'stand'} there, too" if found.native else ""
    if not keys:
        return f"{files} {'says' if people.compared == 1 else 'say'} what was migrated: {counted(found.source_rows, 'row')}{own}."
    ranked = sorted(found.harm.columns.items(), key=lambda item: (-item[1], item[0]))
    named = f" ({', '.join(f'{name} {count:,}' for name, count in ranked[:_NAMED])})" if ranked else ""
    parts = [f"{count:,} {_WORDS[status]}{named if status == 'changed' else ''}" for status, count in found.harm.statuses.items()]
    return f"{counted(keys, 'row')} in {files} {'is' if keys == 1 else 'are'} not as migrated: {listed(parts)}{own}."
