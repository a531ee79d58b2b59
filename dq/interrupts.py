"""The one place for signals that end the process: remembered, because the engine wraps what their handlers raise and others swallow it.

Without that, an interrupted query would pass for a check that crashed, and half a run would be recorded as NOT PROVEN.
"""

from __future__ import annotations

import signal

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
_received: list[int] = []


class Ended(BaseException):  # so that no `except Exception` takes it for an error
    """Somebody wants the process to end: Ctrl-C, a job's time limit, a closed terminal."""

    def __init__(self, number: int) -> None:
        """Say it in one line; the exit status is the shell's."""
        super().__init__(f"{_WORDS.get(signal.Signals(number), 'ended')}; nothing was recorded")
        self.exit_status = 128 + number


def watch() -> None:
    """Raise `Ended` on every such signal from now on; one that the caller ignores (nohup, a job in the background) stays ignored."""
    for number in _WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _noted)


def raise_if_ended() -> None:
    """Raise `Ended` again where a signal was received and what it raised got lost."""
    if _received:
        raise Ended(_received[0])


def _noted(number: int, _frame: object) -> None:
    _received.append(number)
    raise Ended(number)
