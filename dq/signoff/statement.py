"""The one place for in-toto statements: which files, by SHA-256, something is said of, and what.

Source: in-toto/attestation, spec v1, `_type` https://in-toto.io/Statement/v1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dq.errors import RefusedError
from dq.signoff.strict import canonical, read_canonical

TYPE: Final = "https://in-toto.io/Statement/v1"
PARITY: Final = "https://in-toto.io/attestation/test-result/v0.1"
SIGN_OFF: Final = "urn:dq-parity:sign-off:v0.1"
EXPORT: Final = "urn:dq-parity:snapshot:v0.1"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said (`predicate`) of which files (`subject`: name to SHA-256)."""

    kind: str
    subject: Mapping[str, str]
    predicate: Mapping[str, Any]

    @property
    def payload(self) -> bytes:
        """The bytes of the statement, the one way to write it."""
        return canonical({"_type": TYPE, "predicateType": self.kind, "subject": described(self.subject), "predicate": self.predicate})


def described(digests: Mapping[str, str]) -> list[dict[str, object]]:
    """Return names and digests as in-toto's resource descriptors, by name."""
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())]


def read_statement(payload: bytes, *, kind: str, where: str) -> Statement:
    """Read a statement of one kind: these keys and no others. Raises RefusedError."""
    try:
        found = read_canonical(payload)
    except ValueError as error:
        raise RefusedError(f"{where}: {error}") from None
    if not isinstance(found, dict) or found.keys() != {"_type", "predicateType", "subject", "predicate"} or found["_type"] != TYPE:
        raise RefusedError(f"{where}: no in-toto Statement v1")
    if found["predicateType"] != kind:
        raise RefusedError(f"{where}: a statement of another type than {kind}")
    if not isinstance(found["predicate"], dict):
        raise RefusedError(f"{where}: predicate is no table")
    return Statement(kind, digests_of(found["subject"], where=where), found["predicate"])


def digests_of(found: object, *, where: str) -> dict[str, str]:
    """Return names and digests of resource descriptors; the other way round than `described`. Raises RefusedError."""
    digests: dict[str, str] = {}
    for item in found if isinstance(found, list) else ():
        digest = item.get("digest") if isinstance(item, dict) and item.keys() == {"name", "digest"} else None
        if not isinstance(digest, dict) or digest.keys() != {"sha256"} or not _SHA256.fullmatch(str(digest["sha256"])) or item["name"] in digests:
            raise RefusedError(f"{where}: a file is not named with one SHA-256")
        digests[str(item["name"])] = digest["sha256"]
    if not digests:
        raise RefusedError(f"{where}: says nothing of any file")
    return digests
