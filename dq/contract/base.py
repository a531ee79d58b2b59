"""The one place for what every part of a contract is made of: a frozen model that knows its keys, and the types of single values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Severity = Literal["critical", "warning", "info"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]  # said to a person: never blank
Number = Annotated[int, Field(strict=True)]  # true and "1" are none


class Model(BaseModel):
    """Frozen, and knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
