"""The one place that writes a run's folder: under a temporary name until it is complete, and never over another run's bytes.

report.json is the record; run.json holds what varies (times, paths, machine); restricted/ is readable by its owner alone.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from dq.errors import DqError, UsageError
from dq.record import Record

_FULL = (errno.ENOSPC, errno.EDQUOT)
REPORT, RUN, FINDINGS = "report.json", "run.json", Path("restricted") / "findings.parquet"


class NotWrittenError(DqError):
    """A part of the run's folder cannot be written, so there is none (exit 3)."""


class NotReproducedError(DqError):
    """The same inputs gave other bytes than before: NOT PROVEN (exit 3)."""


@contextmanager
def draft_folder(runs: Path) -> Iterator[Path]:
    """Yield a private folder beside the runs, for spilling and for what will be the run's folder; it goes away.

    Raises:
        UsageError: nothing can be written there.
    """
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with locked(runs):  # so that nobody takes a draft for a forsaken one before it is held
            _sweep(runs)
            draft = Path(tempfile.mkdtemp(dir=runs, prefix=".draft-"))
            held = _lock(draft)
    except OSError as error:
        refused = NotWrittenError if error.errno in _FULL else UsageError
        raise refused(f"{runs}: cannot be written to ({(error.strerror or 'no reason given').lower()})") from None
    try:
        (draft / "restricted").mkdir(mode=0o700)
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(held)


def record_bytes(record: Record) -> bytes:
    """Return the canonical bytes of a record: UTF-8, sorted keys, one final newline."""
    return indented(record.model_dump(mode="json"))


def indented(value: object) -> bytes:
    """Return what `json.dumps` writes of a value with sorted keys and an indent of one, and a newline; it takes half the time.

    Python's own encoder is quick only without an indent, pydantic's sorts nothing: one sorts, the other indents.
    """
    return to_json(from_json(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()), indent=1) + b"\n"


def read_record(folder: Path) -> Record:
    """Read a run's record. Raises UsageError where there is none, or it is not one."""
    path = folder / REPORT
    try:
        return Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not a record of a run: {str(error).splitlines()[0]}") from None


def read_varying(folder: Path) -> Mapping[str, Any]:
    """Read what a run's folder says of its paths and times; nothing where that is not there, or no such thing."""
    try:
        found = json.loads((folder / RUN).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def publish(draft: Path, runs: Path, record: Record, *, renderings: Mapping[str, str], varying: Mapping[str, Any]) -> Path:
    """Write the record and its renderings and give the folder its name; return it.

    Where the run is there already with the same bytes, it stays as it is.

    Raises:
        NotReproducedError: it is there with other bytes; the new folder stands beside it.
        NotWrittenError: the disk is full, or something else has that name.
    """
    content = record_bytes(record)
    varied = json.dumps(varying, ensure_ascii=False, sort_keys=True, indent=1, default=str) + "\n"
    shutil.rmtree(draft / "spill", ignore_errors=True)
    for name, written in {REPORT: content, RUN: varied.encode(errors="surrogateescape"), **{name: text.encode() for name, text in renderings.items()}}.items():
        _write(draft / name, written, runs=runs)
    _sync(draft)
    draft.chmod(0o755 & ~_umask())
    target = runs / record.run
    try:
        draft.rename(target)
    except OSError as error:
        if not (target / REPORT).is_file():
            raise NotWrittenError(f"{target}: cannot be made ({(error.strerror or 'no reason given').lower()}); nothing was recorded") from None
    else:
        return target
    if (target / REPORT).read_bytes() == content:
        return target
    beside = runs / f"{record.run}.differs"
    shutil.rmtree(beside, ignore_errors=True)
    draft.rename(beside)
    raise NotReproducedError(f"the same inputs gave another record than in {target}: NOT PROVEN; compare it with {beside}")


def _sweep(runs: Path) -> None:
    """Clear away drafts that nobody holds any more: of calls that were killed."""
    for left in runs.glob(".draft-*"):
        try:
            held = _lock(left)
        except OSError:
            continue  # it is another call's, and alive
        shutil.rmtree(left, ignore_errors=True)
        os.close(held)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one call after the other write into a folder. Raises OSError where it cannot be read."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(folder: Path) -> int:
    """Hold a folder until the handle is closed, or the process ends in whatever way. Raises OSError where another holds it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _write(file: Path, content: bytes, *, runs: Path) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise NotWrittenError(f"{runs}: {file.name} cannot be written ({(error.strerror or 'no reason given').lower()}); nothing was recorded") from None


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
