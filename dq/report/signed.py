"""The one place for the section of a report that says who signed it: shown of what verifying came to, never of what a file says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from dq.judgement.countersigning import unsigned
from dq.record import Outcome, WaiverLine
from dq.report.blocks import MARKS, NOTHING, Mark, count, counted, moment
from dq.report.facts import NAME, TEXT, Fact
from dq.report.language import say
from dq.report.retelling import retold
from dq.report.visible import clip, visible
from dq.signoff.parity import NAME as PARITY
from dq.signoff.roles import SignOff, last_words, why_void
from dq.signoff.verifying import Verified

_OUTCOMES: Final = {"VERIFIED": Outcome.PASSED, "NOT PROVEN": Outcome.NOT_PROVEN}  # all others: FAILED
_LINES: Final = 100  # of a table


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; the columns whose numbers are in `digests` hold fingerprints or digests."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    digests: tuple[int, ...] = ()
    left: int = 0  # rows that are not shown


@dataclass(frozen=True, slots=True)
class SignedView:
    """What verifying a run came to, ready to be laid out."""

    mark: Mark  # VERIFIED, REFUSED, REJECTED or NOT PROVEN
    title: str
    line: str  # of the page's first line
    lede: str
    facts: tuple[Fact, ...]
    why: tuple[str, ...]  # it is not verified
    tables: tuple[Table, ...]
    notes: tuple[str, ...]  # what was not looked at, or is another by now


def signed_view(found: Verified) -> SignedView:
    """Return what verifying came to, in the language that is being written in."""
    verified = not found.problems
    mark = replace(MARKS[_OUTCOMES.get(found.word, Outcome.FAILED)], word=found.word)
    at = _moment(found.as_of)
    return SignedView(
        mark=mark,
        title=say("Signed off, and verified") if verified else say("Not verified"),
        line=say("Signed off, verified as of {moment}", moment=at) if verified else say("NOT VERIFIED: {word}", word=say(found.word)),
        lede=say("Every signature was checked by the roster, and every file by its digest.") if verified else _why_nothing(found),
        facts=tuple(_facts(found)),
        why=tuple(clip(retold(problem), TEXT) for problem in found.problems[:_LINES]),
        tables=tuple(table for table in (_words(found), _waivers(found), _files(found)) if table.rows),
        notes=tuple(_notes(found)),
    )


def printed_signed(found: Verified) -> dict[str, Any]:
    """Return what verifying came to as the print copy's template reads it: plain lists and texts, made visible."""
    view = signed_view(found)
    return {
        "slug": view.mark.slug,
        "word": view.mark.word,
        "title": view.title,
        "lede": view.lede,
        "facts": [{"label": fact.label, "values": [*map(visible, fact.values)], "aside": visible(fact.aside)} for fact in view.facts if not fact.is_digest],
        "digests": [f"{fact.label}: {', '.join(fact.values)}, {fact.aside}" for fact in view.facts if fact.is_digest],
        "why_title": say("Why it is not verified"),
        "why": [*map(visible, view.why)],
        "tables": [{"title": table.title, "head": [*table.head], "rows": [[*map(visible, row)] for row in table.rows]} for table in view.tables],
        "notes": [*map(visible, view.notes)],
    }


def _why_nothing(found: Verified) -> str:
    """Return what a reader must know first of a run that is not verified."""
    if found.attested is None:
        return say("Nothing below is vouched for: the files of this run are not those that were attested, or nobody can say so.")
    return say("This run is not signed off: what was signed does not hold, or is not enough.")


def _facts(found: Verified) -> Iterator[Fact]:
    policy = found.roster.policy
    yield Fact(say("As of"), (_moment(found.as_of),))
    among = say("{roles} among them", roles=", ".join(policy.mandatory)) if policy.mandatory else ""
    yield Fact(say("Needed"), (counted(policy.threshold, "role"),), aside=among)
    if found.count is not None:
        accepted = sum(line.status == "accepted" for line in found.count.roles)
        yield Fact(say("Accepted"), (counted(accepted, "role"),), aside=say("enough") if found.count.accepted else say("not enough"))
    if found.attested is not None:
        yield Fact(say("Attested by"), (clip(found.attested.validator.name, NAME),), aside=found.attested.key.key.fingerprint)
    if found.stamped is not None:
        yield Fact(say("Time stamp"), (_moment(found.stamped),))
    pinned = say("as pinned") if found.pinned else say("not pinned: nobody says that it is the roster that was agreed on")
    if found.said is not None:
        yield Fact(say("Sign-offs (SHA-256)"), (found.said,), aside="signoff.intoto.json", is_digest=True)
    yield Fact(say("Roster (SHA-256)"), (found.roster.digest,), aside=pinned, is_digest=True)


