"""The one place for the roster of a gate, which must come from where the change that is gated cannot write: pinned by digest, or read from a git ref.

Source: CORRUPTIONS F28: whoever may change the roster together with the sign-off approves himself.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from dq.errors import UsageError
from dq.signoff.policy import POLICY, Roster, read_roster, roster_of

_SECONDS = 60
_DIGITS = 64  # of a SHA-256


@dataclass(frozen=True, slots=True)
class Pin:
    """Where the roster comes from, as the command line says."""

    policy: Path | None = None  # the file; None: the contract's
    digest: str | None = None  # the SHA-256 that it must have
    ref: str | None = None  # the git ref that it is read from


def pinned_roster(contract: Path, pin: Pin) -> Roster | None:
    """Return the roster of a gate; None where the contract has none, and none is named.

    Raises:
        UsageError: nothing pins it (exit 2), or the ref cannot be read.
        ContractError: it is no roster.
    """
    path = pin.policy or contract / POLICY
    if pin.ref is not None:
        return roster_of(_at(pin.ref, path), path)
    if pin.policy is None and pin.digest is None and not path.exists():
        return None
    roster = read_roster(path)
    if pin.digest is None:
        raise UsageError(
            f"{path}: nothing says that it is the roster that was agreed on; give its SHA-256, kept where the change under test cannot write, with "
            "--policy-digest, or the branch that it stands on with --policy-ref"
        )
    return roster


def agreed_digest(text: str | None) -> str | None:
    """Read the SHA-256 that a roster must have; None where none is given. Raises UsageError."""
    if text is not None and (len(text) != _DIGITS or not set(text.lower()) <= set("0123456789abcdef")):
        raise UsageError(f"--policy-digest: '{text[:80]}' is no SHA-256 of {_DIGITS} hexadecimal digits")
    return text


def _at(ref: str, path: Path) -> bytes:
    """Return a file as it stands at a git ref."""
    folder = path.resolve().parent
    if ref.startswith("-"):
        raise UsageError(f"--policy-ref: '{ref[:80]}' is no git ref")
    command = ["git", "-C", str(folder), "show", f"{ref}:./{path.name}"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603 - no shell, and no argument that is an option
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"--policy-ref: git cannot be asked ({type(error).__name__})") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"--policy-ref {ref}: {path.name} cannot be read there ({lines[-1][:200] if lines else 'git says nothing'})")
    return done.stdout
