"""The one place for an exporter's statement about a snapshot: written beside its manifest, and checked before anything is attached.

It is asked for where the roster names exporters; whatever it does not say of a snapshot is NOT PROVEN.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dq.errors import RefusedError, SnapshotError
from dq.signoff.envelope import Envelope
from dq.signoff.file import read_bytes, write_whole
from dq.signoff.keys import Signer
from dq.signoff.parity import read_single, sha256, written
from dq.signoff.policy import POLICY, Policy, machine, read_roster
from dq.signoff.statement import EXPORT, Statement, read_statement
from dq.stores.manifest import Manifest, manifest_path, manifest_text, statement_path
from dq.stores.opening import Opened


def attest_snapshot(snapshot: Path, manifest: Manifest, signer: Signer) -> Path:
    """Write an exporter's statement beside a snapshot that was just sealed; return its path. The same snapshot and key give the same bytes."""
    statement = _statement(snapshot, manifest)
    envelope = Envelope(statement.payload, signer.public.fingerprint, b"")
    path = statement_path(snapshot)
    write_whole(path, written(Envelope(statement.payload, envelope.keyid, signer.sign(envelope.signed))))
    path.chmod(0o600)
    return path


def vouching(contract: Path) -> Callable[[Opened], None]:
    """Return what checks a snapshot that was hashed and is not attached yet: its exporter's statement, where a contract's roster asks for one.

    Raises:
        ContractError: there is a roster, and it means nothing (exit 2).
    """
    path = contract / POLICY
    if not path.exists():
        return lambda _: None
    policy = read_roster(path).policy
    if not policy.exporters:
        return lambda _: None
    return lambda opened: check_exported(opened, policy)


def check_exported(opened: Opened, policy: Policy) -> None:
    """Hold a snapshot against its exporter's statement. Raises SnapshotError (exit 3)."""
    try:
        _check(opened, policy, statement_path(opened.path))
    except RefusedError as error:
        raise SnapshotError(f"{opened.side} snapshot: {error}; the roster asks for its exporter's statement (dq snapshot --key)") from None


def _check(opened: Opened, policy: Policy, path: Path) -> None:
    envelope = read_single(read_bytes(path), where=str(path))
    found = machine(policy.exporters, envelope.keyid)
    if found is None:
        raise RefusedError(f"{path}: its key is no exporter's: {envelope.keyid[:60]}")
    exporter, key = found
    if not key.key.holds(envelope.signature, envelope.signed):
        raise RefusedError(f"{path}: {exporter.name}'s signature does not hold")
    if key.revoked_at is not None or not key.held_at(opened.manifest.taken_at):
        raise RefusedError(f"{path}: {exporter.name}'s key was revoked, or did not count at {opened.manifest.moment}, when the snapshot was taken")
    if read_statement(envelope.payload, kind=EXPORT, where=str(path)) != _statement(opened.path, opened.manifest):
        raise RefusedError(f"{path}: is of another snapshot than {opened.path.name} and its manifest")


def _statement(snapshot: Path, manifest: Manifest) -> Statement:
    files = {snapshot.name: manifest.file_sha256, manifest_path(snapshot).name: sha256(manifest_text(manifest).encode())}
    said = manifest.model_dump(mode="json", include={"migration", "side", "store", "region", "batch", "moment", "content"})
    return Statement(EXPORT, files, said)
