"""The one place that reads what stands in the broken rows which a report gives as examples: personal data, for a restricted page alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dq.errors import UsageError
from dq.record import Check, Record
from dq.report.blocks import slice_value
from dq.report.visible import clip

_LONGEST = 400  # characters of a value


@dataclass(frozen=True, slots=True)
class ValuedCell:
    """A column that differs, and what stands on both sides."""

    column: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ValuedRow:
    """An example with its key and the cells that its check is about; no cell where the row stands on one side only."""

    row: str
    status: str
    key: str
    cells: tuple[ValuedCell, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """The keys and cells of the record's examples, by the row's name."""

    keys: Mapping[str, str]
    cells: Mapping[str, tuple[ValuedCell, ...]]

    def of(self, check: Check) -> tuple[ValuedRow, ...]:
        """Return a check's examples with what stands in them."""
        return tuple(
            ValuedRow(
                example.row,
                example.status,
                self.keys.get(example.row, ""),
                tuple(cell for cell in self.cells.get(example.row, ()) if cell.column in example.columns),
            )
            for example in check.examples
        )


def read_values(findings: Path, record: Record) -> Values:
    """Return what stands in the record's examples. Raises UsageError where the findings cannot be read."""
    import polars as pl  # noqa: PLC0415 - only where values are asked for

    wanted = sorted({example.row for check in record.checks for example in check.examples})
    name = pl.format("{}#{}", "entity", "row")
    try:
        rows = pl.scan_parquet(findings).filter(name.is_in(wanted)).select(name.alias("name"), "key", "column", "source", "target").collect()
    except (OSError, pl.exceptions.PolarsError):
        raise UsageError(f"{findings}: the findings cannot be read, so no value can be shown") from None
    keys: dict[str, str] = {}
    cells: dict[str, tuple[ValuedCell, ...]] = {}
    for row, key, column, source, target in rows.iter_rows():
        keys[row] = ", ".join(clip(slice_value(part), _LONGEST) for part in key)
        if column is not None:
            cells[row] = (*cells.get(row, ()), ValuedCell(column, clip(slice_value(source), _LONGEST), clip(slice_value(target), _LONGEST)))
    return Values(keys, cells)
