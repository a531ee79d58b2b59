"""The one place for the lines that a person reads: what would be signed, from its very bytes, and what verifying came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from dq.record import Outcome
from dq.report.blocks import amount, moment
from dq.report.visible import clip, visible
from dq.signoff.facts import FIRST
from dq.signoff.file import SIGN_OFFS
from dq.signoff.roles import RoleLine
from dq.signoff.statement import Statement
from dq.signoff.verifying import Verified
from dq.words import counted

_TEXT = 300  # characters of a line
_ROLES = {"accepted": "accepted by", "rejected": "REJECTED by", "does not count": "does not count:"}


def told_before_signing(statement: Statement, *, fingerprint: str) -> tuple[str, ...]:
    """Return what a person is about to sign, a line each."""
    said = statement.predicate
    run = said["run"]
    word = "ACCEPTED" if said["decision"] == "accept" else f"REJECTED: {said['reason']}"
    pairs = [
        ("migration", f"{run['migration']}: {run['title']}"),
        ("region", run["region"] or "all"),
        ("batch", "all that has moved" if run["batch"] is None else f"{run['batch']}"),
        ("follows", _follows(said["previous"])),
        ("comes after", f"{counted(len(said['after']), 'sign-off')} of this run"),
        ("run", f"{run['run']}, as of {moment(run['as_of'])}"),
        ("verdict", f"{run['verdict']}: {run['headline']}"),
        ("checks", ", ".join(f"{run['checks'][outcome]:,} {outcome.lower()}" for outcome in Outcome)),
        ("accounts", "not known" if run["accounts"] is None else amount(str(run["accounts"]))),
        ("concerned", f"{amount(str(run['people']))} people at least" if run["people"] else "nobody"),
        *_money(run),
        *(("waiver", _waiver(item)) for item in run["waivers"]),
        *([] if run["waivers"] else [("waivers", "none")]),
        *(("file", f"{name}  {digest}") for name, digest in sorted(statement.subject.items())),
        ("roster", said["policy"]["digest"]["sha256"]),
        ("you", f"{said['person']}, {said['role']}, {fingerprint}"),
        ("you say", word),
    ]
    return _lines(pairs)


def told_of(found: Verified) -> tuple[str, ...]:
    """Return what verifying came to, a line each; the last one is for a script as well."""
    pinned = "as pinned" if found.pinned else "not pinned (--policy-digest)"
    pairs = [("as of", moment(_seconds(found.as_of))), ("roster", f"{found.roster.path}  {found.roster.digest}  {pinned}")]
    attested = found.attested
    if attested is not None:
        record = attested.record
        pairs += [
            ("run", f"{record.run}, {record.migration}, region {record.region or 'all'}, batch {record.batch or 'all'}"),
            ("verdict", f"{record.outcome.value}: {record.headline}"),
            *(("waiver", _waiver(item)) for item in attested.statement.predicate["dq_run"]["waivers"]),
            ("attested", f"by {attested.validator.name}, {attested.key.key.fingerprint}; the record, the page and {len(attested.snapshots)} snapshots"),
            *(() if attested.skipped else (("page", "made again from the record: the same bytes"),)),
            *(("note", note) for note in attested.notes),
            *((f"snapshot {side}", seen) for side, seen in attested.snapshots.items()),
        ]
    if found.count is not None:
        pairs += [(line.role, _role(line)) for line in found.count.roles]
    if found.said is not None:
        pairs.append(("sign-offs", f"{found.folder.name}/{SIGN_OFFS}  {found.said}"))
    if found.stamped is not None:
        pairs.append(("stamped", f"the sign-offs were there at {moment(_seconds(found.stamped))}"))
    others = [item for item in found.sign_offs if item.roster != found.roster.digest]
    pairs += [("note", f"{item.person} signed by another roster, {item.roster}") for item in others]
    pairs += [("why not", problem) for problem in found.problems]
    about = f"batch={_or_all(attested.record.batch)} run={attested.record.run}" if attested is not None else f"run={found.folder.resolve().name}"
    return (*_lines(pairs), visible(f"{found.word} {about}"))


def summary_of(found: Verified) -> dict[str, Any]:
    """Return what `--json` prints of a verification."""
    attested = found.attested
    return {
        "verified": not found.problems,
        "word": found.word,
        "exit_status": found.exit_status,
        "problems": list(found.problems),
        "as_of": found.as_of.isoformat(),
        "policy": {"file": str(found.roster.path), "sha256": found.roster.digest, "pinned": found.pinned},
        "run": attested.record.run if attested else None,
        "batch": attested.record.batch if attested else None,
        "region": attested.record.region if attested else None,
        "outcome": attested.record.outcome.value if attested else None,
        "parity": attested.digest if attested else None,
        "sign_offs": found.said,
        "validator": attested.validator.name if attested else None,
        "snapshots": dict(attested.snapshots) if attested else {},
        "notes": list(attested.notes) if attested else [],
        "stamped": found.stamped.isoformat() if found.stamped else None,
        "roles": [_role_json(line) for line in found.count.roles] if found.count else [],
    }


def _role_json(line: RoleLine) -> dict[str, Any]:
    at = line.signed_at.isoformat() if line.signed_at is not None else None
    return {"role": line.role, "mandatory": line.mandatory, "status": line.status, "person": line.person, "signed_at": at, "why": line.why}


def _role(line: RoleLine) -> str:
    needed = " (mandatory)" if line.mandatory else ""
    if line.person is None or line.signed_at is None:
        return f"nobody signed{needed}"
    why = f": {line.why}" if line.why else ""
    return f"{_ROLES[line.status]} {line.person}, {moment(_seconds(line.signed_at))}{needed}{why}"


def _seconds(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat()


def _money(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stakes = [f"{amount(item['amount'])} {item['currency']} of {item['entity']}".replace("  ", " ") for item in run["at_stake"]]
    yield "at stake", "; ".join(stakes) or "nothing"
    for item in run["money"]:
        agrees = "the same" if item["source"] == item["target"] else f"{amount(item['target'])} in the target"
        yield "money", f"{item['sum']}{', ' + item['by'] if item['by'] else ''}: {amount(item['source'])}, {agrees}"
    if run["money_in_the_report"]:
        yield "money", f"in the report alone: {', '.join(run['money_in_the_report'])}"


def _waiver(item: Mapping[str, Any]) -> str:
    money = "".join(f", {amount(one['amount'])} {one['currency']}" for one in item["money"])
    ticket = f", {item['ticket']}" if item["ticket"] else ""
    asked = f"{item['reason']} ({item['author']}{ticket}); counts when {item['approver_role']} signs, until {moment(item['expires'])}"
    return f"{item['check']}, {counted(item['rows'], 'row')}{money}: {asked}"


def _follows(previous: Any) -> str:
    return FIRST if previous == FIRST else f"batch {previous['batch']}, run {previous['run']}, {len(previous['sign_offs'])} sign-offs"


def _lines(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return `name  text`, the names as wide as the widest; strangers' text in one line each, and cut with a count."""
    found = list(pairs)
    width = max(len(name) for name, _ in found)
    return tuple(f"  {visible(clip(name, 60)):<{width}}  {visible(clip(said, _TEXT))}" for name, said in found)


def _or_all(number: int | None) -> str:
    return "all" if number is None else str(number)
