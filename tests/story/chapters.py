"""The one place for what happens in the story: four batches over three regions, one broken, waived, mended; one that regresses later, and is caught."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dq.demo import write_contract

from .people import EXPORTER, VALIDATOR, make_keys, write_roster
from .stores import Change, Stores
from .telling import Story, StoryError

ACCOUNTS = 150
REGIONS = {1: "ID", 2: "ID", 3: "GB", 4: "FR"}
_BATCH_1, _BATCH_2 = "TIMESTAMPTZ '2024-11-05 01:00:00+00'", "TIMESTAMPTZ '2024-11-12 01:00:00+00'"

LATE = Change("vouchers", "voucher_id", f"created_ts = {_BATCH_2}", "valid_until_ts = valid_until_ts + INTERVAL 1 HOUR", rows=5)
"""Coupons of batch 2 end an hour late, in favour of the customers."""

CUT = Change("comments", "comment_id", f"created_ts = {_BATCH_2} AND length(content) > 40", "content = content[:40]", rows=4)
"""Reviews of batch 2 are cut at 40 characters."""

SPENT = Change(
    "vouchers",
    "voucher_id",
    f"created_ts = {_BATCH_1} AND t.state = 1 AND t.customer_id IN (SELECT s.customer_id FROM target.sales AS s)",
    "state = 2, uses_left = 0, used_sale_id = (SELECT min(s.sale_id) FROM target.sales AS s WHERE s.customer_id = t.customer_id), "
    "updated_ts = TIMESTAMPTZ '2024-11-13 00:10:00+00'",
    rows=1,
)
"""A customer of batch 1 spends a coupon in the new store, which says when."""

DEARER = Change("vouchers", "voucher_id", f"created_ts = {_BATCH_1} AND t.state = 1 AND t.kind = 1", "face_minor = face_minor + 100", rows=1)
"""A coupon of batch 1 gets another value, and nothing says when."""

_FAILED, _WAIVED, _UNPROVEN = "FAILED", "WAIVED", "NOT PROVEN"
WAIVED = {"coupons.instants": _WAIVED}


@dataclass(frozen=True, slots=True)
class Ended:
    """How the story ended: what was told, the roster's digest, and the signed run of each batch."""

    story: Story
    pin: str
    signed: Mapping[int, str]

    @property
    def report(self) -> Path:
        """The signed report of the last batch."""
        return self.story.folder / "runs" / self.signed[max(self.signed)] / "report.signed.html"


