"""The one place for signatures as OpenSSH makes them over files (SSHSIG), so that stock `ssh-keygen -Y verify` can verify every sign-off.

Source: OpenSSH, PROTOCOL.sshsig and PROTOCOL.u2f. Only SHA-512 as the hash of the message, as `ssh-keygen` itself does it.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess

from dq.errors import RefusedError, UsageError
from dq.signoff.keys import HARDWARE, SOFTWARE, PublicKey, Signer, text, texts

NAMESPACE = "dq-sign-off"
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC, _VERSION, _HASH = b"SSHSIG", (1).to_bytes(4, "big"), b"sha512"
_TOUCHED = 1  # the flag of a hardware key that somebody touched it


def sign_message(message: bytes, signer: Signer) -> bytes:
    """Return an SSHSIG over a message: of a key that can be read the same each time.

    Raises:
        UsageError: `ssh-keygen` is missing, or did not sign.
    """
    if signer.direct is None:
        return _by_ssh_keygen(message, signer)
    signature = text(SOFTWARE.encode()) + text(signer.sign(_signed(message)))
    return _MAGIC + _VERSION + b"".join(map(text, (signer.public.blob, NAMESPACE.encode(), b"", _HASH, signature)))


def check_message(message: bytes, blob: bytes, key: PublicKey) -> None:
    """Hold a signature against the message and the key. Raises RefusedError."""
    head = len(_MAGIC) + len(_VERSION)
    try:
        public, namespace, reserved, hashed, signature = texts(blob[head:])
        if blob[:head] != _MAGIC + _VERSION or (namespace, reserved, hashed) != (NAMESPACE.encode(), b"", _HASH):
            raise RefusedError(f"the signature is none of namespace {NAMESPACE} with SHA-512")
        if public != key.blob:
            raise RefusedError("the signature names another key")
        kind = HARDWARE if key.application is not None else SOFTWARE
        begin = text(kind.encode())
        tail = 5 if key.application is not None else 0  # flags and counter of a hardware key
        (bare,) = texts(signature[len(begin) : len(signature) - tail])
        if not signature.startswith(begin):
            raise RefusedError("the signature is of another type than its key")
    except ValueError:
        raise RefusedError("the signature is no SSHSIG") from None
    signed = _signed(message)
    if key.application is not None:
        behind = signature[len(signature) - tail :]
        if not behind[0] & _TOUCHED:
            raise RefusedError("the hardware key signed without being touched")
        signed = hashlib.sha256(key.application.encode()).digest() + behind + hashlib.sha256(signed).digest()
    if not key.holds(bare, signed):
        raise RefusedError("the signature does not hold")


def _signed(message: bytes) -> bytes:
    return _MAGIC + b"".join(map(text, (NAMESPACE.encode(), b"", _HASH, hashlib.sha512(message).digest())))


def _by_ssh_keygen(message: bytes, signer: Signer) -> bytes:
    """Let `ssh-keygen` sign: it asks for a touch, a PIN or an agent by itself, on the terminal."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise UsageError(f"{signer.path}: such a key signs through ssh-keygen, which is not on this machine")
    done = subprocess.run([program, "-Y", "sign", "-q", "-f", str(signer.path), "-n", NAMESPACE], input=message, stdout=subprocess.PIPE, check=False)  # noqa: S603 - no shell
    written = done.stdout.decode("ascii", "replace")
    if done.returncode or BEGIN not in written:
        raise UsageError(f"{signer.path}: ssh-keygen did not sign (it says why above); nothing was signed")
    blob = base64.b64decode(written.partition(BEGIN)[2].partition(END)[0])
    check_message(message, blob, signer.public)
    return blob
