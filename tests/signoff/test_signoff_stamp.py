"""A trusted time stamp over a run's sign-offs, by an authority made for the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dq.signoff.stamp import Stamp
from dq.signoff.verifying import Verified, verify

from .signed import World

CONFIG = """
[ tsa ]
default_tsa = one
[ one ]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[ stamping ]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ req ]
distinguished_name = name
[ name ]
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority that stamps, and return its folder."""
    if shutil.which("openssl") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            pytest.fail("openssl is not on this machine; install Debian's package openssl")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", "openssl"], check=True, capture_output=True, env=environment)
    folder = tmp_path_factory.mktemp("authority")
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    new = ("-newkey", "rsa:2048", "-nodes", "-config", "tsa.cnf")
    openssl(folder, "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "3", "-extensions", "ca")
    openssl(folder, "req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "tsa.cnf", "-extensions", "stamping")
    openssl(folder, "x509", "-req", "-in", "tsa.csr", *signed, "-out", "tsa.pem", "-days", "3")
    return folder


def openssl(folder: Path, *arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


def stamped(world: World, authority: Path) -> Stamp:
    """Have a run's sign-offs stamped."""
    token = world.folder / "signoff.tsr"
    openssl(authority, "ts", "-query", "-data", world.file, "-sha256", "-cert", "-out", world.folder / "signoff.tsq")
    openssl(authority, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", world.folder / "signoff.tsq", "-out", token)
    return Stamp(token, authority / "ca.pem")


def verified(world: World, stamp: Stamp) -> Verified:
    return verify(world.folder, world.roster, pin=None, as_of=datetime.now(tz=UTC), contract=world.small.contract, stamp=stamp)


def test_a_time_stamp_says_when_the_sign_offs_were_there(signed: World, authority: Path) -> None:
    before = datetime.now(tz=UTC).replace(microsecond=0)
    found = verified(signed, stamped(signed, authority))
    assert (found.word, found.problems) == ("VERIFIED", ())
    assert found.stamped is not None
    assert before <= found.stamped <= datetime.now(tz=UTC)


def test_a_time_stamp_of_other_bytes_is_refused(signed: World, authority: Path) -> None:
    stamp = stamped(signed, authority)
    signed.sign("tina", "finance")
    assert [part in verified(signed, stamp).problems[0] for part in ("signoff.tsr", "is no time stamp of signoff.intoto.json")] == [True, True]


def test_a_time_stamp_by_a_stranger_is_refused(signed: World, authority: Path, tmp_path: Path) -> None:
    stamp = stamped(signed, authority)
    new = ("-newkey", "rsa:2048", "-nodes", "-config", authority / "tsa.cnf")
    openssl(tmp_path, "req", "-x509", *new, "-keyout", "x.key", "-out", "x.pem", "-subj", "/CN=ca", "-days", "3", "-extensions", "ca")
    found = verified(signed, Stamp(stamp.token, tmp_path / "x.pem"))
    assert (found.word, found.exit_status) == ("REFUSED", 1)


def test_nobody_signs_after_the_time_stamp(attested: World, authority: Path) -> None:
    soon = datetime.now(tz=UTC) + timedelta(hours=1)
    attested.sign("sri", "data-owner", now=soon)
    attested.sign("budi", "finance", now=soon)
    stamp = stamped(attested, authority)
    found = verify(attested.folder, attested.roster, pin=None, as_of=soon + timedelta(hours=1), contract=attested.small.contract, stamp=stamp)
    assert [problem.rpartition(", ")[2] for problem in found.problems] == ["after the time stamp"] * 2