def play(folder: Path, *, tell: Callable[[str], None], accounts: int = ACCOUNTS) -> Ended:
    """Play the story in a folder; one that was played there before is deleted. Raises StoryError where a step goes otherwise than told."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "keys" / VALIDATOR).is_file():
        raise StoryError(f"{folder}: something else stands there; name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    write_contract(folder / "expectations")
    pin = write_roster(folder / "expectations" / "signers.toml", make_keys(folder / "keys"))
    teller = _Teller(Story(folder, tell, {"AGREED": pin}), Stores(folder / "stores", folder / "snapshots", folder / "keys" / EXPORTER, accounts), pin)
    for chapter in (teller.first, teller.broken, teller.mended, teller.later, teller.third, teller.regressed, teller.fourth, teller.end):
        chapter()
    return Ended(teller.story, pin, teller.signed)


class _Teller:
    """The chapters, in order."""

    def __init__(self, story: Story, stores: Stores, pin: str) -> None:
        self.story, self.stores, self.pin = story, stores, pin
        self.signed: dict[int, str] = {}

    def first(self) -> None:
        self.stores.move(1)
        self._run(1, "Batch 1 (ID) has moved")
        self._sign(1, "budi", "business-owner")
        self._gate(2, "May batch 2 start?")

    def broken(self) -> None:
        self.stores.move(2, LATE, CUT)
        broken = {"coupons.instants": _FAILED, "reviews.values": _FAILED}
        self._run(2, "Batch 2 (ID) has moved; reviews are cut, and some coupons end an hour late", checks=broken, ends=_FAILED, status=1)
        unsigned = {"signoff.2": _UNPROVEN, "carried.2": _UNPROVEN}
        self._gate(3, "May batch 3 start?", checks={**broken, **unsigned}, status=3)

    def mended(self) -> None:
        self.story.say("The reviews are mended. The coupons stay: an hour more harms nobody, and a waiver says so, by name and until when")
        self.stores.seal(2, LATE, hours=2)
        asked = '--reason "an hour more, in favour of customers" --ticket MIG-12 --expires 2024-12-12 --author "Ayu Lestari"'
        self.story.dq(f"dq waive {self.signed[2]} --check coupons.instants {asked}")
        self._run(2, "Batch 2 is compared again", checks=WAIVED, ends=_WAIVED)
        self._gate(3, "Nobody has signed that yet", checks={**WAIVED, "signoff.2": _UNPROVEN, "carried.2": _UNPROVEN, "waivers.signed": _UNPROVEN}, status=3)
        self._sign(2, "tina", "finance")
        self._gate(3, "May batch 3 start?", checks=WAIVED)

    def later(self) -> None:
        self.stores.seal(2, LATE, SPENT, hours=4)
        run = self._gate(3, "A customer of batch 1 spent a coupon since; the new store says when", checks=WAIVED)
        counted = sum(self.story.since(run).values())
        if counted != 1:
            raise StoryError(f"{counted} rows changed since they were signed, told was 1")
        self.story.say("What changed since it was signed, and says so, is counted: 1 row")

    def third(self) -> None:
        self.stores.move(3, LATE, SPENT)
        self._run(3, "Batch 3 (GB) has moved")
        self._sign(3, "budi", "business-owner")
        self._gate(4, "May batch 4 start?", checks=WAIVED)

    def regressed(self) -> None:
        self.stores.seal(3, LATE, SPENT, DEARER, hours=2)
        harmed = dict.fromkeys(("coupons.values", "coupons.sums.face_value", "coupons.sums.liability", "carried.1"), _FAILED)
        self._gate(4, "A job gave a coupon of batch 1 another value, and nothing says so", checks={**WAIVED, **harmed}, status=1)
        self.stores.seal(3, LATE, SPENT, hours=4)
        self._gate(4, "The coupon is mended", checks=WAIVED)

    def fourth(self) -> None:
        self.stores.move(4, LATE, SPENT)
        self._run(4, "Batch 4 (FR) has moved")
        self._sign(4, "tina", "finance")
        self._gate(5, "May batch 5 start?", checks=WAIVED)

    def end(self) -> None:
        for batch, run in self.signed.items():
            last = self.story.dq(f"dq verify {run} --policy-digest $AGREED").splitlines()[-1]
            if last != f"VERIFIED batch={batch} run={run}":
                raise StoryError(f"dq verify {run}: its last line is '{last}'")
        self._audit(max(self.signed))
        self.story.dq("dq show --history --policy expectations/signers.toml")
        shown = self.story.dq(f"dq show {self.signed[max(self.signed)]} --signed --policy-digest $AGREED").splitlines()
        if shown[0] != f"VERIFIED batch={max(self.signed)} run={self.signed[max(self.signed)]}":
            raise StoryError(f"the signed report says '{shown[0]}'")
        self.story.say(f"Every batch is verified: {', '.join(f'{batch} ({REGIONS[batch]})' for batch in self.signed)}")
        self.story.say(f"An auditor compares batch {max(self.signed)} again, and gets the bytes that were signed")

    def _audit(self, batch: int) -> None:
        """Compare a signed batch again elsewhere: its record and page are the same bytes."""
        run = self.signed[batch]
        self.story.dq(f"dq run --batch {batch} --runs audit")
        for name in ("report.json", "report.html"):
            if (self.story.folder / "audit" / run / name).read_bytes() != (self.story.folder / "runs" / run / name).read_bytes():
                raise StoryError(f"{name} of batch {batch}, compared again, has other bytes than were signed")

    def _run(self, batch: int, words: str, *, checks: Mapping[str, str] | None = None, ends: str = "PASSED", status: int = 0) -> None:
        command = f"dq run --batch {batch} --key keys/{VALIDATOR}"
        self.signed[batch] = self.story.step(words, command, status=status, ends=f"{ends} batch={batch}", checks=checks or {})

    def _sign(self, batch: int, other: str, role: str) -> None:
        """Two people sign: the data owner, and another in a role."""
        run = self.signed[batch]
        for person, held in (("sri", "data-owner"), (other, role)):
            self.story.dq(f"echo {REGIONS[batch]} {batch} | dq sign {run} --role {held} --key keys/{person}")
        self.story.say(f"sri (data-owner) and {other} ({role}) sign batch {batch}")

    def _gate(self, batch: int, words: str, *, checks: Mapping[str, str] | None = None, status: int = 0) -> str:
        command = f"dq gate --batch {batch} --policy-digest $AGREED"
        return self.story.step(words, command, status=status, ends=f"GATE {'SHUT' if status else 'OPEN'} batch={batch}", checks=checks or {})
