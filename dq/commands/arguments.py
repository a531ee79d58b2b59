"""The one place for arguments that several commands share: their names, help and reading."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Optional

import typer

from dq.errors import UsageError
from dq.settings import MEMORY, Settings

# typer reads these at run time: Optional, not `| None`, keeps its help short
ContractDir = Annotated[Path, typer.Option("--contract", "-c", metavar="DIR", help="The contract's folder.")]
RunsDir = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Where run folders are kept.")]
BatchNumber = Annotated[Optional[int], typer.Option("--batch", "-b", metavar="N", help="A batch; batches count from 1.")]
AsOf = Annotated[Optional[str], typer.Option("--as-of", metavar="MOMENT", help="Judge time as of then (ISO 8601 with offset); else the target's moment.")]
Memory = Annotated[str, typer.Option("--memory", metavar="SIZE", help="What the engine may use before it spills, e.g. 900MB.")]
SealingMemory = Annotated[
    Optional[str], typer.Option("--memory", metavar="SIZE", help="What the engine may use before it spills; else 160MB, and 900MB where a row needs it.")
]
Threads = Annotated[Optional[int], typer.Option("--threads", metavar="N", min=1, help="Cores to use; else as many as the data is worth, at most all.")]
Lang = Annotated[str, typer.Option("--lang", metavar="en|id", help="The language of the verdict and the report: English or Indonesian.")]
AnotherLang = Annotated[Optional[str], typer.Option("--lang", metavar="en|id", help="The report in this language; else as it stands in the run's folder.")]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Write restricted/report.html as well: keys and values in its examples.")]
KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="Your key: an Ed25519 key's file, a hardware key's, or an .pub file of an agent's.")]
MachineKey = Annotated[Optional[Path], typer.Option("--key", metavar="FILE", help="Attest it with this Ed25519 key (OpenSSH or PEM).")]
PolicyFile = Annotated[Optional[Path], typer.Option("--policy", metavar="FILE", help="The roster; else signers.toml in the contract's folder.")]
PolicyDigest = Annotated[Optional[str], typer.Option("--policy-digest", metavar="SHA256", help="The SHA-256 that the roster must have.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]

CONTRACT, RUNS = Path("expectations"), Path("runs")
DEFAULT_MEMORY = MEMORY

Files = Mapping[str, Path]
"""Side to snapshot file, of those that the command line names; see `with_files`."""

NO_FILES: Files = MappingProxyType({})
_SNAPSHOTS = {
    "source": "Another source snapshot than the contract's.",
    "target": "Another target snapshot.",
    "baseline": "Another baseline snapshot.",
    "crosswalk": "Another crosswalk snapshot.",
    "crosswalk_before": "Another snapshot of the crosswalk as it was before.",
    "export": "Another snapshot of personal-data exports.",
}


def named(**files: Path | None) -> dict[str, Path]:
    """Return side to file of those that were named."""
    return {side: file for side, file in files.items() if file is not None}


def with_files(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each side's snapshot, where its parameter `files` stands; it gets those that were named, side to file."""
    signature = inspect.signature(command, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != "files":
            parameters.append(parameter)
            continue
        for side, help_ in _SNAPSHOTS.items():
            option = Annotated[Optional[Path], typer.Option(f"--{side.replace('_', '-')}", metavar="FILE", help=help_)]
            parameters.append(inspect.Parameter(side, parameter.kind, default=None, annotation=option))

    @wraps(command)
    def called(**options: Any) -> None:
        files = named(**{side: options.pop(side) for side in _SNAPSHOTS})
        command(**options, files=files)

    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what typer reads
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


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
    from dq.contract.base import in_our_time

    try:
        return in_our_time(found)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def asked_passphrase(key: Path) -> Callable[[], str]:
    """Return what asks for a key's passphrase: on the terminal, or the next line of standard input."""

    def ask() -> str:
        if sys.stdin.isatty():
            return str(typer.prompt(f"Passphrase of {key}", err=True, hide_input=True))
        return sys.stdin.readline().rstrip("\n")

    return ask


def settings(memory: str, threads: int | None) -> Settings:
    """Read the engine's settings. Raises UsageError."""
    import re

    if not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)? ?(MB|GB|TB|MiB|GiB|TiB)", memory):
        raise UsageError(f"--memory: '{memory}' is no size, e.g. 900MB or 4GB")
    return Settings(memory, threads)
