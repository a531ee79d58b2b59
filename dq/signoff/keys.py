"""The one place for Ed25519 keys, and the door to `cryptography`: public keys as OpenSSH writes them, private keys from OpenSSH and PEM files.

A hardware key (`sk-ssh-ed25519`) and one that an agent holds have no private key that could be read: they sign through `ssh-keygen`, see
`sshsig`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_ssh_private_key

from dq.errors import UsageError

SOFTWARE, HARDWARE = "ssh-ed25519", "sk-ssh-ed25519@openssh.com"
BYTES = 32  # of a public key
_LARGEST = 64 * 1024  # bytes of a key's file
_OPENSSH = (b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----", b"openssh-key-v1\0")
# A key of small order verifies signatures that nobody made. Source: libsodium, `ge25519_has_small_order`; the highest bit is the sign.
_SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
Ask = Callable[[], str]
"""Asks for a key's passphrase."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its 32 bytes, and of a hardware key the application that it is for."""

    raw: bytes
    application: str | None = None

    @property
    def blob(self) -> bytes:
        """The key as SSH writes it."""
        if self.application is None:
            return text(SOFTWARE.encode()) + text(self.raw)
        return text(HARDWARE.encode()) + text(self.raw) + text(self.application.encode())

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The key as it stands in an `….pub` file, without a comment."""
        return f"{SOFTWARE if self.application is None else HARDWARE} {base64.b64encode(self.blob).decode()}"

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether an Ed25519 signature of 64 bytes is this key's over exactly these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that can sign: directly, or where `direct` is None through `ssh-keygen` by its file."""

    public: PublicKey
    path: Path
    direct: Callable[[bytes], bytes] | None

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature over these bytes, always the same. Raises UsageError where the key cannot be read."""
        if self.direct is None:
            raise UsageError(f"{self.path}: a hardware key or an agent's cannot sign this: a file with an Ed25519 private key can")
        return self.direct(message)


def read_public(line: str) -> PublicKey:
    """Read a line as in an `….pub` file. Raises ValueError."""
    kind, _, rest = line.strip().partition(" ")
    if kind not in (SOFTWARE, HARDWARE):
        raise ValueError(f"a key of type '{kind[:40]}': only {SOFTWARE} and {HARDWARE} count")
    written = rest.strip().partition(" ")[0]
    blob = base64.b64decode(written, validate=True)
    if base64.b64encode(blob).decode() != written:
        raise ValueError("a key that is no base64 as OpenSSH writes it")
    return _of_blob(blob, kind)


def read_signer(path: Path, *, ask: Ask) -> Signer:
    """Read a private key, or the public key of one that only `ssh-keygen` can use.

    Args:
        path: an OpenSSH or PEM file with an Ed25519 key; a hardware key's file; or an `….pub` file, whose key an agent holds.
        ask: called where the key is encrypted.

    Raises:
        UsageError: it is no such file, or the passphrase is wrong.
    """
    content = _content(path)
    if content.startswith((SOFTWARE.encode(), HARDWARE.encode())):
        try:
            return Signer(read_public(content.decode("ascii", "replace").splitlines()[0]), path, None)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None
    if _OPENSSH[0] in content:
        public = _outside(content, path)
        if public.application is not None:
            return Signer(public, path, None)
    elif b"PRIVATE KEY-----" not in content:
        raise UsageError(f"{path}: holds no private key in OpenSSH's form or PEM")
    load = load_ssh_private_key if _OPENSSH[0] in content else load_pem_private_key
    return _direct(load, content, path, ask=ask)


def _direct(load: Callable[..., object], content: bytes, path: Path, *, ask: Ask) -> Signer:
    password: bytes | None = None
    try:
        try:
            key = load(content, password)
        except TypeError:  # it is encrypted
            key = load(content, ask().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: cannot be read as a private key; where it is encrypted, the passphrase is wrong") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: is no Ed25519 key; `ssh-keygen -t ed25519` makes one")
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Signer(PublicKey(raw), path, key.sign)


def _outside(content: bytes, path: Path) -> PublicKey:
    """Return the public key that stands unencrypted in an OpenSSH private key's file."""
    begin, end, magic = _OPENSSH
    try:
        blob = base64.b64decode(content.partition(begin)[2].partition(end)[0])
        head = _first(blob[len(magic) :], 3)  # cipher, key derivation and its options; then the number of keys, and the first one
        (public,) = _first(blob[len(magic) + sum(4 + len(part) for part in head) + 4 :], 1)
        kind = next(texts(public)).decode("ascii", "replace") if blob.startswith(magic) else ""
    except (ValueError, StopIteration):
        raise UsageError(f"{path}: is no OpenSSH private key") from None
    try:
        return _of_blob(public, kind)
    except ValueError:
        raise UsageError(f"{path}: is a key of type '{kind[:40]}'; only Ed25519 keys count: `ssh-keygen -t ed25519` makes one") from None


def _first(blob: bytes, number: int) -> list[bytes]:
    parts = texts(blob)
    return [next(parts) for _ in range(number)]


def _of_blob(blob: bytes, kind: str) -> PublicKey:
    parts = list(texts(blob))
    hardware = kind == HARDWARE
    if kind not in (SOFTWARE, HARDWARE) or len(parts) != 2 + hardware or parts[0] != kind.encode() or len(parts[1]) != BYTES:
        raise ValueError(f"a key that is not of the type '{kind[:40]}' it names")
    if bytes([*parts[1][:-1], parts[1][-1] & 0x7F]) in _SMALL_ORDER:
        raise ValueError("a key of small order, whose signatures anybody can make")
    return PublicKey(parts[1], parts[2].decode() if hardware else None)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: is larger than a key")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None


def text(content: bytes) -> bytes:
    """Return bytes as SSH writes a string: four bytes of length, the highest first, then the bytes. Source: RFC 4251, section 5."""
    return len(content).to_bytes(4, "big") + content


def texts(blob: bytes) -> Iterator[bytes]:
    """Yield the strings that bytes consist of, one behind the other. Raises ValueError where they do not."""
    place = 0
    while place < len(blob):
        length = int.from_bytes(blob[place : place + 4], "big")
        part = blob[place + 4 : place + 4 + length]
        if place + 4 > len(blob) or len(part) != length:
            raise ValueError("cut off")
        yield part
        place += 4 + length
