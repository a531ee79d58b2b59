"""Values of examples: read from a million findings, shown beside their rows, and the page stays as small as any other."""

from __future__ import annotations

from pathlib import Path

import extreme_records
import polars as pl
import pytest
import records

from dq.errors import UsageError
from dq.record import Example
from dq.report.html import LARGEST, render_html
from dq.report.values import ValuedCell, ValuedRow, read_values

ROWS = 1_000_000


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a million findings of one column, as a run would have written them."""
    file = tmp_path_factory.mktemp("findings") / "findings.parquet"
    row = pl.int_range(1, ROWS + 1, dtype=pl.Int64, eager=True).alias("row")
    frame = row.to_frame().select(
        pl.lit("coupons").alias("entity"),
        "row",
        pl.lit("coupons.values").alias("check"),
        pl.lit("changed").alias("status"),
        pl.concat_list(pl.format("ID-{}", "row")).alias("key"),
        pl.lit(["body"]).alias("columns"),
        pl.lit("body").alias("column"),
        pl.lit("<b>before</b>").alias("source"),
        pl.lit(None, dtype=pl.String).alias("target"),
    )
    frame.write_parquet(file)
    return file


def test_a_page_of_a_million_findings_is_small_with_and_without_values(findings: Path) -> None:
    examples = tuple(Example(row=f"coupons#{number}", status="changed", columns=("body",)) for number in (1, 2, 999_999))
    enormous = extreme_records.enormous().model_copy(update={"findings": ROWS})
    checks = tuple(check.model_copy(update={"examples": examples}) if check.examples else check for check in enormous.checks)
    record = enormous.model_copy(update={"checks": checks})
    values = read_values(findings, record)
    plain, with_values = render_html(record, language="id"), render_html(record, language="id", values=values)
    assert max(len(plain.encode()), len(with_values.encode())) <= LARGEST
    assert "1.000.000 temuan" in plain


def test_an_example_has_its_key_and_the_cells_of_its_check(findings: Path) -> None:
    record = records.broken()
    check = next(check for check in record.checks if check.entity == "coupons" and check.examples)
    example = check.examples[0].model_copy(update={"row": "coupons#17", "columns": ("body",), "status": "changed"})
    check = check.model_copy(update={"examples": (example,)})
    record = record.model_copy(update={"checks": (check,)})
    values = read_values(findings, record)
    assert values.of(check) == (ValuedRow("coupons#17", "changed", "ID-17", (ValuedCell("body", "<b>before</b>", "NULL"),)),)
    page = render_html(record, values=values)
    assert "&lt;b&gt;before&lt;/b&gt;" in page
    assert "<b>before" not in page


def test_findings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the findings cannot be read, so no value can be shown"):
        read_values(tmp_path / "findings.parquet", records.broken())
