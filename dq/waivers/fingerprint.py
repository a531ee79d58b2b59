"""The one place for the fingerprint of a check's findings: SHA-256 of exactly those rows, whatever their order and their numbers.

Each record of the findings is digested by itself (status, column, both values, key), the digests are sorted and digested together with the check's
id, its sums that disagree, and what is at stake. So another row, another value or another amount gives another fingerprint, and a row's ordinal,
which changes with the findings before it, does not. Where the findings do not hold all that is broken there is no fingerprint, and it says why.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from dq.engine import Engine, file_literal
from dq.record import Check
from dq.sql import Query
from dq.words import counted

MOST = 1_000_000  # records of a check; a waiver for more rows than that is no waiver of rows that somebody looked at


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What exactly a check found, or why nobody can say it."""

    sha256: str | None
    why_not: str = ""


def fingerprint_of(engine: Engine, check: Check, *, findings: Path) -> Fingerprint:
    """Return the fingerprint of what breaks a check.

    Args:
        engine: it may read `findings`.
        check: as it was judged.
        findings: restricted/findings.parquet of the run.
    """
    source = f'FROM read_parquet({file_literal(findings.resolve())}) WHERE "check" = $1'
    records, cells = engine.one(Query(f'SELECT count(*), count("column") {source}', (check.id,), _STEP))
    lines = [[line.by, line.source_net, line.target_net, line.source_gross, line.target_gross] for line in check.sums if not line.agrees]
    if cells < check.cells:
        return Fingerprint(None, f"values are kept of {cells:,} of its {counted(check.cells, 'cell')}: only a cause can be waived, by a cap")
    if records > MOST:
        return Fingerprint(None, f"it has more than {MOST:,} findings: only a cause can be waived, by a cap")
    listed = len(lines) if check.sums else max(records - cells, cells)
    if listed < check.broken:
        return Fingerprint(None, "the run does not keep all that breaks it")
    sql = f"""
        SELECT sha256(string_agg(line, '' ORDER BY line))
        FROM (SELECT sha256(CAST(to_json([status, "column", source, target] || key) AS VARCHAR)) AS line {source})"""
    (rows,) = engine.one(Query(sql, (check.id,), _STEP))
    whole = [check.id, rows, sorted(lines, key=lambda line: json.dumps(line, sort_keys=True)), [[item.currency, item.amount] for item in check.money]]
    return Fingerprint(hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest())


_STEP = "fingerprint of the findings"
