"""The one place that tells the history of all runs: a table or a JSON object, and the page `index.html` beside the runs' folders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from dq.commands.console import note, out, say_json
from dq.commands.run import summary
from dq.errors import UsageError
from dq.history import PAGE, History, PastRun, read_history
from dq.pages import put_page
from dq.report.language import ENGLISH, writing
from dq.report.visible import clip, visible

UNVERIFIED = "unverified"
_TEXT = 60  # characters of a cell


def tell_history(runs: Path, *, policy: Path | None, contract: Path, language: str | None, as_json: bool) -> None:
    """Print the history of all runs, and write the page over them where there is any; where it is, is said on standard error.

    Args:
        runs: the folder of the runs' folders.
        policy: the roster by which sign-offs are verified; None: they are told as they stand, and as not verified.
        contract: where the runs' contract may be.
        language: of the page and the table; None: English.
        as_json: print a JSON object instead of the table.

    Raises:
        UsageError: there is no such language.
        ContractError: the roster is none.
    """
    from dq.signoff.policy import read_roster
    from dq.signoff.signers import signers_of

    roster = None if policy is None else read_roster(policy)
    history = read_history(runs, signers=lambda folder: signers_of(folder, roster, contract=contract))
    language = language or ENGLISH
    with writing(language):
        if as_json:
            unreadable = {"unreadable": list(history.unreadable)} if history.unreadable else {}
            say_json({"runs": [_as_json(run, runs / run.folder) for run in history.runs], **unreadable})
        else:
            _print(history)
        if history.runs:
            written = _write(history, runs / PAGE, language=language)
            if not as_json:
                note(written)


def _as_json(run: PastRun, folder: Path) -> dict[str, object]:
    money = {item.currency: item.amount for item in run.money}
    signed = {"sign_offs": [asdict(item) for item in run.signers.signatures], "sign_off": run.signers.word or UNVERIFIED} if run.signers is not None else {}
    numbers = {"compared": run.compared, "people": run.people, "money": money, "trend": run.trend}
    return {**summary(run.record, folder), "as_of": run.record.as_of, **numbers, **signed}


def _print(history: History) -> None:
    from dq.report.history import said_unreadable
    from dq.report.terminal import print_history

    print_history(history.runs, out())
    for name in history.unreadable:
        note(said_unreadable(_cell(name)))


def _cell(text: str) -> str:
    return visible(clip(text, _TEXT))


def _write(history: History, path: Path, *, language: str) -> str:
    """Write the page, and return where it stands; or why it does not: the history was told all the same."""
    from dq.report.history import render_history, said_page

    try:
        put_page(path, render_history(history, language=language).encode())
    except UsageError as error:
        return visible(str(error))
    return said_page(path)
