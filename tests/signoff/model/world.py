"""Our code over the model's states: real runs, sign-offs, rosters and gates, each made once, since each is a function of its inputs."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dq import answering, running
from dq.compare.carried import Digests
from dq.compare.evidence import Crash
from dq.compare.signed import BatchSignOff, Signed
from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.folder import REPORT, read_record
from dq.judgement.countersigning import judge_signed
from dq.judgement.past import judge_past, judge_signoff
from dq.record import Check, Record, WaiverLine
from dq.settings import Settings
from dq.signoff import chain, verifying
from dq.signoff.checked import Attested, check_folder
from dq.signoff.envelope import Envelope
from dq.signoff.file import SIGN_OFFS, listing
from dq.signoff.parity import NAME, sha256
from dq.signoff.policy import Policy, Roster, read_roster
from dq.signoff.whose import Named, said_of
from dq.signoff.word import digest_of, word_of
from dq.waivers.proposing import Wish, propose_waiver
from tests.cli.small import MOMENT, Small, build
from tests.signoff.signed import ALWAYS, key_table, roster_text, signed_by, signer

from .states import ROLES, TARGETS, WAIVERS, Made, Run, State, Word

BEGUN = MOMENT + timedelta(hours=4)  # when people begin to sign
MUCH_LATER = timedelta(days=31)  # more than the roster's max_age_days
GATE = timedelta(hours=1)  # after they began


@dataclass(frozen=True)
class Measured:
    """What the engine found at a gate: the one thing that is not asked again. Its checks are those of the comparison, as the waivers left them."""

    checks: tuple[Check, ...]
    waivers: tuple[WaiverLine, ...]
    there: Digests | Crash | None


@dataclass
class World:
    """Our code, over states."""

    small: Small
    pool: Path
    contracts: dict[str | None, Contract] = field(default_factory=dict)
    rosters: dict[str, Roster] = field(default_factory=dict)
    made: dict[Made, tuple[Path, Record]] = field(default_factory=dict)
    attested: dict[Made, Attested] = field(default_factory=dict)
    envelopes: dict[tuple[Made, Word], Envelope] = field(default_factory=dict)
    folders: dict[Run, Path] = field(default_factory=dict)
    measured: dict[tuple[object, ...], Measured] = field(default_factory=dict)
    held: dict[tuple[object, ...], Attested] = field(default_factory=dict)
    verified: dict[tuple[object, ...], verifying.Verified] = field(default_factory=dict)
    said: dict[Path, frozenset[Named]] = field(default_factory=dict)
    records: dict[Path, Record] = field(default_factory=dict)

    def snapshots(self, target: str) -> dict[str, Path]:
        """Return the sealed snapshots of a target."""
        return {side: self.small.folder / target / f"{side}.duckdb" for side in ("target", "crosswalk")}

    def run(self, made: Made) -> tuple[Path, Record]:
        """Compare a batch and attest what was seen, as `dq run --batch N --key` does."""
        if made not in self.made:
            options = running.Options(runs=self.small.runs, snapshots=self.snapshots(made.target), settings=Settings(threads=1), signer=signer("ci"))
            finished = running.run_contract(self.contracts[made.waiver].folder, batch=made.batch, options=options)
            self.made[made] = finished.folder, finished.record
        return self.made[made]

    def envelope(self, made: Made, word: Word) -> Envelope:
        """Return what a person signs, with the signature; also what `dq sign` would refuse to sign."""
        key = (made, word)
        if key not in self.envelopes:
            if made not in self.attested:
                policy = self.rosters["agreed"].policy
                self.attested[made] = check_folder(self.run(made)[0], policy, as_of=BEGUN, files={}, contract=self.contracts[made.waiver].folder, renewed=True)
            statement = word_of(
                self.attested[made],
                role=ROLES[word.person],
                person=word.person,
                decision=word.decision,
                reason="no" if word.decision == "reject" else None,
                signed_at=signed_at(word),
                previous=self.previous(word),
                policy=self.rosters["agreed"].digest,
            )
            self.envelopes[key] = signed_by(word.person, statement.payload)
        return self.envelopes[key]

    def previous(self, word: Word) -> object:
        """Return what a word says that it follows."""
        if word.follows is None:
            return "first batch"
        made, words = word.follows
        folder, record = self.run(made)
        digests = sorted(digest_of(self.envelope(made, one)) for one in words)
        return {"batch": record.batch, "run": record.run, "parity": sha256((folder / NAME).read_bytes()), "sign_offs": digests}

    def folder(self, run: Run) -> Path:
        """Return a run's folder as it is in a state."""
        if run not in self.folders:
            self.folders[run] = self._laid(run, self.pool / hashlib.sha256(repr(run).encode()).hexdigest()[:24])
        return self.folders[run]

    def _laid(self, run: Run, folder: Path) -> Path:
        folder.mkdir()
        for file in sorted(self.run(run.made)[0].iterdir()):
            if file.is_file():
                os.link(file, folder / file.name)
        contents = {SIGN_OFFS: self._said(run.made, run.words)}
        for name, other, words in run.swapped:
            if other is None:
                contents[name] = b""
            else:
                contents[name] = self._said(other, words) if name == SIGN_OFFS else (self.run(other)[0] / name).read_bytes()
        for name, content in contents.items():
            (folder / name).unlink(missing_ok=True)
            if content:
                (folder / name).write_bytes(content)
        return folder

    def _said(self, made: Made, words: Sequence[Word]) -> bytes:
        return listing([self.envelope(made, word) for word in words]) if words else b""

    def opens(self, state: State, *, gate: int) -> bool:
        """Say whether our code opens a gate."""
        if TARGETS[state.target].stage < gate - 1:
            return False
        contract, roster = self.contracts[state.waiver], self.rosters[state.roster]
        pin = self.rosters["agreed"].digest if state.roster == "not the pinned one" else roster.digest
        past = chain.Past(Path("runs"), roster, pin, gate_at(state))
        with self._remembered(state):
            links = chain.signed_past(contract, past, before=gate)
        signoffs = [link.sign_off for link in links]
        if any(judge_signoff(one).outcome.exit_status for one in signoffs):  # so the gate is shut, whatever stands in the target
            return False
        found = self.measure(state, gate, tuple((one.signed.batch, one.signed.moment) for one in signoffs if one.signed is not None))
        checks = [*found.checks, *judge_past(signoffs, found.there)]
        if contract.waivers:
            checks.append(judge_signed(found.waivers, signed=chain.countersigned(links)))
        return max(check.outcome.exit_status for check in checks) == 0

    def measure(self, state: State, gate: int, signed: tuple[tuple[int, str], ...]) -> Measured:
        """Ask the engine what stands in the target, of batches that were signed at some moments."""
        key = (state.target, state.waiver, state.age, gate, signed)
        if key not in self.measured:
            taken: list[Any] = []

            def judged(signoffs: Sequence[BatchSignOff], now: Digests | Crash | None) -> Iterator[Check]:
                taken.append(now)
                return judge_past(signoffs, now)

            signoffs = tuple(BatchSignOff(batch, ("data-owner",), signed=Signed(batch, moment, statement=moment)) for batch, moment in signed)
            options = running.Options(
                runs=self.pool / "gates",
                snapshots=self.snapshots(state.target),
                as_of=gate_at(state),
                settings=Settings(threads=1),
                signoffs=signoffs,
            )
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(answering, "judge_past", judged)
                record = running.run_contract(self.contracts[state.waiver].folder, command="gate", batch=gate, options=options).record
            checks = tuple(check for check in record.checks if check.kind not in ("signoff", "carried") and check.id != "waivers.signed")
            self.measured[key] = Measured(checks, record.waivers, taken[0])
        return self.measured[key]

    @contextmanager
    def _remembered(self, state: State) -> Iterator[None]:
        """Let the chain look at a state's folders; what is the same by folder, roster and moment is verified once."""
        runs = {self.folder(run): run for run in state.runs}

        def verified(folder: Path, roster: Roster, *, pin: str | None, as_of: datetime, **more: Any) -> verifying.Verified:
            key = (folder, roster.digest, pin, as_of)
            if key not in self.verified:
                self.verified[key] = verifying.verify(folder, roster, pin=pin, as_of=as_of, **more)
            return self.verified[key]

        def held(folder: Path, policy: Policy, *, as_of: datetime, **more: Any) -> Attested:
            run = runs[folder]  # whose sign-offs are no matter of its attestation
            key = (run.made, run.swapped, state.roster, as_of)
            if key not in self.held:
                self.held[key] = check_folder(folder, policy, as_of=as_of, **more)
            return replace(self.held[key], folder=folder)

        def said(folder: Path) -> frozenset[Named]:
            if folder not in self.said:
                self.said[folder] = said_of(folder)
            return self.said[folder]

        def read(folder: Path) -> Record:
            if folder not in self.records:
                self.records[folder] = read_record(folder)
            return self.records[folder]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chain, "run_folders", lambda _: [folder for folder in runs if (folder / REPORT).is_file()])
            patch.setattr(chain, "signed_folders", lambda _: [folder for folder, run in runs.items() if run.words])
            patch.setattr(chain, "said_of", said)
            patch.setattr(chain, "read_record", read)
            patch.setattr(chain, "verify", verified)
            patch.setattr(verifying, "check_folder", held)
            yield


