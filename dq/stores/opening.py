"""The one place where snapshots are opened: strangers' files until manifest and digest are checked, and watched until the run ends.

The file is opened once, hashed through that handle, and only then attached; after attaching, the engine's own handle must be of the
same file, and at the end the file must be as it was. A path that is swapped, or a file that is written to meanwhile, is seen.
Source: DESIGN, law 8; FACTS "Traps" (a `.wal` beside a snapshot is replayed on a read-only attach) and "Signing".
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dq.contract.models import Contract
from dq.contract.stores import BEFORE
from dq.errors import SnapshotError, UsageError, near_miss
from dq.settings import threads_worth
from dq.stores.manifest import Manifest, manifest_path, read_manifest

_CHUNK = 16 * 1024 * 1024
_TURN = 0.0005  # seconds
_MAGIC = (8, b"DUCK")  # Source: DuckDB documentation, "Storage": the magic bytes follow an 8-byte checksum
Identity = tuple[int, int, int, int, int]  # device, inode, bytes, modified, changed (both in ns)


@dataclass(frozen=True, slots=True)
class Opened:
    """A snapshot whose file is what its manifest says; `close` it when the run ends."""

    side: str
    path: Path
    manifest: Manifest
    handle: int
    identity: Identity

    def check_attached(self) -> None:
        """Hold the engine's handle against ours: the file that is attached is the one that was hashed. Raises SnapshotError."""
        same = 0
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - no Path is wanted
            try:
                found = os.fstat(int(name))
            except OSError:
                continue  # the listing's own handle
            same += (found.st_dev, found.st_ino) == self.identity[:2]
        if same < 2:  # noqa: PLR2004 - ours and the engine's
            raise SnapshotError(f"{self.path}: was exchanged between the check and the attach")
        _no_wal(self.path)

    def check_unchanged(self) -> None:
        """Hold the file against what it was when it was hashed. Raises SnapshotError."""
        if _identity(self.handle) != self.identity:
            raise SnapshotError(f"{self.path}: was written to while it was read")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.handle)


def snapshot_paths(contract: Contract, overrides: Mapping[str, Path]) -> dict[str, Path]:
    """Return where each snapshot lies: as the contract says, or as named on the command line. Raises UsageError."""
    paths = {side: store.snapshot for side, store in contract.migration.stores.present()}
    for side, path in overrides.items():
        if side not in paths:
            raise UsageError(f"the contract names no {side} store, so --{side.replace('_', '-')} means nothing")
        paths[side] = path
    return paths


def find_snapshots(paths: Mapping[str, Path], *, on_command_line: Iterable[str] = ()) -> None:
    """Check that every snapshot file and its manifest are there, before anything costs time.

    Raises:
        UsageError: one that was named on the command line is not there (exit 2).
        SnapshotError: one that the contract names is not there (exit 3).
    """
    for side, path in paths.items():
        refused = UsageError if side in on_command_line else SnapshotError
        try:
            found = path.exists() or path.is_symlink()
        except OSError as error:
            raise refused(f"{side} snapshot {path}: {(error.strerror or 'cannot be read').lower()}") from None
        if not found:
            there = [item.name for item in path.parent.glob("*.duckdb")] if path.parent.is_dir() else []
            raise refused(f"{side} snapshot {path}: no such file{near_miss(path.name, there)}")


