"""The one place for `carried.json`: what an attested run saw in the target of its batch, an entity a line, so that a gate can see that it still is so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dq.compare.signed import Carried, Digest
from dq.errors import RefusedError
from dq.signoff.strict import canonical, read_canonical

NAME: Final = "carried.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def written(carried: Carried) -> bytes:
    """Return the bytes of the file."""
    return canonical({"own": _told(carried.own), "shared": _told(carried.shared)}) + b"\n"


def read_carried(content: bytes, *, where: str) -> Carried:
    """Read the file. Raises RefusedError."""
    try:
        found = read_canonical(content.removesuffix(b"\n"))
    except ValueError as error:
        raise RefusedError(f"{where}: {error}") from None
    if not isinstance(found, dict) or found.keys() != {"own", "shared"}:
        raise RefusedError(f"{where}: does not say what stood in the target")
    return Carried(_digests(found["own"], where), _digests(found["shared"], where))


def _told(digests: Mapping[str, Digest]) -> dict[str, object]:
    return {entity: {"rows": digest.rows, "sha256": digest.sha256} for entity, digest in sorted(digests.items())}


def _digests(found: object, where: str) -> dict[str, Digest]:
    digests: dict[str, Digest] = {}
    for entity, item in found.items() if isinstance(found, dict) else (("", None),):
        if not isinstance(item, dict) or item.keys() != {"rows", "sha256"} or type(item["rows"]) is not int or not _SHA256.fullmatch(str(item["sha256"])):
            raise RefusedError(f"{where}: an entity has no number of rows with one SHA-256")
        digests[entity] = Digest(item["rows"], item["sha256"])
    return digests
