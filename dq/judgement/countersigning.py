"""The one place that says whether the waivers of a run have been signed for: by their role, and never by their author.

A record that holds waived checks is a proposal until then. Whoever checks signatures asks here, with what the signatures say.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from dq.contract.waivable import SIGNED
from dq.judgement.base import judged
from dq.record import Check, WaiverLine
from dq.words import counted

Signatures = Mapping[str, Collection[str]]
"""Role to the names of the persons who signed in it, as the roster has them."""

Countersigned = Mapping[str, Signatures]
"""Waiver (see `identity`) to who signed a run in which it counted."""


def judge_signed(waivers: Sequence[WaiverLine], *, signed: Countersigned) -> Check:
    """Judge `waivers.signed`: a gate does not open on waivers that nobody has signed for, each in a run in which it counted.

    Args:
        waivers: the gate's.
        signed: of the signed runs before it.
    """
    why = tuple(line for waiver in waivers for line in unsigned((waiver,), signed=signed.get(identity(waiver), {})))
    holding = sum(line.status == "waived" for line in waivers)
    return judged(
        SIGNED,
        broken=0,
        reason=why[0] if why else None,
        entity=None,
        kind="waivers",
        name="signed",
        sentence=f"Not proven: {why[0]}." if why else f"Every waiver that counts here is signed for ({counted(holding, 'waiver')}).",
        looked_at=holding,
        details=why[1:_DETAILS],
    )


def identity(waiver: WaiverLine) -> str:
    """Return what makes a waiver the same one in two records: all that its author wrote, as a SHA-256."""
    written = (waiver.check, waiver.batch, waiver.by, waiver.sha256, waiver.cause, waiver.rows, [(one.currency, one.amount) for one in waiver.at_most])
    asked = (waiver.reason, waiver.ticket, waiver.author, waiver.approver_role, waiver.expires)
    return hashlib.sha256(json.dumps([*written, *asked], ensure_ascii=False).encode()).hexdigest()


def unsigned(waivers: Sequence[WaiverLine], *, signed: Signatures) -> tuple[str, ...]:
    """Return why waivers of a record do not count, one line each; nothing where all of them do.

    Args:
        waivers: the record's.
        signed: of the record.
    """
    found = (_why(line, tuple(signed.get(line.approver_role, ()))) for line in waivers if line.status == "waived")
    return tuple(dict.fromkeys(why for why in found if why is not None))


_DETAILS = 20


def _why(line: WaiverLine, persons: Sequence[str]) -> str | None:
    if not persons:
        return f"the waiver of {line.check} counts only when {line.approver_role} has signed"
    if all(_same(person, line.author) for person in persons):
        return f"the waiver of {line.check} is signed for by {line.author}, who asked for it"
    return None


def _same(one: str, other: str) -> bool:
    """Say whether two names are one person's: case, blanks and Unicode forms are no difference."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