def open_snapshots(
    paths: Mapping[str, Path],
    *,
    on_command_line: Collection[str] = (),
    known: Mapping[str, Identity] = MappingProxyType({}),
    told: Callable[[int], None] = lambda _: None,
    vouched: Callable[[Opened], None] = lambda _: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> dict[str, Opened]:
    """Open snapshots, hash them and hold them against their manifests.

    Args:
        paths: side to snapshot file.
        on_command_line: the sides whose files were named there.
        known: side to what its file was when it was hashed before; one that is still so, to the nanosecond of its last change, is not hashed again.
        told: called with the number of bytes hashed since the last call, from several threads.
        vouched: called with each snapshot that is what its manifest says; raises SnapshotError where its exporter does not vouch for it.
        meanwhile: called while they are hashed.

    Raises:
        UsageError: one that was named on the command line is no snapshot, or not what its manifest says (exit 2).
        SnapshotError: one that the contract names is not, one file is named twice, one changed meanwhile, or has no exporter's word (exit 3).

    Source: DECISIONS "Which file where".
    """
    opened: dict[str, Opened] = {}
    try:
        for side, path in paths.items():
            with _blamed(side, on_command_line):
                opened[side] = _opened(side, path)
        with ThreadPoolExecutor(max_workers=max(1, len(opened))) as pool:
            unknown = [item for item in opened.values() if known.get(item.side) != item.identity]
            checked = pool.map(lambda item: _checked(item, on_command_line, told=told), unknown)
            with _short_turns():
                meanwhile()
            list(checked)
        _no_twins(opened)
        for item in opened.values():
            vouched(item)
    except BaseException:
        for item in opened.values():
            item.close()
        raise
    return opened


def threads_for(opened: Mapping[str, Opened]) -> int:
    """Return how many threads it pays to read snapshots with: their largest table says it."""
    return threads_worth(max((table.rows or 0 for item in opened.values() for table in item.manifest.tables), default=0))


@contextmanager
def _blamed(side: str, on_command_line: Collection[str]) -> Iterator[None]:
    """Turn what is wrong with a file into wrong usage, where it was named on the command line."""
    try:
        yield
    except SnapshotError as error:
        if side not in on_command_line:
            raise
        raise UsageError(str(error)) from None


def _opened(side: str, path: Path) -> Opened:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        what = "a symbolic link may not stand for a snapshot" if path.is_symlink() else (error.strerror or "cannot be opened").lower()
        raise SnapshotError(f"{side} snapshot {path}: {what}") from None
    try:
        _check_kind(handle, f"{side} snapshot {path}")
        _no_wal(path)
        return Opened(side, path, read_manifest(path), handle, _identity(handle))
    except OSError as error:
        os.close(handle)
        raise SnapshotError(f"{side} snapshot {path}: {(error.strerror or 'cannot be read').lower()}") from None
    except BaseException:
        os.close(handle)
        raise


def _check_kind(handle: int, what: str) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise SnapshotError(f"{what}: not a regular file")
    if not _has_magic(handle):
        raise SnapshotError(f"{what}: not a DuckDB file")


def is_duckdb(file: Path) -> bool:
    """Say whether a file begins as a DuckDB file does."""
    with file.open("rb") as stream:
        return _has_magic(stream.fileno())


def _has_magic(handle: int) -> bool:
    place, magic = _MAGIC
    return os.pread(handle, len(magic), place) == magic


def _no_wal(path: Path) -> None:
    wal = path.with_name(path.name + ".wal")
    if wal.exists() or wal.is_symlink():
        raise SnapshotError(f"{path}: {wal.name} stands beside it and would change what is read; seal the snapshot anew")


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let threads that hash wait a short time for their turn while this one is busy in Python: after each chunk they need it for a moment."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _checked(item: Opened, on_command_line: Collection[str], *, told: Callable[[int], None]) -> None:
    with _blamed(item.side, on_command_line):
        _check_digest(item, told=told)
    item.check_unchanged()


def _check_digest(item: Opened, *, told: Callable[[int], None]) -> None:
    found, told_of = item.identity[2], item.manifest.file_bytes
    if found != told_of:
        raise SnapshotError(f"{item.path}: has {found:,} bytes, its manifest says {told_of:,}")
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK))
    place = 0
    while count := _read(item, buffer, place):
        digest.update(buffer[:count])
        place += count
        told(count)
    if digest.hexdigest() != item.manifest.file_sha256:
        raise SnapshotError(f"{item.path}: its SHA-256 is not the one in {manifest_path(item.path).name}: it was changed after it was sealed")


def _read(item: Opened, buffer: memoryview, place: int) -> int:
    try:
        return os.preadv(item.handle, [buffer], place)
    except OSError as error:  # a disk that fails
        raise SnapshotError(f"{item.path}: {(error.strerror or 'cannot be read').lower()}") from None


def _no_twins(opened: Mapping[str, Opened]) -> None:
    """Refuse one file in two roles: a store compared with itself is always equal.

    Before the first batch the target may be what its baseline is, and the crosswalk may still be what it was before, but in a file of its own.
    """
    seen: dict[object, Opened] = {}
    for item in opened.values():
        for what in (item.identity[:2], item.manifest.file_sha256):
            other = seen.setdefault(what, item)
            sides = {item.side, other.side}
            may_be_same = sides == {"crosswalk", BEFORE} or (sides == {"target", "baseline"} and opened["target"].manifest.batch == 0)
            if other is not item and not (may_be_same and what == item.manifest.file_sha256):
                raise SnapshotError(f"{item.side} and {other.side} are the same snapshot: {item.path}, {other.path}")


def _identity(handle: int) -> Identity:
    found = os.fstat(handle)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
