"""The one place for the story's people and machines: keys that are made when it is played, and the roster that names them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

PEOPLE: Mapping[str, Sequence[str]] = {"sri": ["data-owner"], "budi": ["business-owner"], "tina": ["finance"]}
"""Person to the roles that are held."""

VALIDATOR, EXPORTER = "ci", "exporter"
_VALID_FROM = datetime(2024, 10, 1, tzinfo=UTC)  # before the demo's first snapshot


def make_keys(folder: Path) -> dict[str, str]:
    """Write a new key a person and machine, as `ssh-keygen` does; return name to public key."""
    folder.mkdir(parents=True)
    return {name: _make_key(folder / name) for name in (*PEOPLE, VALIDATOR, EXPORTER)}


def _make_key(path: Path) -> str:
    key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def write_roster(path: Path, keys: Mapping[str, str]) -> str:
    """Write `signers.toml`: two of three must accept, the data owner among them. Return its SHA-256, which pins it."""
    until = datetime.now(tz=UTC).replace(microsecond=0) + timedelta(days=365)

    def listed(name: str) -> str:
        return f'[{{ public = "{keys[name]}", valid_from = {_VALID_FROM.isoformat()}, valid_until = {until.isoformat()} }}]'

    lines = [
        f'roles = {json.dumps(sorted({role for roles in PEOPLE.values() for role in roles}))}\nmandatory = ["data-owner"]\nthreshold = 2\nmax_age_days = 90',
        *(f'[[people]]\nname = "{name}"\nroles = {json.dumps(list(roles))}\nkeys = {listed(name)}' for name, roles in PEOPLE.items()),
        f'[[validators]]\nname = "{VALIDATOR}"\nkeys = {listed(VALIDATOR)}',
        f'[[exporters]]\nname = "{EXPORTER}"\nkeys = {listed(EXPORTER)}',
    ]
    content = ("\n\n".join(lines) + "\n").encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
