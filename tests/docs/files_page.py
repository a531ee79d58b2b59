"""The one place that writes `docs/reference/files.md` and `record.md`: the files of a run's folder and of a snapshot, and every field in them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from dq import record
from dq.stores.manifest import ColumnSeal, Manifest, TableSeal

from .fields import rows
from .pages import table

HEAD = ("field", "value", "means")

RUN: Mapping[str, tuple[str, str]] = {
    "report.json": ("0644", "the record: canonical and complete, no personal data; the same inputs give the same bytes. [Its fields](record.md)"),
    "report.html": ("0644", "the record to read: one file, no address outside it, no personal data"),
    "summary.md": ("0644", "the record in short, for the step summary of a CI job"),
    "junit.xml": ("0644", "every check as a test case: FAILED is a failure, NOT PROVEN an error"),
    "run.json": ("0644", "what varies: when it was made, how long it took, where contract and snapshots lay, memory and threads"),
    "restricted/findings.parquet": ("0600", "every finding, with keys and values"),
}
"""File to mode and what it holds."""

LATER: Mapping[str, tuple[str, str]] = {
    "parity.intoto.json": ("0644", "what the validator attests of the run, signed; made by `dq run --key`. [Signing off](../sign-off.md)"),
    "carried.json": (
        "0644",
        "what stood in the target of the batch: rows and their SHA-256 an entity, which later gates hold the target against; made with it",
    ),
    "signoff.intoto.json": ("0644", "who accepted or rejected it, signed: a JSON list of DSSE envelopes, one a sign-off; made by `dq sign`"),
    "report.signed.html": (
        "0644",
        "the page, beginning with who signed it as verifying found it; written anew by each `dq show RUN --signed` (with `--lang id`: `report.signed.id.html`)",
    ),
    "report.<lang>.html": ("0644", "the same page in another language, where `report.html` is in one; made by `dq show RUN --lang`"),
    "restricted/report.html": ("0600", "the page with keys and values in its examples; made by `--show-values` at `dq run`, `dq gate` and `dq show`"),
    "restricted/notebooks/": ("0600", "executed copies of the notebooks, `.ipynb` and `.html`, with keys and values; made by `dq show RUN --notebook`"),
}
"""What a command adds to a folder."""

FINDINGS: Mapping[str, str] = {
    "entity": "the entity, or the word with which the check's id begins",
    "row": "its ordinal: `coupons#17` is row 17 of coupons",
    "check": "the check that it breaks; empty where a changed row breaks several, which its cells name",
    "status": "`changed`, `missing`, `extra`, `duplicate`, or what a claim calls it",
    "key": "the key's values as texts, in key order",
    "columns": "the columns that differ",
    "column": "filled in for one cell of a changed row: its column",
    "source": "the cell's value in the source, as text",
    "target": "the cell's value in the target, as text",
}
"""Column of findings.parquet to what it holds."""

PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("The record", record.Record),
    ("snapshots", record.Snapshot),
    ("entities", record.EntityResult),
    ("checks", record.Check),
    ("money", record.Money),
    ("examples", record.Example),
    ("slices", record.SliceCount),
    ("overrepresented", record.Slice),
    ("sums", record.SumLine),
    ("causes", record.Cause),
    ("calendar", record.Calendar),
    ("calendar.batches", record.BatchLine),
    ("coverage", record.LedgerLine),
    ("waivers", record.WaiverLine),
)


def files() -> str:
    """Return the page of files, but for its first lines."""
    parts = [
        "# Files\n",
        "## A run's folder\n",
        "`runs/<id>/`. The id is the digest of the inputs; the folder is written under another name and gets its own when it is complete.\n",
        table(("file", "mode", "holds"), ((f"`{name}`", mode, said) for name, (mode, said) in {**RUN, **LATER}.items())),
        "The folder `restricted/` itself is 0700. Which of these may leave the machine stands in [privacy](../privacy.md).\n",
        "`runs/index.html` (0644) is a page over all runs; `dq show --history` writes it anew each time.\n",
        "A run that was made again and gave other bytes stays beside the first as `<id>.differs`.\n",
        "### findings.parquet\n",
        "One line a broken row, one more a cell whose values are kept: of a column's cells the first 100,000 by key. Sorted by entity, key, column.\n",
        table(("column", "holds"), ((f"`{name}`", said) for name, said in FINDINGS.items())),
        "## A snapshot\n",
        table(
            ("file", "mode", "holds"),
            (
                ("`<side>.duckdb`", "0600", "the tables that were taken: a DuckDB file, opened read-only and only after its manifest and digest were checked"),
                ("`<side>.manifest.json`", "0600", "what it is, when it was taken, and what is in it; no row's value"),
                ("`<side>.intoto.json`", "0600", "its exporter's statement, signed; made by `dq snapshot --key`"),
            ),
        ),
        "### The manifest\n",
        table(HEAD, ((name, kind, said) for name, kind, _, said in rows(Manifest, nothing="null"))),
        "### tables\n",
        table(HEAD, ((name, kind, said) for name, kind, _, said in rows(TableSeal, nothing="null"))),
        "### columns\n",
        table(HEAD, ((name, kind, said) for name, kind, _, said in rows(ColumnSeal, nothing="null"))),
        "A contract's files are keys and SQL: [contract keys](contract.md).\n",
    ]
    return "\n".join(parts)


def fields() -> str:
    """Return the page of the record, but for its first lines."""
    parts = [
        "# The record\n",
        (
            "`report.json`: what was asked, what was read, what was found. Keys are sorted, amounts are decimal text, moments are ISO 8601 with offset;\n"
            "there is no float, no duration, no path and no row's key or value in it. What is null or empty is there all the same.\n"
        ),
    ]
    for heading, model in PARTS:
        parts += [f"## {heading}\n", f"{(model.__doc__ or '').strip().splitlines()[0]}\n"]
        parts += [table(HEAD, ((name, kind, said) for name, kind, _, said in rows(model, nothing="null")))]
    return "\n".join(parts)
