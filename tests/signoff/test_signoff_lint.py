"""F29: no private key is under version control, and no key that stands in an example is in a roster."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRIVATE = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}|b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/]{16}|PuTTY-User-Key-File-\d:|AGE-SECRET-KEY-1[A-Z0-9]{20}"
)
PUBLIC = re.compile(rb"AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}|AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t[A-Za-z0-9+/=]{40,}")


def private_keys(files: dict[str, bytes]) -> list[str]:
    """Return which files hold a private key."""
    return sorted(name for name, content in files.items() if PRIVATE.search(content))


def known_keys(files: dict[str, bytes]) -> dict[str, list[str]]:
    """Return for each roster which of its keys stand in another file as well: those of examples, whose private keys anybody may have."""
    elsewhere = {key for name, content in files.items() if not name.endswith("signers.toml") for key in PUBLIC.findall(content)}
    found = {name: [key.decode() for key in PUBLIC.findall(content) if key in elsewhere] for name, content in files.items() if name.endswith("signers.toml")}
    return {name: keys for name, keys in found.items() if keys}


def tracked() -> dict[str, bytes]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return {name: (ROOT / name).read_bytes() for name in listed.split("\0") if name and (ROOT / name).is_file()}


def test_no_private_key_is_under_version_control() -> None:
    files = tracked()
    assert len(files) > 100
    assert private_keys(files) == []


def test_no_roster_holds_a_key_of_an_example() -> None:
    assert known_keys(tracked()) == {}


def test_the_shipped_contract_has_no_roster() -> None:
    assert not (ROOT / "expectations" / "signers.toml").exists()


@pytest.mark.parametrize("form", ["PEM", "PKCS8", "RFC4716"])
def test_a_private_key_would_be_found_however_it_is_written(ssh_keygen: str, tmp_path: Path, form: str) -> None:
    kind = ["-t", "ed25519"] if form == "RFC4716" else ["-t", "rsa", "-b", "2048", "-m", form]
    subprocess.run([ssh_keygen, "-q", *kind, "-N", "", "-f", tmp_path / "key"], check=True, capture_output=True)
    content = (tmp_path / "key").read_bytes()
    assert private_keys({"a": b"key = '''\n" + content, "b": (tmp_path / "key.pub").read_bytes()}) == ["a"]


def test_a_key_of_an_example_in_a_roster_would_be_found(keys: Path) -> None:
    line = (keys / "sri.pub").read_bytes()
    assert known_keys({"docs/page.md": line, "contract/signers.toml": b'public = "' + line.strip() + b'"'}) == {
        "contract/signers.toml": [line.split()[1].decode()]
    }