def gate_at(state: State) -> datetime:
    """Return when a gate is asked."""
    return BEGUN + state.age * MUCH_LATER + GATE


def signed_at(word: Word) -> datetime:
    """Return when a word was signed."""
    return BEGUN + word.age * MUCH_LATER + timedelta(minutes=word.minute)


def build_world(folder: Path) -> World:
    """Seal every target, write every contract and roster."""
    small = build(folder / "small", "batched")
    _third_batch(small)
    for name, target in TARGETS.items():
        place = small.folder / name
        place.mkdir()
        moment = MOMENT + timedelta(hours=target.hours)
        moved = _MOVED if target.stage > 1 else {}
        small.reseal("target", *_DATED, *moved.get("target", ()), *_changed(name), batch=target.stage, moment=moment)
        small.reseal("crosswalk", *_THREE["crosswalk"], *moved.get("crosswalk", ()), batch=target.stage)
        for side in ("target", "crosswalk"):
            for file in small.folder.glob(f"{side}.*"):
                shutil.copy2(file, place / file.name)
    world = World(small, folder / "pool")
    world.pool.mkdir()
    _write_rosters(world, folder)
    _write_waivers(world)
    return world


_THREE = {
    "source": ("UPDATE users SET region = 'FR' WHERE user_id > 30",),
    "crosswalk": ("UPDATE batches SET batch = 3, region = 'FR' WHERE account_id > 30",),
}
_DATED = tuple(f"ALTER TABLE customers ADD COLUMN {name} TIMESTAMPTZ DEFAULT '2024-11-05 02:00:00+00'" for name in ("created", "changed"))
_MOVED = {
    "target": (
        "INSERT INTO customers (customer_id, site, label) SELECT 1000 + i, 'GB', 'Sri Wahyuni 0812-3456-7890 ' || i FROM range(21, 31) AS t(i)",
        """INSERT INTO vouchers SELECT 100 + i, printf('C-%03d', i), 1000 + i, 'Sri Wahyuni 0812-3456-7890 ' || i, i, '2024-11-05 21:30:00+00',
           '2024-11-05 21:30:00+00' FROM range(21, 31) AS t(i)""",
    ),
    "crosswalk": ("INSERT INTO accounts SELECT i, 1000 + i FROM range(21, 31) AS t(i)",),
}


