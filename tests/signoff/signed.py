"""A small migration whose batches are attested and signed: keys made at run time from names, a roster of three people, a run of batch 1."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from dq.signoff.checked import Attested, check_folder
from dq.signoff.envelope import Envelope
from dq.signoff.file import SIGN_OFFS, listing
from dq.signoff.keys import PublicKey, Signer, read_signer
from dq.signoff.parity import NAME, read_single, written
from dq.signoff.policy import Roster, read_roster
from dq.signoff.signing import Wanted, prepare, sign
from dq.signoff.sshsig import sign_message
from dq.signoff.statement import SIGN_OFF, Statement, read_statement
from dq.signoff.verifying import Verified, verify
from tests.cli.small import Small

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PEOPLE = {"sri": ("data-owner",), "budi": ("business-owner", "finance"), "tina": ("finance",)}
ALWAYS = ("2024-01-01T00:00:00+07:00", "2099-01-01T00:00:00+07:00")


def private_key(name: str) -> Ed25519PrivateKey:
    """Return a key that a name stands for: the same in every test run, and in no file of the project."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public_key(name: str) -> PublicKey:
    """Return its public key."""
    return PublicKey(private_key(name).public_key().public_bytes_raw())


def signer(name: str) -> Signer:
    """Return it as what signs."""
    return Signer(public_key(name), Path(name), private_key(name).sign)


def write_key(folder: Path, name: str, *, passphrase: bytes = b"", form: PrivateFormat = PrivateFormat.OpenSSH) -> Path:
    """Write a key's file, as `ssh-keygen` would, and its `.pub`; return it."""
    path = folder / name
    path.write_bytes(private_key(name).private_bytes(Encoding.PEM, form, BestAvailableEncryption(passphrase) if passphrase else NoEncryption()))
    path.chmod(0o600)
    path.with_name(f"{name}.pub").write_text(f"{public_key(name).line} {name}\n")
    return path


def key_table(name: str, valid: tuple[str, str] = ALWAYS, more: str = "", *, line: str | None = None) -> str:
    """Return a key as it stands in a roster."""
    return f'{{ public = "{line or public_key(name).line}", valid_from = {valid[0]}, valid_until = {valid[1]}{more} }}'


def roster_text(
    *,
    people: Mapping[str, Sequence[str]] = PEOPLE,
    keys: Mapping[str, str] | None = None,
    roles: Sequence[str] = ("data-owner", "business-owner", "finance"),
    mandatory: Sequence[str] = ("data-owner",),
    threshold: object = 2,
    more: str = "",
) -> str:
    """Return a roster; `keys` says otherwise for some of those named in it."""
    tables = {name: key_table(name) for name in (*people, "ci")} | dict(keys or {})
    lines = [
        f"roles = {json.dumps(list(roles))}\nmandatory = {json.dumps(list(mandatory))}\nthreshold = {threshold}\nmax_age_days = 30",
        *(f'[[people]]\nname = "{name}"\nroles = {json.dumps(list(held))}\nkeys = [{tables[name]}]' for name, held in people.items()),
        f'[[validators]]\nname = "ci"\nkeys = [{tables["ci"]}]',
        more,
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class World:
    """A signed run: its folder, its contract with the roster, its keys."""

    small: Small
    keys: Path
    run: Path | None = None  # its folder; None: the one that there is

    @property
    def roster(self) -> Roster:
        """The roster, read."""
        return read_roster(self.small.contract / "signers.toml")

    @property
    def folder(self) -> Path:
        """The run's folder."""
        if self.run is not None:
            return self.run
        (report,) = self.small.runs.glob("[!.]*/report.json")
        return report.parent

    @property
    def file(self) -> Path:
        """Its sign-offs."""
        return self.folder / SIGN_OFFS

    def attested(self, *, as_of: datetime = LATER) -> Attested:
        """Return the run, held against its parity statement."""
        return check_folder(self.folder, self.roster.policy, as_of=as_of, files={}, contract=self.small.contract, renewed=True)

    def sign(self, name: str, role: str, *, now: datetime = NOW, reason: str | None = None, typed: str = "ID 1") -> Path:
        """Sign the run."""
        wanted = Wanted(role=role, reason=reason, now=now, contract=self.small.contract)
        return sign(prepare(self.folder, self.roster, read_signer(self.keys / name, ask=str), wanted=wanted), typed=typed)

    def verify(self, *, as_of: datetime = LATER, pin: str | None = None) -> Verified:
        """Verify the run."""
        return verify(self.folder, self.roster, pin=pin, as_of=as_of, contract=self.small.contract)

    def set_roster(self, **changed: Any) -> None:
        """Write another roster."""
        (self.small.contract / "signers.toml").write_text(roster_text(**changed))

    def envelopes(self) -> list[Envelope]:
        """Return the sign-offs."""
        found = json.loads(self.file.read_bytes()) if self.file.exists() else []
        return [Envelope(base64.b64decode(item["payload"]), item["signatures"][0]["keyid"], base64.b64decode(item["signatures"][0]["sig"])) for item in found]

    def put(self, *envelopes: Envelope) -> None:
        """Write sign-offs as somebody would who may write the file."""
        self.file.write_bytes(listing(envelopes))

    def forge(self, by: str, *, at: int = 0, subject: Callable[[dict[str, str]], None] = lambda _: None, kind: str = SIGN_OFF, **said: object) -> Envelope:
        """Return one of the sign-offs, said otherwise and signed by a key anew."""
        statement = read_statement(self.envelopes()[at].payload, kind=SIGN_OFF, where="")
        named = dict(statement.subject)
        subject(named)
        return signed_by(by, Statement(kind, named, {**statement.predicate, **said}).payload)

    def forge_parity(self, by: str, *, subject: Callable[[dict[str, str]], None] = lambda _: None, kind: str | None = None, **said: object) -> None:
        """Write another parity statement, signed by a key."""
        path = self.folder / NAME
        found = json.loads(read_single(path.read_bytes(), where="").payload)
        named = {item["name"]: item["digest"]["sha256"] for item in found["subject"]}
        subject(named)
        payload = Statement(kind or found["predicateType"], named, {**found["predicate"], **said}).payload
        envelope = Envelope(payload, public_key(by).fingerprint, b"")
        path.write_bytes(written(replace(envelope, signature=private_key(by).sign(envelope.signed))))


def signed_by(name: str, payload: bytes) -> Envelope:
    """Return a payload with a person's signature."""
    envelope = Envelope(payload, public_key(name).fingerprint, b"")
    return replace(envelope, signature=sign_message(envelope.signed, signer(name)))


def copied(world: World, folder: Path) -> World:
    """Return an own copy."""
    shutil.copytree(world.small.folder, folder, dirs_exist_ok=True)
    return World(Small(folder, world.small.kind), world.keys)
