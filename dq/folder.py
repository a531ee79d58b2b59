"""The one place that writes a run's folder: under a temporary name until it is complete, and never over another run's bytes.

report.json is the record; run.json holds what varies (times, paths, machine); restricted/ is readable by its owner alone.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dq.errors import DqError, UsageError
from dq.record import Record

REPORT, RUN, FINDINGS = "report.json", "run.json", Path("restricted") / "findings.parquet"


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
        _sweep(runs)
        draft = Path(tempfile.mkdtemp(dir=runs, prefix=f".draft-{os.getpid()}-"))
    except OSError as error:
        raise UsageError(f"{runs}: cannot be written to ({(error.strerror or 'no reason given').lower()})") from None
    try:
        (draft / "restricted").mkdir(mode=0o700)
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def record_bytes(record: Record) -> bytes:
    """Return the canonical bytes of a record: UTF-8, sorted keys, one final newline."""
    return (json.dumps(record.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def read_record(folder: Path) -> Record:
    """Read a run's record. Raises UsageError where there is none, or it is not one."""
    path = folder / REPORT
    try:
        return Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not a record of a run: {str(error).splitlines()[0]}") from None


def publish(draft: Path, runs: Path, record: Record, *, renderings: Mapping[str, str], varying: Mapping[str, Any]) -> Path:
    """Write the record and its renderings and give the folder its name; return it.

    Where the run is there already with the same bytes, it stays as it is.

    Raises:
        NotReproducedError: it is there with other bytes; the new folder stands beside it.
    """
    content = record_bytes(record)
    (draft / REPORT).write_bytes(content)
    (draft / RUN).write_text(json.dumps(varying, ensure_ascii=False, sort_keys=True, indent=1, default=str) + "\n", encoding="utf-8")
    for name, text in renderings.items():
        (draft / name).write_text(text, encoding="utf-8")
    shutil.rmtree(draft / "spill", ignore_errors=True)
    _sync(draft)
    draft.chmod(0o755 & ~_umask())
    target = runs / record.run
    try:
        draft.rename(target)
    except OSError:
        if not (target / REPORT).is_file():
            raise
    else:
        return target
    if (target / REPORT).read_bytes() == content:
        return target
    beside = runs / f"{record.run}.differs"
    shutil.rmtree(beside, ignore_errors=True)
    draft.rename(beside)
    raise NotReproducedError(f"the same inputs gave another record than in {target}: NOT PROVEN; compare it with {beside}")


def _sweep(runs: Path) -> None:
    """Clear away drafts of calls that were killed."""
    for left in runs.glob(".draft-*"):
        pid = left.name.split("-")[1]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


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