def _changed(name: str) -> Iterator[str]:
    target = TARGETS[name]
    changed = MOMENT + timedelta(hours=target.hours, minutes=-30)
    yield from (f"UPDATE vouchers SET note = 'other' WHERE code = 'C-0{20 * (batch - 1) + 4:02d}'" for batch in target.silent)
    yield from (f"UPDATE vouchers SET note = 'used', changed = '{changed.isoformat()}' WHERE code = 'C-0{20 * (batch - 1) + 3:02d}'" for batch in target.honest)


def _third_batch(small: Small) -> None:
    small.reseal("source", *_THREE["source"])
    small.edit("migration.toml", 'regions = ["ID", "GB"]', 'regions = ["ID", "GB", "FR"]')
    small.reseal("baseline", *_DATED)
    with (small.contract / "accounts.toml").open("a") as file:
        file.write('[merge]\ntable = "customers"\nid = "customer_id"\ncreated_at = "created"\nchanged_at = "changed"\n')
    small.edit("migration.toml", "max_age_hours = 72\n", "")
    small.edit("migration.toml", 'number = 2\nregion = "GB"\n', 'number = 2\nregion = "GB"\n[[batches]]\nnumber = 3\nregion = "FR"\n')


def _write_rosters(world: World, folder: Path) -> None:
    people = {name: (role,) for name, role in ROLES.items()}
    gone = f", revoked_at = {BEGUN.isoformat()}"
    texts = {
        "agreed": roster_text(people=people),
        "sri revoked": roster_text(people=people, keys={"sri": key_table("sri", ALWAYS, gone)}),
        "ci revoked": roster_text(people=people, keys={"ci": key_table("ci", ALWAYS, gone)}),
        "not the pinned one": roster_text(people=people, threshold=1),
    }
    for name, text in texts.items():
        path = folder / name / "signers.toml"
        path.parent.mkdir()
        path.write_text(text)
        world.rosters[name] = read_roster(path)
    (world.small.contract / "signers.toml").write_text(texts["agreed"])


def _write_waivers(world: World) -> None:
    """Propose a waiver of the row of batch 1 that changed and does not say so: one that Rina asks for, and one by Sri."""
    world.contracts[None] = read_contract(world.small.contract)
    folder, record = world.run(Made(1, "one, silent", None))
    for author in WAIVERS[1:]:
        contract = world.small.folder / f"contract waived by {author}"
        shutil.copytree(world.small.contract, contract)
        wish = Wish(check="coupons.values", reason="known", expires="2024-11-30", author=str(author).title())
        propose_waiver(folder, record, read_contract(contract), wish)
        world.contracts[author] = read_contract(contract)
