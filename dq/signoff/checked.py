"""The one place that holds a run's folder against its parity statement: whose it is, its files, its page made again, its snapshots."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dq.asking import versions
from dq.compare.signed import Carried
from dq.contract.reading import digest_of, read_contract
from dq.errors import DqError, RefusedError
from dq.folder import REPORT, read_varying, record_bytes
from dq.pages import PAGE, queries_behind
from dq.record import Record
from dq.signoff.carried import NAME as CARRIED
from dq.signoff.carried import read_carried
from dq.signoff.disk import Disk
from dq.signoff.file import read_bytes
from dq.signoff.parity import CONTRACT, FILES, NAME, NotAttestedError, predicate_of, read_parity, sha256, snapshot_name
from dq.signoff.policy import Holder, Key, Policy, machine
from dq.signoff.snapshots import look_at
from dq.signoff.statement import Statement, digests_of

STEPS = 8  # the page, and a snapshot of each side
Told = Callable[[str], None]
_LANGUAGE = re.compile(rb'<html lang="([a-z-]{2,8})"')


@dataclass(frozen=True, slots=True)
class Attested:
    """A run's folder that is what its validator says."""

    folder: Path
    record: Record
    statement: Statement
    digest: str  # SHA-256 of parity.intoto.json
    validator: Holder
    key: Key
    notes: tuple[str, ...]  # what was not looked at, or is another by now
    skipped: bool  # the page was not made again
    snapshots: Mapping[str, str]  # side to what was seen of it
    carried: Carried | None = None  # what stood in the target of the run's batch


def check_folder(
    folder: Path,
    policy: Policy,
    *,
    as_of: datetime,
    files: Mapping[str, Path],
    contract: Path,
    renewed: bool,
    again: bool = True,
    disk: Disk | None = None,
    told: Told = lambda _: None,
) -> Attested:
    """Hold a folder against its parity statement.

    Args:
        folder: the run's.
        policy: whose statements count.
        as_of: keys that were revoked by then count for nothing.
        files: side to snapshot file, of those that must be the run's.
        contract: where the run's contract may be, which has the queries of a page with broken checks.
        again: whether the page is made again; no later version could, and the bytes of both are attested.
        renewed: whether another snapshot may stand by now where the run found its own; it is not looked at then.
        disk: what was read of the disk already, for other folders; None: nothing.
        told: called with what is looked at next, at most `STEPS` times.

    Raises:
        NotAttestedError: there is no statement, or nobody can say whether the page is the record's (exit 3).
        RefusedError: it does not hold (exit 1).
    """
    path = folder / NAME
    if not path.exists():
        raise NotAttestedError(f"{path}: there is none, so nobody says what this run saw; `dq run --key` writes it")
    content = read_bytes(path)
    envelope, statement = read_parity(content, where=str(path))
    found = machine(policy.validators, envelope.keyid)
    if found is None:
        raise RefusedError(f"{path}: its key is no validator's: {envelope.keyid[:60]}")
    validator, key = found
    if not key.key.holds(envelope.signature, envelope.signed):
        raise RefusedError(f"{path}: {validator.name}'s signature does not hold")
    if key.revoked_by(as_of):
        raise RefusedError(f"{path}: {validator.name}'s key was revoked")
    carries = CARRIED in statement.subject
    attested = (*FILES, *((CARRIED,) if carries else ()))
    for name in attested:
        if sha256(read_bytes(folder / name)) != statement.subject.get(name):
            raise RefusedError(f"{folder / name}: is not the file that was attested: its SHA-256 is another")
    told("the record and its page")
    record = _record(folder)
    if {name: said for name, said in statement.predicate.items() if name != "configuration"} != predicate_of(record):
        raise _refusal(record.versions, RefusedError(f"{path}: says something else than {REPORT}"))
    configured = _configured(statement, record, where=str(path))
    sides: set[str] = {item.side for item in record.snapshots}
    if set(statement.subject) != {*attested, *(snapshot_name(side) for side in sides)}:
        raise RefusedError(f"{path}: is about other files than the record and the page of this run, and its snapshots")
    skipped = _page_again(folder, record, contract=contract) if again else ()
    disk = disk or Disk()
    notes = (*skipped, *_changed(configured, contract, now=disk.contract(contract)))
    wanted = {side: statement.subject[snapshot_name(side)] for side in sorted(sides)}
    seen = look_at(wanted, files=files, varying=read_varying(folder), renewed=renewed, disk=disk, told=told)
    carried = read_carried(read_bytes(folder / CARRIED), where=str(folder / CARRIED)) if carries else None
    return Attested(folder, record, statement, sha256(content), validator, key, notes, bool(skipped), seen, carried)


