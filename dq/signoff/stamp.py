"""The one place for a trusted time stamp (RFC 3161) over a run's sign-offs: `openssl ts` says whose it is and that it is of these bytes.

It is an extra: it says that the sign-offs existed then, which no signer's clock can. Nothing here asks a network.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dq.errors import RefusedError, UsageError
from dq.report.visible import visible

_SECONDS = 60
_TIME = re.compile(r"^Time stamp: (\w{3} +\d{1,2} \d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp's file, and the certificates of the authorities that may have made it."""

    token: Path
    authorities: Path


def stamped_at(file: Path, stamp: Stamp, *, as_of: datetime) -> datetime:
    """Return when a file was stamped.

    Args:
        file: what was stamped; one byte more or less is another file.
        stamp: the time stamp.
        as_of: when the authority's certificates must have been valid.

    Raises:
        UsageError: openssl is not here, or a file is not.
        RefusedError: it is no time stamp of this file by such an authority.
    """
    for path in (stamp.token, stamp.authorities):
        if not path.is_file():
            raise UsageError(f"{path}: no such file")
    moment = str(int(as_of.timestamp()))
    checked = _openssl("-verify", "-data", file, "-in", stamp.token, "-CAfile", stamp.authorities, "-attime", moment)
    if checked.returncode:
        why = re.findall(r":time stamp routines:\w*:([^:]+)", checked.stderr)
        reason = visible(why[-1]) if why else "openssl says no"
        raise RefusedError(f"{stamp.token}: is no time stamp of {file.name} by an authority of {stamp.authorities} ({reason})")
    told = _TIME.search(_openssl("-reply", "-in", stamp.token, "-text").stdout)
    if told is None:
        raise RefusedError(f"{stamp.token}: says no time that can be read")
    return datetime.strptime(f"{told[1]} {told[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def _openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "ts", *map(str, arguments)]
    surroundings = {"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    try:  # no shell, and every file is an option's own value
        return subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS, text=True, errors="replace", env=surroundings)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"--time-stamp: openssl cannot be asked ({type(error).__name__}); it is Debian's package openssl") from None
