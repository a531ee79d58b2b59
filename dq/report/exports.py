"""The one place for findings as a file for other tools: CSV, Parquet or Excel, readable by their owner alone.

Keys and values of rows stand in such a file: it is written with mode 0600, beside its place and then renamed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final

import polars as pl
from polars import selectors

from dq.errors import UsageError, near_miss
from dq.report.visible import visible

# What a spreadsheet takes for the start of a formula. Source: OWASP, CSV injection.
_FORMULA: Final = r"^[=+\-@\t\r\n＝＋－＠]"
_NEGATIVE: Final = r"^-[0-9]+(\.[0-9]+)?$"  # an amount as text starts no formula, and stays as it is
_EXCEL_ROWS: Final = 1_048_575  # beside the heads
_EXCEL_TEXT: Final = 16_000  # characters of a cell: at most 32,767 units of UTF-16
_EXCEL_DIGITS: Final = 10**15  # a number beyond is rounded by Excel
_EXCEL_CREATED: Final = datetime(1980, 1, 1, tzinfo=UTC)  # of every file: the same bytes for the same findings
_EXCEL_NEVER: Final = ("\ufffe", "\uffff")  # XML holds them not even escaped


def write_findings(frame: pl.DataFrame, path: Path) -> None:
    """Write `frame` to `path`, in the format that the name's suffix says: .csv, .parquet or .xlsx.

    Raises:
        UsageError: an unknown suffix, a folder that is not there, or more rows than the format holds.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UsageError(f"cannot write findings to '{path.name}': '{path.suffix}' is no known suffix{near_miss(path.suffix, _WRITERS)}")
    with private_file(path) as file:
        write(frame, file)


def _csv(frame: pl.DataFrame, file: IO[bytes]) -> None:
    """Text in quotes, so that '' and NULL differ; a text that a spreadsheet would run gets a leading quote."""
    plain = _flat(frame)
    text = pl.col(pl.String)
    runs = text.str.contains(_FORMULA) & ~text.str.contains(_NEGATIVE)
    guarded = plain.with_columns(pl.when(runs).then(pl.lit("'") + text).otherwise(text).name.keep())
    guarded.rename(_guarded_heads(guarded)).write_csv(file, quote_style="non_numeric")


def _guarded_heads(frame: pl.DataFrame) -> dict[str, str]:
    runs = pl.Series(frame.columns, dtype=pl.String).str.contains(_FORMULA)
    return {name: f"'{name}" for name, run in zip(frame.columns, runs, strict=True) if run}


def _parquet(frame: pl.DataFrame, file: IO[bytes]) -> None:
    frame.write_parquet(file)


def _excel(frame: pl.DataFrame, file: IO[bytes]) -> None:
    """Strings stay strings: no formula, no link, no number made of text; a number that Excel would round is text too."""
    if frame.height > _EXCEL_ROWS:
        raise UsageError(f"{frame.height:,} findings do not fit into an Excel sheet of {_EXCEL_ROWS:,} rows; write .parquet or .csv")
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - only where it runs

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(file, options) as workbook:
        workbook.set_properties({"created": _EXCEL_CREATED})
        sheet = workbook.add_worksheet("findings")
        sheet.add_write_handler(str, _write_text)
        _exact(_flat(frame)).write_excel(workbook, sheet, table_style="Table Style Light 1", freeze_panes="A2", column_widths=150)


def _write_text(sheet: Any, row: int, column: int, text: str, *form: Any) -> Any:
    """Write a string as a string, '' too: an empty cell is NULL."""
    return sheet.write_string(row, column, text, *form)


def _exact(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with text wherever a cell of Excel would lose something, and nothing that its XML cannot hold."""
    text = pl.col(pl.String)
    for never in _EXCEL_NEVER:
        frame = frame.with_columns(text.str.replace_all(never, visible(never), literal=True))
    beyond = text.str.len_chars() - _EXCEL_TEXT
    cut = text.str.head(_EXCEL_TEXT) + pl.format("… (+{} characters)", beyond)
    long = pl.when(text.str.len_chars() > _EXCEL_TEXT).then(cut).otherwise(text).name.keep()
    return frame.with_columns(long, selectors.decimal().cast(pl.String), selectors.temporal().cast(pl.String), *_rounded(frame))


def _rounded(frame: pl.DataFrame) -> Iterator[pl.Expr]:
    for name in frame.select(selectors.integer()).columns:
        least, most = frame[name].min(), frame[name].max()
        if least is not None and most is not None and max(-int(str(least)), int(str(most))) >= _EXCEL_DIGITS:
            yield pl.col(name).cast(pl.String)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without nested columns: a list, such as a key, as JSON; codes of a category as their text."""
    nested = [
        pl.Series(name, [None if cell is None else json.dumps(cell, ensure_ascii=False, default=str) for cell in frame[name].to_list()], dtype=pl.String)
        for name in frame.select(selectors.nested()).columns
    ]
    return frame.with_columns(*nested, (selectors.categorical() | selectors.enum()).cast(pl.String))


@contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file beside `path`, mode 0600; it takes the place of `path` when all is written, and is gone when something fails."""
    if not path.parent.is_dir():
        raise UsageError(f"cannot write '{path.name}': there is no folder '{path.parent}'")
    if path.is_dir():
        raise UsageError(f"cannot write '{path}': it is a folder")
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)


_WRITERS: Final[Mapping[str, Callable[[pl.DataFrame, IO[bytes]], None]]] = {".csv": _csv, ".parquet": _parquet, ".xlsx": _excel}
