"""The one place for what every part of a contract is made of: a frozen model that knows its keys, and the types of single values."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Severity = Literal["critical", "warning", "info"]


def is_blank(text: str) -> bool:
    """Say whether a text holds separators, control and format characters only: to whoever reads it, nothing."""
    return all(unicodedata.category(character)[0] in "ZC" for character in text)


def _said(text: str) -> str:
    if is_blank(text):
        raise ValueError("is empty")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_said)]  # said to a person: never blank
Number = Annotated[int, Field(strict=True)]  # true and "1" are none

MOST_DAYS = 36_500  # a hundred years: from any moment of ours, a calendar reaches as far
TOO_LONG = "a number has more digits than can be read"  # a number of TOML, of some thousands
_YEARS = (1970, 9000)
Moment = TypeVar("Moment", bound=date)  # or a datetime, which is a date too


def in_our_time(value: Moment) -> Moment:
    """Return a day or moment, which is of years in which any zone can be reckoned. Raises ValueError."""
    if not _YEARS[0] <= value.year <= _YEARS[1]:
        raise ValueError(f"the year {value.year} is none between {_YEARS[0]} and {_YEARS[1]}")
    return value


class Model(BaseModel):
    """Frozen, and knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
