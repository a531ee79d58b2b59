"""The one place where two copies are compared in plain Python, slowly and row by row: what the engine must say of them.

It shares nothing with the engine's comparison: values are the texts that the engine writes, NULL is None.
Source: DESIGN, law 10.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from dq.canaries.operators import Value, units
from dq.canaries.result import Claim
from dq.contract.claims import Invariant
from dq.contract.models import Column, Entity

Texts = tuple[Value, ...]  # a row's values, in the order of the entity's columns
Rows = Sequence[tuple[int, Texts]]  # place, row
_BLANK = "\u200b\ufeff"  # blank to a reader, not to `str.isspace`
_NOT_BLANK = "\x1c\x1d\x1e\x1f"  # the other way round
_MOST = 10**37  # a sum past that is refused by the engine, loudly


def differs(column: Column, one: Value, other: Value) -> bool:
    """Say whether two values of a column are not the same, whatever rule it declares."""
    if one == other:
        return False
    if one is None or other is None:
        return True
    if column.type.name == "JSON":
        return _meaning(one) != _meaning(other)
    for rule in column.equal_after:
        one, other = _folded(rule, one), _folded(rule, other)
    if one == other:
        return False
    return column.tolerance is None or abs(Fraction(one) - Fraction(other)) > Fraction(column.tolerance)


def broken_rows(entity: Entity, source: Rows, target: Rows) -> set[Claim]:
    """Return ("row", key, status, columns) of every key that is not the same on both sides."""
    places = [_place(entity, name) for name in entity.key]
    compared = [(_place(entity, column.name), column) for column in entity.compared]
    sides = [_by_key(rows, places) for rows in (source, target)]
    found: set[Claim] = set()
    for key in {*sides[0], *sides[1]}:
        ours, theirs = (side.get(key, []) for side in sides)
        if None in key or len(ours) > 1 or len(theirs) > 1:
            found.add(("row", key, "duplicate", ()))
        elif not ours or not theirs:
            found.add(("row", key, "extra" if theirs else "missing", ()))
        else:
            columns = tuple(column.name for place, column in compared if differs(column, ours[0][place], theirs[0][place]))
            found |= {("row", key, "changed", columns)} if columns else set()
    return found


def sum_lines(entity: Entity, source: Rows, target: Rows) -> tuple[set[Claim], int]:
    """Return (check, slice, net and gross of both sides) of every count and sum, in smallest units, and how many of them disagree."""
    found: set[Claim] = set()
    wrong = 0
    for check_id, column, by in entity.sum_checks():
        if column is not None and not summable(entity, column, source, target):
            continue
        sides = [_added(entity, rows, column=column, by=by) for rows in (source, target)]
        for slice_ in {*sides[0], *sides[1]}:
            (source_net, source_gross), (target_net, target_gross) = (side.get(slice_, (0, 0)) for side in sides)
            found.add((check_id, slice_, source_net, target_net, source_gross, target_gross))
            wrong += (source_net, source_gross) != (target_net, target_gross)
    return found, wrong


def summable(entity: Entity, column: str, *sides: Rows) -> bool:
    """Say whether a column's sums of a few rows can be added up at all."""
    place = _place(entity, column)
    return all(sum(abs(units(row[place] or "0")) for _, row in rows) < _MOST for rows in sides)


def harmed_natives(entity: Entity, source: Rows, target: Rows, *, says_so: Iterable[int]) -> set[Claim]:
    """Return ("natives", place, status) where the source's rows are the target's own of before, and the target's what became of them.

    Args:
        entity: the entity.
        source: the rows of before.
        target: the rows of now; those with other places are somebody else's.
        says_so: the places of rows that say that they changed.
    """
    now: dict[int, list[Texts]] = {}
    for place, row in target:
        now.setdefault(place, []).append(row)
    silent = {place for place, _ in source} - set(says_so)
    owner = None if entity.owner is None else _place(entity, entity.owner)
    keys = [_place(entity, name) for name in entity.key]
    found: set[Claim] = set()
    for place, row in source:
        there = now.get(place, [])
        found |= {("natives", place, "missing")} if not there else set()
        for other in there:
            if owner is not None and other[owner] != row[owner]:
                found.add(("natives", place, "given away"))
            elif any(other[key] != row[key] for key in keys):
                found.add(("natives", place, "overwritten"))
            elif other != row:
                found.add(("natives", place, "changed" if place in silent else "alive"))
        found |= {("natives", place, "repeated")} if len(there) > 1 else set()
    return found


def unequal_totals(entity: Entity, invariant: Invariant, source: Rows, target: Rows, *, ledger: Rows) -> set[Claim]:
    """Return (invariant, key, in the source, in the target) of every total that is not the sum of its ledger's entries, on each side.

    Args:
        entity: the entity.
        invariant: a claim with `equals`; a sum without a row has a key only where it is added up by the entity's own.
        source: the totals of the source.
        target: the totals of the target.
        ledger: rows whose totals are the entries, of both sides.
    """
    if invariant.equals is None or invariant.column is None:
        message = "an invariant without a ledger was asked for"
        raise AssertionError(message)
    by, amount = [_place(entity, name) for name in invariant.equals.by], _place(entity, invariant.column)
    whole = set(invariant.equals.by) == set(entity.key)
    keys = [_place(entity, name) for name in entity.key]
    entries: dict[Texts, Fraction | None] = {}
    for _, row in ledger:
        group, value = tuple(row[place] for place in by), row[amount]
        if None in group and not whole:
            continue
        entries[group] = entries.get(group) if value is None else (entries.get(group) or 0) + Fraction(value)
    broken: list[set[Texts]] = []
    for rows in (source, target):
        totals = {tuple(row[place] for place in by) for _, row in rows}
        wrong = {tuple(row[place] for place in keys) for _, row in rows if _number(row[amount]) != (entries.get(tuple(row[place] for place in by)) or 0)}
        alone = (group for group, total in entries.items() if group not in totals and None not in group and total != 0)
        wrong |= {tuple(group[by.index(place)] for place in keys) for group in alone} if whole else set()
        broken.append(wrong)
    return on_sides(invariant, *broken)


