"""The one place where `[columns]` is read: short forms into full columns, each belonging to exactly one check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from pydantic import ValidationError

from dq.contract.base import is_blank
from dq.contract.explain import explained
from dq.contract.models import Column, Kind, Reading, Rule
from dq.contract.types import ColumnType, fits_decimal, parse_type
from dq.errors import ContractError, near_miss

_KEYS = ("type", "through", "source", "target", "export", "severity", "tolerance", "equal_after", "reason")

FORMS = {
    "ENUM": 'a table of codes and words, `{ 1 = "amount" }`',
    "CURRENCY": '`"iso-numeric"`',
    "DECIMAL": '`"minor"` or `{ minor = "<currency column>" }`',
    "INSTANT": '`{ zone = "<column or IANA name>", day_end = "inclusive" }`',
}
"""Type to what a side may say instead of returning it."""


def read_columns(raw: object, *, key: Sequence[str], file: str) -> tuple[Column, ...]:
    """Read the table of columns. Raises ContractError."""
    if not isinstance(raw, dict) or not raw:
        raise ContractError("a table of columns is needed", file=file, key="columns")
    return tuple(_column(name, spec, is_key=name in key, file=file) for name, spec in raw.items())


def _column(name: str, spec: object, *, is_key: bool, file: str) -> Column:
    place = f"columns.{name}"
    if isinstance(spec, str):
        spec = {"type": spec}
    if not isinstance(spec, dict):
        raise ContractError("is a type, or a table with a type", file=file, key=place)
    for key in spec:
        if key not in _KEYS:
            raise ContractError(f"unknown key{near_miss(key, _KEYS)}", file=file, key=f"{place}.{key}")
    try:
        column_type = parse_type(str(spec.get("type", "")))
    except ValueError as error:
        raise ContractError(str(error), file=file, key=f"{place}.type") from None
    through = spec.get("through")
    try:
        return Column(
            name=name,
            type=column_type,
            kind=_kind(column_type, is_key=is_key, through=through),
            through=through,
            source=_read_side(spec, "source", column_type, file=file, place=place),
            target=_read_side(spec, "target", column_type, file=file, place=place),
            export=_read_side(spec, "export", column_type, file=file, place=place),
            severity=spec.get("severity", "critical"),
            tolerance=_tolerance(spec, column_type, file=file, place=place),
            equal_after=_rules(spec, column_type, file=file, place=place),
            reason=spec.get("reason"),
        )
    except ValidationError as error:
        raise explained(error, model=Column, file=file, prefix=f"{place}.") from None


def _kind(column_type: ColumnType, *, is_key: bool, through: object) -> Kind:
    if is_key:
        return "keys"
    if through is not None:
        return "attribution"
    return "instants" if column_type.name == "INSTANT" else "values"


def _read_side(spec: Mapping[str, Any], side: str, column_type: ColumnType, *, file: str, place: str) -> Reading:
    """Read what a side says; several codes of one word need a reason, since nothing tells their rows apart any more."""
    reading = _reading(spec.get(side), column_type, file=file, place=f"{place}.{side}")
    words = list((reading.codes or {}).values())
    folded = next((word for word in words if words.count(word) > 1), None)
    if folded is not None and not spec.get("reason"):
        raise ContractError(
            f"several codes become '{folded}', and nothing tells them apart any more: it needs a 'reason' beside it", file=file, key=f"{place}.{side}"
        )
    return reading


def _reading(raw: object, column_type: ColumnType, *, file: str, place: str) -> Reading:
    if raw is None:
        return Reading()
    name = column_type.name
    if name == "ENUM" and isinstance(raw, dict) and raw and all(isinstance(word, str) for word in raw.values()):
        return Reading(codes=dict(raw))
    if name == "CURRENCY" and raw == "iso-numeric":
        return Reading(iso_numeric=True)
    if name == "DECIMAL" and raw == "minor":
        return Reading(minor="")  # the currency of the entity's money; filled in when the entity is checked
    if name == "DECIMAL" and isinstance(raw, dict) and set(raw) == {"minor"} and isinstance(raw["minor"], str):
        return Reading(minor=raw["minor"])
    if name == "INSTANT" and isinstance(raw, dict):
        return _clock(raw, file=file, place=place)
    takes = f"takes {FORMS[name].replace('`', '')}" if name in FORMS else "is read as it is and takes nothing"
    raise ContractError(f"{column_type.text} {takes}", file=file, key=place)


def _clock(raw: Mapping[str, Any], *, file: str, place: str) -> Reading:
    """Read how a side's wall clock becomes an instant."""
    for key in raw:
        if key not in ("zone", "day_end"):
            raise ContractError(f"unknown key{near_miss(key, ('zone', 'day_end'))}", file=file, key=f"{place}.{key}")
    try:
        reading = Reading(**raw)
    except ValidationError as error:
        raise explained(error, model=Reading, file=file, prefix=f"{place}.") from None
    if reading.zone is None:
        raise ContractError("a wall clock needs 'zone'", file=file, key=place)
    return reading


def _tolerance(spec: Mapping[str, Any], column_type: ColumnType, *, file: str, place: str) -> Decimal | None:
    raw = spec.get("tolerance")
    if raw is None:
        return None
    key = f"{place}.tolerance"
    if column_type.name != "DECIMAL":
        raise ContractError(f"only DECIMAL columns have a tolerance, not {column_type.text}", file=file, key=key)
    if not isinstance(raw, str):
        raise ContractError('is decimal text, e.g. "0.01"', file=file, key=key)
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise ContractError(f"'{raw}' is not a decimal number", file=file, key=key) from None
    if not value.is_finite() or value <= 0:
        raise ContractError(f"'{raw}' is not above zero", file=file, key=key)
    if not fits_decimal(value, scale=column_type.scale):
        raise ContractError(f"'{raw}' fits in no DECIMAL with {column_type.scale} places or more", file=file, key=key)
    if value >= 10 ** (column_type.precision - column_type.scale):
        raise ContractError(f"'{raw}' is as much as any {column_type.text}: it could never fail", file=file, key=key)
    _needs_reason(spec, file=file, key=key)
    return value


def _rules(spec: Mapping[str, Any], column_type: ColumnType, *, file: str, place: str) -> tuple[Rule, ...]:
    raw = spec.get("equal_after", ())
    key = f"{place}.equal_after"
    if not raw:
        return ()
    if not isinstance(raw, list):
        raise ContractError('is a list, e.g. ["nfc"]', file=file, key=key)
    if column_type.name != "VARCHAR":
        raise ContractError(f"only VARCHAR columns have rules, not {column_type.text}", file=file, key=key)
    for rule in raw:
        if rule not in get_args(Rule):
            raise ContractError(f"unknown rule '{rule}'{near_miss(str(rule), get_args(Rule))}", file=file, key=key)
    _needs_reason(spec, file=file, key=key)
    return tuple(raw)


def _needs_reason(spec: Mapping[str, Any], *, file: str, key: str) -> None:
    reason = spec.get("reason")
    if not isinstance(reason, str) or is_blank(reason):
        raise ContractError("needs a 'reason' beside it: it makes different values count as equal", file=file, key=key)
