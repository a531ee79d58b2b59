"""The one place for DSSE envelopes: the bytes that are signed, and one signature a file's envelope.

Source: secure-systems-lab/dsse, protocol.md and envelope.md. `keyid` is a hint there; here it must be the fingerprint of the key.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from dq.errors import RefusedError

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, and one signature over it."""

    payload: bytes
    keyid: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return pae(self.payload)

    def written(self) -> dict[str, object]:
        """Return what stands in the file, as JSON has it."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": self.keyid, "sig": base64.b64encode(self.signature).decode()}],
        }


def pae(payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding of an in-toto payload."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def read_envelope(found: object, *, where: str) -> Envelope:
    """Read an envelope: these keys and no others, one signature. Raises RefusedError."""
    if not isinstance(found, Mapping) or found.keys() != {"payload", "payloadType", "signatures"}:
        raise RefusedError(f"{where}: no DSSE envelope of payload, payloadType and signatures")
    if found["payloadType"] != PAYLOAD_TYPE:
        raise RefusedError(f"{where}: the payload's type is not {PAYLOAD_TYPE}")
    signatures = found["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], Mapping) or signatures[0].keys() != {"keyid", "sig"}:
        raise RefusedError(f"{where}: has not exactly one signature with keyid and sig")
    keyid = signatures[0]["keyid"]
    if not isinstance(keyid, str):
        raise RefusedError(f"{where}: keyid is no text")
    return Envelope(_decoded(found["payload"], where), keyid, _decoded(signatures[0]["sig"], where))


def _decoded(text: object, where: str) -> bytes:
    try:
        content = base64.b64decode(str(text), validate=True)
    except ValueError:
        raise RefusedError(f"{where}: is no base64") from None
    if base64.b64encode(content).decode() != text:
        raise RefusedError(f"{where}: is not base64 in its one form")
    return content
