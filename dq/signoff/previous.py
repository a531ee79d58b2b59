"""The one place for what a sign-off follows: the run of the batch before, with its parity statement and its sign-offs by digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from dq.errors import DqError, RefusedError, UsageError
from dq.folder import read_record
from dq.past import run_folders
from dq.signoff.checked import Attested
from dq.signoff.facts import FIRST, batch_before
from dq.signoff.file import SIGN_OFFS, read_bytes, read_sign_offs
from dq.signoff.parity import NAME, sha256
from dq.signoff.policy import Roster
from dq.signoff.verifying import verify
from dq.signoff.word import digest_of


def find_previous(attested: Attested, *, named: Path | None) -> Path | None:
    """Return the run of the batch before; None where a run is of the first batch, or of no single one.

    Args:
        attested: the run that is to be signed.
        named: where that run is; None: the latest signed one beside it.

    Raises:
        UsageError: there is none, or the named one is of another batch.
    """
    before = batch_before(attested.record)
    if before is None:
        if named is not None:
            raise UsageError(f"--previous: run {attested.record.run} follows no other batch")
        return None
    folder = named or _signed_run(attested, before)
    if folder is None:
        raise UsageError(f"batch {attested.record.batch} follows batch {before}, of which there is no signed run beside {attested.folder}; --previous names it")
    if not _is_of(folder, before, attested):
        raise UsageError(f"--previous: {folder} is no run of batch {before}")
    return folder


def previous_said(folder: Path | None) -> str | Mapping[str, object]:
    """Return what a sign-off says that it follows: the words `first batch`, or a run by the digests of what was signed of it."""
    if folder is None:
        return FIRST
    record = read_record(folder)
    try:
        envelopes = read_sign_offs(read_bytes(folder / SIGN_OFFS), where=str(folder / SIGN_OFFS))
        return {"batch": record.batch, "run": record.run, "parity": sha256(read_bytes(folder / NAME)), "sign_offs": sorted(map(digest_of, envelopes))}
    except RefusedError as error:
        raise UsageError(f"--previous: {error}") from None


def check_previous(folder: Path, roster: Roster, *, as_of: datetime, contract: Path) -> None:
    """See that the run of the batch before is verified, before anybody accepts what follows it. Raises RefusedError."""
    found = verify(folder, roster, pin=None, as_of=as_of, contract=contract, again=False)
    if found.problems:
        raise RefusedError(f"the batch before is not over, {folder} is {found.word}: {found.problems[0]}")


def _signed_run(attested: Attested, batch: int) -> Path | None:
    for folder in reversed(run_folders(attested.folder.resolve().parent)):
        if (folder / SIGN_OFFS).is_file() and _is_of(folder, batch, attested):
            return folder
    return None


def _is_of(folder: Path, batch: int, attested: Attested) -> bool:
    try:
        record = read_record(folder)
    except DqError:
        return False
    return (record.batch, record.command, record.migration) == (batch, "run", attested.record.migration)
