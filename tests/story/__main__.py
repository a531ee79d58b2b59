"""The one place for `python -m tests.story`: the story told on the terminal, ending with STORY VERIFIED and the path of the signed report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .chapters import ACCOUNTS, play
from .telling import StoryError


def main() -> int:
    """Play it; 1 where a step went otherwise than told."""
    parser = argparse.ArgumentParser(prog="python -m tests.story", description="Play four batches with real commands, from the first run to the signed report.")
    parser.add_argument("--folder", type=Path, default=Path("story"), help="where it is played; stays, and one played there before is deleted")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="how many customers the source has")
    options = parser.parse_args()
    try:
        ended = play(options.folder, tell=_print, accounts=options.accounts)
    except (StoryError, ValueError) as error:
        print(f"story: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    _print("STORY VERIFIED")
    _print(str(ended.report))
    return 0


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