def repeated_values(entity: Entity, invariant: Invariant, source: Rows, target: Rows) -> set[Claim]:
    """Return (invariant, key, in the source, in the target) of every row whose values in some columns, none of them NULL, stand in another row too."""
    keys, places = ([_place(entity, name) for name in names] for names in (entity.key, invariant.unique or ()))
    broken: list[set[Texts]] = []
    for rows in (source, target):
        times = Counter(tuple(row[place] for place in places) for _, row in rows)
        twice = {values for values, number in times.items() if number > 1 and None not in values}
        broken.append({tuple(row[place] for place in keys) for _, row in rows if tuple(row[place] for place in places) in twice})
    return on_sides(invariant, *broken)


def on_sides(invariant: Invariant, source: Collection[Texts], target: Collection[Texts]) -> set[Claim]:
    """Return (invariant, key, in the source, in the target) of the keys that break an invariant on either side."""
    return {(f"invariant.{invariant.name}", key, key in source, key in target) for key in {*source, *target}}


def broken_map(rows: Sequence[tuple[Value, Value]], *, ids: Iterable[str], natives: Iterable[str], before: Sequence[tuple[Value, Value]] = ()) -> set[Claim]:
    """Return (problem, id) of everything that is wrong with a map of ids.

    Args:
        rows: source id, target id.
        ids: the source ids that rows have.
        natives: ids that the target's own rows had before.
        before: rows that it had when a batch was proven, and must have still.
    """
    found: set[Claim] = {("null", source or target or "NULL") for source, target in rows if source is None or target is None}
    found |= {("fan-out", source) for source, many in Counter(source for source, _ in rows).items() if source is not None and many > 1}
    ways: dict[str, set[str]] = {}
    for source, target in rows:
        if target is not None:
            ways.setdefault(target, set()).update({source} - {None})  # type: ignore[arg-type]
    found |= {("fan-in", target) for target, sources in ways.items() if len(sources) > 1}
    found |= {("collision", target) for target in ways if target in set(natives)}
    mapped = {source for source, target in rows if target is not None}
    lost = {source for source, target in before if source is not None and target is not None and (source, target) not in rows}
    found |= {("changed since" if source in mapped else "dropped since", source) for source in lost}
    return found | {("unmapped", one) for one in ids if one not in {source for source, _ in rows}}


def _place(entity: Entity, name: str) -> int:
    return next(place for place, column in enumerate(entity.columns) if column.name == name)


def _by_key(rows: Rows, places: Sequence[int]) -> dict[Texts, list[Texts]]:
    found: dict[Texts, list[Texts]] = {}
    for _, row in rows:
        found.setdefault(tuple(row[place] for place in places), []).append(row)
    return found


def _added(entity: Entity, rows: Rows, *, column: str | None, by: Sequence[str]) -> Mapping[Texts, tuple[int, int]]:
    summed = None if column is None else _place(entity, column)
    sliced = [(_place(entity, told.name), is_month) for told, is_month in map(entity.sliced, by)]
    found: dict[Texts, tuple[int, int]] = {} if sliced else {(): (0, 0)}
    for _, row in rows:
        value = 1 if summed is None else units(row[summed] or "0")
        slice_ = tuple(_month(row[place]) if is_month else row[place] for place, is_month in sliced)
        net, gross = found.get(slice_, (0, 0))
        found[slice_] = (net + value, gross + abs(value))
    return found


def _month(value: Value) -> Value:
    """Return the month of a date or an instant in UTC, as texts; what is no time of this era's calendar is itself."""
    if value is None or value.endswith("infinity"):
        return value
    year, month, _ = value.split(" ")[0].split("-")
    return f"{1 - int(year)}-{month}" if value.endswith("(BC)") else f"{year}-{month}"


def _number(value: Value) -> Fraction | None:
    return None if value is None else Fraction(value)


def _folded(rule: str, value: str) -> str:
    if rule == "trim":
        return _trimmed(value)
    return {"nfc": unicodedata.normalize("NFC", value), "casefold": value.lower(), "crlf": value.replace("\r\n", "\n")}[rule]


def _trimmed(value: str) -> str:
    blank = [char in _BLANK or (char.isspace() and char not in _NOT_BLANK) for char in value]
    first = next((place for place, is_blank in enumerate(blank) if not is_blank), len(value))
    last = next((place for place, is_blank in enumerate(reversed(blank)) if not is_blank), 0)
    return value[first : len(value) - last]


def _meaning(text: str) -> object:
    """Return what a JSON text means; a text that means nothing is the same as none, not even as itself."""
    try:
        return _typed(json.loads(text, parse_float=_exact, parse_int=Decimal, object_pairs_hook=_pairs))
    except (ValueError, RecursionError):
        return object()


def _exact(text: str) -> object:
    """Return a number; where no Decimal holds its exponent, what is equal to a number that is written alike."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text.encode()


def _pairs(pairs: list[tuple[str, object]]) -> object:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _typed(value: object) -> object:
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in value.items()}
    return [_typed(item) for item in value] if isinstance(value, list) else (type(value), value)
