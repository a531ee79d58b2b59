"""The one place that says of which batch a signed run's folder is, as any of its files says: so that a lost or exchanged file hides no word that was said.

Nothing here is believed: whatever a file says only makes its folder one that must be verified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dq.errors import DqError
from dq.folder import read_record
from dq.signoff.file import SIGN_OFFS, read_bytes, read_sign_offs
from dq.signoff.parity import NAME, read_parity
from dq.signoff.statement import SIGN_OFF, read_statement

Named = tuple[object, object]
"""Migration and batch."""


def signed_folders(runs: Path) -> list[Path]:
    """Return the folders with sign-offs, whatever else is in them, by name."""
    return sorted(path.parent for path in runs.glob(f"*/{SIGN_OFFS}") if not path.parent.name.startswith("."))


def said_of(folder: Path) -> frozenset[Named]:
    """Return of which migrations and batches a signed folder may be: each that one of its files says; nothing where none says anything."""
    return frozenset((*_of_record(folder), *_of_parity(folder), *_of_sign_offs(folder)))


def may_be_of(said: Collection[Named], *, migration: str, batch: int) -> bool:
    """Whether a folder of which that is said may be of a batch: one of its files says so, or none says anything."""
    return not said or (migration, batch) in said


def _of_record(folder: Path) -> Iterator[Named]:
    try:
        record = read_record(folder)
    except DqError:
        return
    yield record.migration, record.batch


def _of_parity(folder: Path) -> Iterator[Named]:
    where = str(folder / NAME)
    try:
        _, statement = read_parity(read_bytes(folder / NAME), where=where)
    except DqError:
        return
    yield from _run(statement.predicate.get("dq_run"))


def _of_sign_offs(folder: Path) -> Iterator[Named]:
    where = str(folder / SIGN_OFFS)
    try:
        envelopes = read_sign_offs(read_bytes(folder / SIGN_OFFS), where=where)
        statements = [read_statement(envelope.payload, kind=SIGN_OFF, where=where) for envelope in envelopes]
    except DqError:
        return
    for statement in statements:
        yield from _run(statement.predicate.get("run"))


def _run(said: object) -> Iterator[Named]:
    if isinstance(said, Mapping):
        yield said.get("migration"), said.get("batch")
