"""A small disk that fills up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = 4096
DISK = 4 * 1024 * 1024


@contextmanager
def mounted(place: Path, *, size: int = DISK) -> Iterator[Path]:
    """Mount a disk of its own, which takes root."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def leave(disk: Path, free: int) -> None:
    """Fill the disk up but for some bytes."""
    there = os.statvfs(disk)
    (disk / "ballast").write_bytes(b"\0" * (there.f_bavail * there.f_bsize - free))
    assert os.statvfs(disk).f_bavail * PAGE == free
