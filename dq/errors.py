"""The one place for errors that a person must act on, split by who acts and by the exit status that follows.

Source: DESIGN "Commands": 1 discrepancies, 2 wrong usage or contract, 3 could not be proven.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class DqError(Exception):
    """An error with one clear line for a person; never carries a row's values."""

    exit_status = 3

    def _render_traceback_(self) -> list[str]:
        """Say in a notebook what is said on a terminal: one line, no traceback."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(DqError):
    """The caller named something that does not exist or does not fit: exit 2."""

    exit_status = 2


class ContractError(UsageError):
    """The contract's author must act: exit 2. Names the file and the key."""

    def __init__(self, message: str, *, file: object = None, key: str | None = None) -> None:
        """Put the file and the dotted key before what was found there."""
        place = ": ".join(str(part) for part in (file, key) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)


class SnapshotError(DqError):
    """A snapshot or its manifest does not hold: exit 3 (NOT PROVEN)."""


class RefusedError(DqError):
    """What is signed does not hold, or is signed by nobody who counts: exit 1."""

    exit_status = 1


class EngineError(DqError):
    """The engine could not answer a query: exit 3. `sql` is kept for `--debug` and restricted logs only."""

    def __init__(self, message: str, *, sql: str | None = None) -> None:
        """Keep the statement beside the message; the message itself holds no row's values."""
        super().__init__(message)
        self.sql = sql


class ResourceError(EngineError):
    """The machine has too little memory or disk for a query: exit 3. It says nothing of the data, so nothing is recorded of it."""


def near_miss(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, `; known: a, b` when nothing is near and the list is short, or ''."""
    names = sorted({str(item) for item in known})
    folded = {item.casefold(): item for item in names}
    close = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{folded[close[0]]}'?"
    if names and len(names) <= 12:  # noqa: PLR2004 - more than a dozen names is no help in one line
        return f"; known: {', '.join(names)}"
    return ""
