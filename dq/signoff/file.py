"""The one place where signed files are written and read: whole or not at all, one call at a time, and sign-offs are only ever added.

`signoff.intoto.json` is a JSON list of DSSE envelopes, one a line and one a person's sign-off: each says another role and time, so none
can share another's payload.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from dq.errors import RefusedError, UsageError
from dq.signoff.envelope import Envelope, read_envelope
from dq.signoff.strict import canonical, read_strict

SIGN_OFFS = "signoff.intoto.json"
_LARGEST = 64 * 1024 * 1024  # bytes


def read_bytes(path: Path) -> bytes:
    """Read a file of a run's folder. Raises RefusedError where it is not there, or larger than such files are."""
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            raise RefusedError(f"{path}: is a link, or too large")
        return path.read_bytes()
    except OSError as error:
        raise RefusedError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None


def read_sign_offs(content: bytes, *, where: str) -> tuple[Envelope, ...]:
    """Read the envelopes of a file, written the one way. Raises RefusedError."""
    try:
        found = read_strict(content)
    except ValueError as error:
        raise RefusedError(f"{where}: {error}") from None
    if not isinstance(found, list) or not found:
        raise RefusedError(f"{where}: no list of sign-offs")
    envelopes = tuple(read_envelope(item, where=f"{where}: sign-off {number}") for number, item in enumerate(found, 1))
    if listing(envelopes) != content:
        raise RefusedError(f"{where}: is not written as dq writes it")
    if len({envelope.payload for envelope in envelopes}) != len(envelopes):
        raise RefusedError(f"{where}: one sign-off stands twice")
    return envelopes


def listing(envelopes: Sequence[Envelope]) -> bytes:
    """Return the bytes of a file with these envelopes."""
    return b"[\n" + b",\n".join(canonical(envelope.written()) for envelope in envelopes) + b"\n]\n"


def add_sign_off(folder: Path, envelope: Envelope) -> Path:
    """Add a sign-off to a run's file; those that are there stay. Raises RefusedError where they cannot be read, UsageError where it cannot be written."""
    path = folder / SIGN_OFFS
    with _alone(folder):
        there = read_sign_offs(read_bytes(path), where=str(path)) if path.exists() else ()
        write_whole(path, listing((*there, envelope)))
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, bring it to the disk and only then name it. Raises UsageError."""
    made: Path | None = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            made = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        made.chmod(0o644)
        made.replace(path)
        made = None
        _sync(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({(error.strerror or 'no reason given').lower()}); it is as it was") from None
    finally:
        if made is not None:
            with suppress(OSError):
                made.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one call at a time add to a folder's file; clear away what a killed one left."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{folder}: {(error.strerror or 'cannot be read').lower()}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob(f".{SIGN_OFFS}-*"):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
