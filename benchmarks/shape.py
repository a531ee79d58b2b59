"""The one place for the shapes of data that the axes and the hundred million rows are measured on: how many rows and columns, which key, what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Share = Literal["same", "ten", "one_percent", "all_rows"]
Key = Literal["integer", "text", "composite"]

KEYS: Final[dict[str, tuple[str, ...]]] = {"integer": ("order_id",), "text": ("order_code",), "composite": ("branch", "number")}
ORDER: Final = {"account_id": "BIGINT", "region": "VARCHAR", "status": "VARCHAR", "currency": "VARCHAR", "total": "DECIMAL(18,2)", "created_at": "INSTANT"}
_KEY_TYPES: Final = {"order_id": "BIGINT", "order_code": "VARCHAR", "branch": "INTEGER", "number": "BIGINT"}
_MORE: Final = ("BIGINT", "VARCHAR", "DECIMAL(18,2)", "INSTANT")  # types of further columns, in turn


@dataclass(frozen=True)
class Shape:
    """Orders on two sides, the target in another order; everything follows from a row's number."""

    rows: int
    share: Share = "ten"  # what differs: nothing, ten cells, one row in a hundred, every row
    columns: int = 7  # with an integer key, and without the text
    text: int = 0  # characters of one more column; 0: there is none
    key: Key = "integer"
    mapped: bool = False  # order and account have other ids in the target, and two id maps between them

    @property
    def name(self) -> str:
        """The name of its folder."""
        parts = (str(self.rows), self.share, f"{self.columns}c", f"{self.text}t" if self.text else "", self.key, "mapped" if self.mapped else "")
        return "-".join(part for part in parts if part)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key's columns."""
        return KEYS[self.key]

    @property
    def values(self) -> dict[str, str]:
        """Name and type of each column that is not of the key; the types are the contract's words."""
        more = {f"c{place:03}": _MORE[place % len(_MORE)] for place in range(1, self.columns - len(ORDER))}
        return {**ORDER, **more, **({"note": "VARCHAR"} if self.text else {})}

    @property
    def types(self) -> dict[str, str]:
        """Name and type of each column."""
        return {**{name: _KEY_TYPES[name] for name in self.keys}, **self.values}
