"""The one place that writes `waivers.toml`: an entry behind what stands there, every byte and comment before it kept, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from dq.contract.models import Contract
from dq.contract.reading import read_waivers
from dq.contract.waivable import check_waivers
from dq.contract.waivers import WAIVERS, Waiver
from dq.errors import ContractError, UsageError
from dq.folder import locked
from dq.words import money_text

HEAD = "# What somebody answers for: one entry a failure, proposed by `dq waive`, read in review. It counts only in a run that its role has signed.\n"


def append_waiver(contract: Contract, waiver: Waiver) -> Path:
    """Add a waiver to a contract's file and return its path.

    Raises:
        ContractError: there is one for that already, or the contract does not allow it.
        UsageError: the file cannot be written.
    """
    file = (contract.folder / WAIVERS).resolve()
    with locked(contract.folder):
        try:
            before = file.read_bytes() if file.exists() else HEAD.encode()
        except OSError as error:
            raise UsageError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
        content = before + (b"" if before.endswith(b"\n") or not before else b"\n") + b"\n" + entry(waiver).encode(errors="surrogateescape")
        try:
            found = read_waivers(content.decode())
        except UnicodeDecodeError:
            raise ContractError("it is not UTF-8", file=WAIVERS) from None
        check_waivers(contract.model_copy(update={"waivers": found}))
        if found[-1] != waiver:
            raise ContractError("what was written would not be read as it was meant", file=WAIVERS)
        _replace(file, content)
    return contract.folder / WAIVERS


def entry(waiver: Waiver) -> str:
    """Return a waiver as TOML."""
    pairs = [
        ("check", _text(waiver.check)),
        ("batch", None if waiver.batch is None else str(waiver.batch)),
        ("rows", None if waiver.rows is None else f'{{ count = {waiver.rows.count}, sha256 = "{waiver.rows.sha256}" }}'),
        ("cause", None if waiver.cause is None else _text(waiver.cause)),
        ("at_most", _cap(waiver)),
        ("reason", _text(waiver.reason)),
        ("ticket", None if waiver.ticket is None else _text(waiver.ticket)),
        ("author", _text(waiver.author)),
        ("approver_role", _text(waiver.approver_role)),
        ("expires", waiver.expires.isoformat()),
    ]
    return "\n".join(["[[waiver]]", *(f"{name} = {text}" for name, text in pairs if text is not None)]) + "\n"


def _cap(waiver: Waiver) -> str | None:
    if waiver.at_most is None:
        return None
    money = ", ".join(f'{_text(name)} = "{money_text(amount)}"' for name, amount in sorted(waiver.at_most.money.items()))
    return f"{{ rows = {waiver.at_most.rows}{f', money = {{ {money} }}' if money else ''} }}"


def _text(value: str) -> str:
    """Return a basic string of TOML, whose escapes are those of JSON but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(file: Path, content: bytes) -> None:
    """Write a file beside its place and put it there when it is whole; it keeps its mode."""
    mode = file.stat().st_mode & 0o777 if file.exists() else None
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({(error.strerror or 'no reason given').lower()})") from None
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(mode if mode is not None else 0o644)
        draft.rename(file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({(error.strerror or 'no reason given').lower()})") from None
    finally:
        draft.unlink(missing_ok=True)
