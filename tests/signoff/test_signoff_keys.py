"""Keys and signatures: as OpenSSH writes them, each way, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dq.errors import RefusedError, UsageError
from dq.signoff.keys import PublicKey, Signer, read_public, read_signer, text
from dq.signoff.sshsig import BEGIN, END, NAMESPACE, check_message, sign_message

from .signed import private_key, public_key, signer, write_key

MESSAGE = b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
PASSPHRASE = b"correct horse"


def hardware_key(name: str) -> PublicKey:
    return PublicKey(public_key(name).raw, "ssh:")


def by_hardware(name: str, message: bytes, *, flags: int = 1) -> bytes:
    """Return what a hardware key with this private key would sign. Source: OpenSSH, PROTOCOL.u2f."""
    key = hardware_key(name)
    signed = b"SSHSIG" + b"".join(map(text, (NAMESPACE.encode(), b"", b"sha512", hashlib.sha512(message).digest())))
    behind = bytes([flags]) + (7).to_bytes(4, "big")
    bare = private_key(name).sign(hashlib.sha256(b"ssh:").digest() + behind + hashlib.sha256(signed).digest())
    signature = text(b"sk-ssh-ed25519@openssh.com") + text(bare) + behind
    return b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(text, (key.blob, NAMESPACE.encode(), b"", b"sha512", signature)))


def armoured(blob: bytes) -> str:
    return f"{BEGIN}\n{base64.b64encode(blob).decode()}\n{END}\n"


def stock_says(ssh_keygen: str, folder: Path, blob: bytes, message: bytes, key: PublicKey, *, principal: str = "sri") -> bool:
    (folder / "allowed_signers").write_text(f'sri namespaces="{NAMESPACE}" {key.line}\n')
    (folder / "sig").write_text(armoured(blob))
    asked = [ssh_keygen, "-Y", "verify", "-f", folder / "allowed_signers", "-I", principal, "-n", NAMESPACE, "-s", folder / "sig"]
    return subprocess.run(asked, input=message, capture_output=True, check=False).returncode == 0


def holds(message: bytes, blob: bytes, key: PublicKey) -> bool:
    try:
        check_message(message, blob, key)
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
@pytest.mark.parametrize("passphrase", [b"", PASSPHRASE])
def test_a_key_is_read_from_openssh_and_pem_encrypted_or_not(tmp_path: Path, form: PrivateFormat, passphrase: bytes) -> None:
    path = write_key(tmp_path, "sri", passphrase=passphrase, form=form)
    asked: list[int] = []
    found = read_signer(path, ask=lambda: asked.append(1) or PASSPHRASE.decode())  # type: ignore[func-returns-value]
    assert (found.public, found.sign(b"a"), len(asked)) == (public_key("sri"), private_key("sri").sign(b"a"), bool(passphrase))


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
def test_a_wrong_passphrase_is_said(tmp_path: Path, form: PrivateFormat) -> None:
    path = write_key(tmp_path, "sri", passphrase=PASSPHRASE, form=form)
    with pytest.raises(UsageError, match="sri: cannot be read as a private key; where it is encrypted, the passphrase is wrong"):
        read_signer(path, ask=lambda: "wrong")


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_another_kind_of_key_is_refused(tmp_path: Path, form: PrivateFormat, kind: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key").write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    with pytest.raises(UsageError, match=r"key: is .*Ed25519 key.*`ssh-keygen -t ed25519` makes one"):
        read_signer(tmp_path / "key", ask=str)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", b"ssh-ed25519 AAAA"])
def test_what_is_no_key_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UsageError, match=f"^{tmp_path}/key: [^\n]*$"):
        read_signer(tmp_path / "key", ask=str)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone: no such file or directory"):
        read_signer(tmp_path / "gone", ask=str)


@pytest.mark.parametrize("raw", [bytes(32), b"\1" + bytes(31), b"\1" + bytes(30) + b"\x80", bytes([0xEC, *[0xFF] * 30, 0x7F])])
def test_a_key_of_small_order_whose_signatures_anybody_makes_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="a key of small order"):
        read_public(PublicKey(raw).line)


@pytest.mark.parametrize(
    "line", ["ssh-rsa AAAA", "ssh-ed25519", "ssh-ed25519 !", 'from="x" ssh-ed25519 AAAA', f"ssh-ed25519 {base64.b64encode(text(b'ssh-rsa')).decode()}"]
)
def test_a_line_that_is_no_ed25519_key_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_public(line)


def test_a_fingerprint_is_the_one_that_ssh_keygen_prints(ssh_keygen: str, keys: Path) -> None:
    printed = subprocess.run([ssh_keygen, "-l", "-f", keys / "sri.pub"], check=True, capture_output=True, text=True).stdout
    assert printed.split()[1] == public_key("sri").fingerprint


def test_a_signature_is_to_the_byte_what_ssh_keygen_makes(ssh_keygen: str, keys: Path) -> None:
    assert ssh_keygen
    assert sign_message(MESSAGE, signer("sri")) == sign_message(MESSAGE, Signer(public_key("sri"), keys / "sri", None))


def test_stock_ssh_keygen_takes_our_signatures_and_no_others(ssh_keygen: str, tmp_path: Path) -> None:
    ours = sign_message(MESSAGE, signer("sri"))
    assert stock_says(ssh_keygen, tmp_path, ours, MESSAGE, public_key("sri"))
    assert not stock_says(ssh_keygen, tmp_path, ours, MESSAGE + b" ", public_key("sri"))
    assert not stock_says(ssh_keygen, tmp_path, ours, MESSAGE, public_key("budi"))
    assert not stock_says(ssh_keygen, tmp_path, ours, MESSAGE, public_key("sri"), principal="budi")


def test_a_hardware_keys_signature_holds_where_it_was_touched(ssh_keygen: str, tmp_path: Path) -> None:
    key = hardware_key("sri")
    for flags in (1, 5):
        blob = by_hardware("sri", MESSAGE, flags=flags)
        assert holds(MESSAGE, blob, key)
        assert stock_says(ssh_keygen, tmp_path, blob, MESSAGE, key)
    assert not holds(MESSAGE, by_hardware("sri", MESSAGE, flags=0), key)  # `ssh-keygen -Y verify` does not ask for that
    assert not holds(MESSAGE, by_hardware("sri", MESSAGE), public_key("sri"))
    assert not holds(MESSAGE, sign_message(MESSAGE, signer("sri")), key)


def test_every_bit_of_a_hardware_keys_signature_flipped_is_refused() -> None:
    key, blob = hardware_key("sri"), by_hardware("sri", MESSAGE)
    flipped = (blob[:place] + bytes([blob[place] ^ (1 << bit)]) + blob[place + 1 :] for place in range(len(blob)) for bit in range(8))
    assert not any(holds(MESSAGE, item, key) for item in flipped)


def test_the_file_of_a_hardware_key_signs_through_ssh_keygen(tmp_path: Path) -> None:
    """Its public key stands in the file unencrypted; what else is in it only the hardware knows."""
    key = hardware_key("sri")
    inside = b"openssh-key-v1\0" + text(b"none") + text(b"none") + text(b"") + (1).to_bytes(4, "big") + text(key.blob) + text(b"handle")
    lines = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{base64.b64encode(inside).decode()}\n-----END OPENSSH PRIVATE KEY-----\n"
    (tmp_path / "id_sk").write_text(lines)
    found = read_signer(tmp_path / "id_sk", ask=str)
    assert (found.public, found.direct) == (key, None)
    with pytest.raises(UsageError, match="a hardware key or an agent's cannot sign this"):
        found.sign(b"a")
    with pytest.raises(UsageError, match="ssh-keygen did not sign"):
        sign_message(MESSAGE, found)


@pytest.fixture
def agent(tmp_path: Path, keys: Path, ssh_keygen: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that holds sri's key."""
    assert ssh_keygen
    socket = tmp_path / "agent"
    running = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE)
    try:
        assert running.stdout is not None
        running.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", os.fspath(socket))
        subprocess.run(["ssh-add", keys / "sri"], check=True, capture_output=True)
        yield
    finally:
        running.terminate()
        running.communicate(timeout=10)


@pytest.mark.usefixtures("agent")
def test_a_key_of_an_agent_signs_by_its_public_file(tmp_path: Path) -> None:
    (tmp_path / "sri.pub").write_text(public_key("sri").line + "\n")
    found = read_signer(tmp_path / "sri.pub", ask=str)
    assert sign_message(MESSAGE, found) == sign_message(MESSAGE, signer("sri"))


def test_where_ssh_keygen_is_missing_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="signs through ssh-keygen, which is not on this machine"):
        sign_message(MESSAGE, Signer(public_key("sri"), tmp_path / "sri.pub", None))