def _words(found: Verified) -> Table:
    """Return a row a sign-off whose signature holds, in the order in which they were signed, then one a role for which there is none."""
    mandatory = found.roster.policy.mandatory
    last = last_words(found.sign_offs)
    rows = [_word(item, found, is_last=last[item.person] is item) for item in sorted(found.sign_offs, key=lambda item: (item.signed_at, item.person))]
    if found.count is not None:
        rows += [
            (_role(line.role, mandatory), NOTHING, say("nobody signed"), NOTHING, NOTHING, NOTHING) for line in found.count.roles if line.status == "missing"
        ]
    head = (say("Role"), say("Who"), say("Says"), say("Signed at"), say("Key"), say("Counts"))
    return _table(say("Sign-offs whose signature holds"), head, rows, digests=(4,))


def _word(item: SignOff, found: Verified, *, is_last: bool) -> tuple[str, ...]:
    why = why_void(item, found.roster.policy, as_of=found.as_of)
    counts = say("no: the same person signed later") if not is_last else say("yes") if why is None else say("no: {why}", why=retold(why))
    said = say("accepted") if item.decision == "accept" else say("rejected: {reason}", reason=clip(item.reason or "", TEXT))
    return (_role(item.role, found.roster.policy.mandatory), item.person, said, _moment(item.signed_at), item.key.key.fingerprint, counts)


def _waivers(found: Verified) -> Table:
    lines = [line for line in found.attested.record.waivers if line.status == "waived"] if found.attested is not None else []
    head = (say("Check"), say("Rows"), say("Reason"), say("Asked for by"), say("Until"), say("Countersigned by"))
    rows = [
        (clip(line.check, NAME), count(line.broken), clip(line.reason, TEXT), clip(line.author, NAME), moment(line.expires), _countersigned(line, found))
        for line in lines
    ]
    return _table(say("Waivers, and who countersigned"), head, rows)


def _countersigned(line: WaiverLine, found: Verified) -> str:
    """Return who signed for a waiver in its role, or that nobody has whose word counts for it."""
    roles = found.count.roles if found.count is not None else ()
    accepted = {role.role: role for role in roles if role.status == "accepted"}
    signed = {role: (held.person,) for role, held in accepted.items() if held.person is not None}
    if unsigned((line,), signed=signed):
        return say("nobody: {role} must sign, and not {author}", role=clip(line.approver_role, NAME), author=clip(line.author, NAME))
    held = accepted[line.approver_role]
    return f"{held.person} ({line.approver_role}, {_moment(held.signed_at) if held.signed_at is not None else NOTHING})"


def _files(found: Verified) -> Table:
    files = {**found.attested.statement.subject, PARITY: found.attested.digest} if found.attested is not None else {}
    return _table(
        say("What was attested and is signed for, by SHA-256") if found.sign_offs else say("What was attested, by SHA-256"),
        (say("File"), "SHA-256"),
        sorted(files.items()),
        digests=(1,),
    )


def _notes(found: Verified) -> Iterator[str]:
    if found.attested is not None:
        yield from (clip(retold(note), TEXT) for note in found.attested.notes)
        for side, seen in found.attested.snapshots.items():
            yield say("Snapshot of the {side}: {seen}.", side=say(side), seen=retold(seen))
    for item in found.sign_offs:
        if item.roster != found.roster.digest:
            yield say("{person} signed by another roster: {digest}.", person=item.person, digest=item.roster)
    yield say("This page is for reading, as of that moment. The evidence are the files that are named here: dq verify says anew what they come to.")


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, digests: tuple[int, ...] = ()) -> Table:
    return Table(title, head, tuple(rows[:_LINES]), digests, max(0, len(rows) - _LINES))


def _role(role: str, mandatory: Sequence[str]) -> str:
    return say("{role} (mandatory)", role=role) if role in mandatory else role


def _moment(at: datetime) -> str:
    return moment(at.replace(microsecond=0).isoformat())
