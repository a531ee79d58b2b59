"""Everything of one customer, source beside target: found by id, read from the snapshots that a run compared, told in the run's words.

`opening` finds what the run compared, `person` whom an id means, `extract` takes that person's rows and no others, `rows` holds the two sides
against each other, `telling` says what became of each row. Nothing here shows the rows of anybody else.
"""

from __future__ import annotations

from pathlib import Path

from dq.case.building import case_of
from dq.case.model import CaseData
from dq.case.opening import Where, reopened
from dq.record import Record
from dq.settings import Settings

__all__ = ["Where", "explained"]


def explained(folder: Path, record: Record, account: str, *, where: Where | None = None, settings: Settings | None = None) -> CaseData:
    """Return everything of the person whom an id means.

    Args:
        folder: a run's.
        record: its record.
        account: an id of the source or the target (`source:17` where it could be either), a finding (`coupons#17`), or an e-mail.
        where: where contract and snapshots lie now, if not where they were.
        settings: the engine's.

    Raises:
        UsageError: nobody is meant, or several are; the contract is another; a file that was named is not there (exit 2).
        SnapshotError: a snapshot is gone, does not hold, or is another than the one compared (exit 3).
    """
    with reopened(folder, record, where=where, settings=settings) as run:
        return case_of(run, account)