def _configured(statement: Statement, record: Record, *, where: str) -> dict[str, str]:
    """Return the files of the contract by which the run went; they must be those that the record's digest is of. Raises RefusedError."""
    named = digests_of(statement.predicate.get("configuration"), where=where)
    files = {name.removeprefix(CONTRACT): digest for name, digest in named.items() if name.startswith(CONTRACT)}
    files = dict(sorted(files.items(), key=lambda item: Path(item[0])))
    if digest_of(files) != record.contract:
        raise RefusedError(f"{where}: names another contract than {REPORT}")
    return files


def _changed(configured: Mapping[str, str], contract: Path, *, now: Mapping[str, str]) -> tuple[str, ...]:
    """Say which files of the contract at hand are others by now."""
    others = sorted(name for name in {*configured, *now} if configured.get(name) != now.get(name))
    if not now:
        return (f"the contract was not looked at: {contract} is not here",)
    return (f"the contract in {contract} is another by now: {', '.join(others)}",) if others else ()


def _record(folder: Path) -> Record:
    path = folder / REPORT
    content = read_bytes(path)
    try:
        record = Record.model_validate_json(content)
    except ValueError:
        raise _refusal(_versions(content), RefusedError(f"{path}: is no record")) from None
    if record_bytes(record) != content:
        raise _refusal(record.versions, RefusedError(f"{path}: is not in its canonical form"))
    return record


def _versions(content: bytes) -> object:
    try:
        return dict(json.loads(content)).get("versions")
    except (ValueError, TypeError, RecursionError):
        return None


def _refusal(made_by: object, error: RefusedError) -> DqError:
    """Return an error about the record, or that another version made it, whose form may be another."""
    if made_by == versions():
        return error
    made = made_by.get("dq") if isinstance(made_by, dict) else None
    return NotAttestedError(f"{error}; it was made by dq {made}, this is {versions()['dq']}: verify it with that")


def _page_again(folder: Path, record: Record, *, contract: Path) -> tuple[str, ...]:
    """Make the page again and compare its bytes; return what that could not be done for."""
    from dq.report.html import render_html  # noqa: PLC0415 - the template engine loads only when all else holds

    written = read_bytes(folder / PAGE)
    language = _LANGUAGE.search(written[:2000])
    if language is None:
        raise RefusedError(f"{folder / PAGE}: is no report of ours")
    queries: Mapping[str, str] = {}
    if any(check.outcome.exit_status for check in record.checks):
        queries = _queries(record, _told(folder, "contract") or contract) or _queries(record, contract)
        if not queries:
            return (f"{PAGE} was not made again: it has queries of broken checks, and the contract of this run is not here (--contract)",)
    if render_html(record, language=language[1].decode(), queries=queries).encode() == written:
        return ()
    raise _refusal(record.versions, RefusedError(f"{folder / PAGE}: is not what {REPORT} gives when it is made again"))


def _queries(record: Record, contract: Path) -> Mapping[str, str]:
    try:
        return queries_behind(record, read_contract(contract))
    except DqError:
        return {}


def _told(folder: Path, name: str) -> Path | None:
    told = read_varying(folder).get(name)
    return Path(told) if isinstance(told, str) else None
