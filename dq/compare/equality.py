"""The one place that says when two canonical values are the same: null-safe and exact, or equal after a rule that the contract declares.

Source: DESIGN, law 3; DECISIONS "JSON".
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation

from dq.compare.blanks import BLANKS
from dq.compare.sides import UNMAPPED, through
from dq.contract.models import Column, Entity
from dq.sql import literal, quote

JSON_SAME = "dq_json_same"  # the engine's name of `json_same`
EXCUSED = "unmapped"  # the rule of a cell whose id the crosswalk does not map: told in crosswalk.<name>, not again


def differs(column: Column) -> str:
    """Return the claim that two cells `s` and `t` are not identical; NULL is a value like any other."""
    return f"s.{quote(column.name)} IS DISTINCT FROM t.{quote(column.name)}"


def rule_of(column: Column, *, entity: Entity) -> str | None:
    """Return an expression with the rule under which two different cells count as equal, NULL where none does.

    None where nothing is declared for the column.
    """
    arms: list[str] = []
    source, target = f"s.{quote(column.name)}", f"t.{quote(column.name)}"
    if column in through(entity):
        bit = 1 << through(entity).index(column)
        arms.append(f"WHEN s.{quote(UNMAPPED)} & {bit} <> 0 THEN {literal(EXCUSED)}")
    if column.type.name == "JSON":
        arms.append(f"WHEN {JSON_SAME}(CAST({source} AS VARCHAR), CAST({target} AS VARCHAR)) THEN 'json'")
    left, right = source, target
    for rule in column.equal_after:  # each on top of those before it
        left, right = _folded(rule, left), _folded(rule, right)
        arms.append(f"WHEN {left} = {right} THEN {literal(rule)}")
    if column.tolerance is not None:
        # what overflows is further apart than any tolerance
        difference = f"TRY(abs(CAST({source} AS DECIMAL(38,{column.type.scale})) - CAST({target} AS DECIMAL(38,{column.type.scale}))))"
        arms.append(f"WHEN {difference} <= {literal(str(column.tolerance))}::DECIMAL(38,{max(column.type.scale, _scale(column.tolerance))}) THEN 'tolerance'")
    return f"CASE {' '.join(arms)} END" if arms else None


def json_same(source: str | None, target: str | None) -> bool | None:
    """Say whether two JSON texts mean the same: order of keys is nothing, numbers are exact, a key that stands twice is never equal."""
    if source is None or target is None:
        return None
    try:
        return _meaning(source) == _meaning(target)
    except (ValueError, RecursionError):
        return False


def _meaning(text: str) -> object:
    return _typed(json.loads(text, parse_float=_number, parse_int=Decimal, parse_constant=_refuse, object_pairs_hook=_object))


def _number(text: str) -> Decimal | tuple[str]:
    """Return a number exactly; one whose exponent is out of all range is the same only as itself, and no text."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return (text,)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return found


def _refuse(word: str) -> object:
    raise ValueError(word)


def _typed(value: object) -> object:
    """Tell true from 1: Python holds them equal."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (type(value).__name__, value)


def _folded(rule: str, value: str) -> str:
    forms = {
        "nfc": f"nfc_normalize({value})",
        "trim": f"trim({value}, {literal(BLANKS)})",
        "casefold": f"lower({value})",
        "crlf": f"replace({value}, chr(13) || chr(10), chr(10))",
    }
    return forms[rule]


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
