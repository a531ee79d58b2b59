"""The one place that reads what many signed runs name alike: snapshots, their manifests, the contract; whoever verifies them all reads each once."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dq.contract.reading import file_digests
from dq.errors import RefusedError, SnapshotError
from dq.stores.manifest import read_manifest


@dataclass(frozen=True, slots=True)
class Disk:
    """What was read so far."""

    _files: dict[Path, str] = field(default_factory=dict)
    _manifests: dict[Path, str | None] = field(default_factory=dict)
    _contracts: dict[Path, Mapping[str, str]] = field(default_factory=dict)

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file. Raises RefusedError where it is none, or a link."""
        if path not in self._files:
            self._files[path] = _sha256(path)
        return self._files[path]

    def told_by_manifest(self, path: Path) -> str | None:
        """Return the SHA-256 that the manifest beside a snapshot says of it; None where there is none that says it."""
        if path not in self._manifests:
            try:
                self._manifests[path] = read_manifest(path).file_sha256
            except SnapshotError:
                self._manifests[path] = None
        return self._manifests[path]

    def contract(self, folder: Path) -> Mapping[str, str]:
        """Return the SHA-256 of every file of a contract, by its path in the folder; nothing where there is no folder."""
        if folder not in self._contracts:
            self._contracts[folder] = file_digests(folder) if folder.is_dir() else {}
        return self._contracts[folder]


def _sha256(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise RefusedError(f"{path}: not a regular file")
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RefusedError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
