"""The one place for arguments that several commands share: their names, help and reading."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Optional

import typer

from dq.engine import MEMORY, Settings
from dq.errors import UsageError

# typer reads these at run time: Optional, not `| None`, keeps its help short
ContractDir = Annotated[Path, typer.Option("--contract", "-c", metavar="DIR", help="The contract's folder.")]
RunsDir = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are kept.")]
BatchNumber = Annotated[Optional[int], typer.Option("--batch", "-b", metavar="N", help="A batch; batches count from 1.")]
SourceFile = Annotated[Optional[Path], typer.Option("--source", metavar="FILE", help="Another source snapshot than the contract's.")]
TargetFile = Annotated[Optional[Path], typer.Option("--target", metavar="FILE", help="Another target snapshot.")]
BaselineFile = Annotated[Optional[Path], typer.Option("--baseline", metavar="FILE", help="Another baseline snapshot.")]
CrosswalkFile = Annotated[Optional[Path], typer.Option("--crosswalk", metavar="FILE", help="Another crosswalk snapshot.")]
BeforeFile = Annotated[Optional[Path], typer.Option("--crosswalk-before", metavar="FILE", help="Another snapshot of the crosswalk as it was before.")]
ExportFile = Annotated[Optional[Path], typer.Option("--export", metavar="FILE", help="Another snapshot of personal-data exports.")]
AsOf = Annotated[Optional[str], typer.Option("--as-of", metavar="MOMENT", help="Judge time as of then (ISO 8601 with offset); else the target's moment.")]
Memory = Annotated[str, typer.Option("--memory", metavar="SIZE", help="What the engine may use before it spills, e.g. 900MB.")]
SealingMemory = Annotated[
    Optional[str], typer.Option("--memory", metavar="SIZE", help="What the engine may use before it spills; else 160MB, and 900MB where a row needs it.")
]
Threads = Annotated[Optional[int], typer.Option("--threads", metavar="N", min=1, help="Cores to use; else all.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]

CONTRACT, RUNS = Path("expectations"), Path("runs")
DEFAULT_MEMORY = MEMORY


def overrides(**files: Path | None) -> dict[str, Path]:
    """Return side to file of those that were named."""
    return {side: file for side, file in files.items() if file is not None}


def moment(text: str | None, *, option: str = "--as-of") -> datetime | None:
    """Read a moment with offset. Raises UsageError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: '{text}' is no moment in ISO 8601, e.g. 2024-11-05T20:30:00+00:00") from None
    if found.tzinfo is None:
        raise UsageError(f"{option}: '{text}' has no offset, e.g. 2024-11-05T20:30:00+00:00")
    return found


def settings(memory: str, threads: int | None) -> Settings:
    """Read the engine's settings. Raises UsageError."""
    import re

    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?(MB|GB|TB|MiB|GiB|TiB)", memory):
        raise UsageError(f"--memory: '{memory}' is no size, e.g. 900MB or 4GB")
    return Settings(memory, threads)
