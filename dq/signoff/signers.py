"""The one place for who signed a run, in short: what its sign-offs say of themselves, or what they come to by a roster.

Without a roster nobody's signature is looked at: the words are what the file says, whoever wrote it, and are to be shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from dq.errors import RefusedError
from dq.history import Signature, Signers
from dq.signoff.file import SIGN_OFFS, read_bytes, read_sign_offs
from dq.signoff.policy import Roster
from dq.signoff.statement import SIGN_OFF, read_statement
from dq.signoff.verifying import Verified, verify

_KEYS = ("person", "role", "decision", "signed_at")


def signers_of(folder: Path, roster: Roster | None, *, contract: Path) -> Signers | None:
    """Return who signed a run; None where nobody did.

    Args:
        folder: the run's.
        roster: by which it is verified, as of now; None: what the sign-offs say is taken as it stands.
        contract: where the run's contract may be.
    """
    path = folder / SIGN_OFFS
    if not path.exists() and not path.is_symlink():
        return None
    if roster is None:
        return Signers(_said(path), None)
    verified = verify(folder, roster, pin=None, as_of=datetime.now(tz=UTC), contract=contract, again=False)
    return Signers(_held(verified) or _said(path), verified.word)


def _held(verified: Verified) -> tuple[Signature, ...]:
    return _last(Signature(item.person, item.role, item.decision, item.signed_at.isoformat()) for item in verified.sign_offs)


def _said(path: Path) -> tuple[Signature, ...]:
    """Return what a file of sign-offs says, whoever wrote it; nothing where it cannot be read."""
    try:
        envelopes = read_sign_offs(read_bytes(path), where=str(path))
        said = [read_statement(envelope.payload, kind=SIGN_OFF, where=str(path)).predicate for envelope in envelopes]
    except RefusedError:
        return ()
    return _last(Signature(*(str(item.get(key)) for key in _KEYS)) for item in said)


def _last(signatures: Iterable[Signature]) -> tuple[Signature, ...]:
    """Return each person's last word, by role."""
    last: dict[str, Signature] = {}
    for found in sorted(signatures, key=lambda item: item.signed_at):
        last[found.person] = found
    return tuple(sorted(last.values(), key=lambda item: (item.role, item.person)))
