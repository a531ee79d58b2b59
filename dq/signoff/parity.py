"""The one place for `parity.intoto.json`: what a validator says of the run that it made, its files, its snapshots and its configuration.

The statement is made by the run that saw it all, never for a folder that is there. It holds no time and no path: the same inputs, the same
key, the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dq.compare.signed import Carried
from dq.contract.models import Contract
from dq.contract.reading import digest_of, file_digests
from dq.errors import DqError, RefusedError, UsageError
from dq.folder import REPORT
from dq.pages import PAGE
from dq.record import Record
from dq.signoff.carried import NAME as CARRIED
from dq.signoff.carried import written as written_carried
from dq.signoff.envelope import Envelope, read_envelope
from dq.signoff.facts import facts_of, result_of
from dq.signoff.file import SIGN_OFFS, read_bytes, write_whole
from dq.signoff.keys import Signer
from dq.signoff.policy import Roster, machine
from dq.signoff.statement import PARITY, Statement, described, read_statement
from dq.signoff.strict import canonical, read_strict

NAME = "parity.intoto.json"
FILES = (REPORT, PAGE)
CONTRACT = "contract/"  # before the names of its files


class NotAttestedError(DqError):
    """What a run left cannot be attested, or there is no attestation (exit 3)."""


def check_validator(signer: Signer, roster: Roster | None) -> None:
    """See, before a run costs time, that a key can attest it. Raises UsageError."""
    signer.sign(b"")
    if roster is not None and machine(roster.policy.validators, signer.public.fingerprint) is None:
        raise UsageError(f"{signer.path}: {signer.public.fingerprint} is no validator's key in {roster.path}")


def snapshot_name(side: str) -> str:
    """Return what a side's snapshot is called among the subjects."""
    return f"{side}.duckdb"


def attest(
    folder: Path,
    record: Record,
    *,
    contract: Contract,
    snapshots: Mapping[str, str],
    lock: Path | None,
    page: str,
    signer: Signer,
    carried: Carried | None = None,
) -> Path:
    """Write a run's parity statement into its folder; return its path. Where the same bytes are there already, they stay.

    Args:
        folder: the run's, complete.
        record: what the run found.
        contract: what it went by.
        snapshots: side to the SHA-256 of the file that was hashed and attached.
        lock: the lock file that the libraries were installed from; None: none is named.
        page: report.html as this run made it.
        signer: the validator's key.
        carried: what stood in the target of the run's batch, which a later gate looks for; None: nothing is said of it.

    Raises:
        NotAttestedError: the contract's files are others by now, report.html there is another, or another statement was signed off already.
    """
    if read_bytes(folder / PAGE) != page.encode():
        raise NotAttestedError(f"{folder / PAGE}: is not the page that this run made (in another language?); nothing was attested")
    configuration = file_digests(contract.folder)
    if digest_of(configuration) != contract.digest:
        raise NotAttestedError(f"{contract.folder}: was changed while the run went on; nothing was attested")
    named = {f"{CONTRACT}{name}": digest for name, digest in configuration.items()}
    if "crosswalk" in snapshots:
        named["crosswalk"] = snapshots["crosswalk"]
    if lock is not None:
        named[f"lock/{lock.name}"] = sha256(read_bytes(lock))
    if carried is not None:
        write_whole(folder / CARRIED, written_carried(carried))
    files = {name: sha256(read_bytes(folder / name)) for name in (*FILES, *((CARRIED,) if carried is not None else ()))}
    subject = files | {snapshot_name(side): digest for side, digest in snapshots.items()}
    payload = Statement(PARITY, subject, predicate_of(record) | {"configuration": described(named)}).payload
    envelope = Envelope(payload, signer.public.fingerprint, b"")
    content = written(Envelope(payload, envelope.keyid, signer.sign(envelope.signed)))
    path = folder / NAME
    if not path.is_file() or path.read_bytes() != content:
        if (folder / SIGN_OFFS).exists():
            raise NotAttestedError(f"{path}: was signed off, and this run would attest something else (snapshot files, lock file, key); use another --runs")
        write_whole(path, content)
    return path


def predicate_of(record: Record) -> dict[str, Any]:
    """Return what a parity statement says of a record, but for the configuration."""
    return result_of(record) | {"dq_run": facts_of(record)}


def written(envelope: Envelope) -> bytes:
    """Return the bytes of a file with one envelope."""
    return canonical(envelope.written()) + b"\n"


def read_single(content: bytes, *, where: str) -> Envelope:
    """Read a file with one envelope, written the one way. Raises RefusedError."""
    try:
        envelope = read_envelope(read_strict(content), where=where)
    except ValueError as error:
        raise RefusedError(f"{where}: {error}") from None
    if written(envelope) != content:
        raise RefusedError(f"{where}: is not written as dq writes it")
    return envelope


def read_parity(content: bytes, *, where: str) -> tuple[Envelope, Statement]:
    """Read a parity statement; whose it is, is another question. Raises RefusedError."""
    envelope = read_single(content, where=where)
    return envelope, read_statement(envelope.payload, kind=PARITY, where=where)


def sha256(content: bytes) -> str:
    """Return the SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
