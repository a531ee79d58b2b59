"""`dq waive`: a waiver proposed for a failure of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from dq.commands.arguments import CONTRACT, RUNS, AsJson, ContractDir, RunsDir
from dq.commands.console import say, say_json
from dq.countdown import end_of
from dq.errors import UsageError
from dq.judgement.waivers import noun_of
from dq.record import Money, Record
from dq.report.blocks import counted, money, moneys
from dq.report.visible import visible
from dq.words import money_text

_NAMED = 3  # checks that are failed, too

if TYPE_CHECKING:
    from dq.waivers.proposing import Proposed

HELP = """Propose a waiver for a failed check of a run: an entry in the contract's waivers.toml.

It names exactly the rows that the run found, or with --cause as many of that cause as there are. It counts only in a run that its role has signed.

Examples: dq waive latest --check coupons.values --reason "titles are restored by the end of the month" --expires 2024-11-30 --author "Ayu Lestari"
"""


def waive(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, its folder, or 'latest'.")],
    check: Annotated[str, typer.Option("--check", metavar="CHECK", help="The id of the failed check.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is right to go on with it.")],
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="The last day on which it counts, or an instant with offset; not after the deadline.")
    ],
    author: Annotated[
        Optional[str], typer.Option("--author", metavar="NAME", envvar="DQ_AUTHOR", help="The person who asks for it, who may not sign for it.")
    ] = None,
    ticket: Annotated[Optional[str], typer.Option("--ticket", metavar="TEXT", help="Where it is worked on.")] = None,
    cause: Annotated[Optional[str], typer.Option("--cause", metavar="NAME", help="Waive a cause up to a cap: its sentence in the report, or its kind.")] = None,
    at_most_rows: Annotated[Optional[int], typer.Option("--at-most-rows", metavar="N", min=1, help="With --cause: rows; else as many as there are.")] = None,
    at_most_money: Annotated[
        Optional[list[str]],
        typer.Option("--at-most-money", metavar="MONEY", help="With --cause: e.g. 'IDR 12000.00'; may stand several times; else what is at stake."),
    ] = None,
    approver_role: Annotated[
        Optional[str], typer.Option("--approver-role", metavar="ROLE", help="Who must sign; else finance where the entity has money, else data-owner.")
    ] = None,
    contract: ContractDir = CONTRACT,
    runs: RunsDir = RUNS,
    as_json: AsJson = False,
) -> None:
    from dq.contract import read_contract
    from dq.folder import read_record
    from dq.past import find_run
    from dq.waivers.proposing import Wish, propose_waiver

    if author is None:
        raise UsageError("--author: who asks for it? a person's name, e.g. --author 'Ayu Lestari', or DQ_AUTHOR in the environment")
    wish = Wish(
        check=check,
        reason=reason,
        expires=expires,
        author=author,
        ticket=ticket,
        approver_role=approver_role,
        cause=cause,
        rows=at_most_rows,
        money=_moneys(at_most_money),
    )
    folder = find_run(run, runs=runs)
    record = read_record(folder)
    read = read_contract(contract)
    found = propose_waiver(folder, record, read, wish)
    if as_json:
        said = found.waiver.model_dump(mode="json")
        say_json({"command": "waive", "run": record.run, "file": str(found.file), "waiver": said, "failed": [item.id for item in found.left]})
        return
    for line in _said(found, record, zone=read.migration.zone):
        say(visible(line))


def _said(found: Proposed, record: Record, *, zone: str) -> Iterator[str]:
    """Yield what is waived, and what is left to be done."""
    check, waiver, cause = found.check, found.waiver, found.cause
    of = "" if waiver.batch is None else f" of batch {waiver.batch}"
    rows, people, at_stake = (check.broken, check.people, check.money) if cause is None else (cause.rows, cause.people, cause.money)
    stake = "".join(f", {text}" for text in (*([counted(people, "person", "people")] if people and noun_of(check) != "person" else []), *moneys(at_stake)))
    noun = noun_of(check) if cause is None else "row"
    yield f"{check.id}: {'exactly ' if cause is None else ''}{counted(rows, noun)}{of}{stake}"
    if waiver.at_most is not None:
        allowed = [money(Money(currency=name, amount=money_text(amount))) for name, amount in sorted(waiver.at_most.money.items())]
        yield f"cause: {waiver.cause}; at most {', '.join((counted(waiver.at_most.rows, 'row'), *allowed))}"
    yield f"until {end_of(waiver.ends(zone=zone), zone=zone)}, asked for by {waiver.author}: {waiver.reason}"
    yield f"written to {found.file}"
    for other in found.others:
        yield f"holds only together with a waiver of: {other.sentence}"
    if found.left:
        more = f" and {counted(len(found.left) - _NAMED, 'more check')}" if len(found.left) > _NAMED else ""
        yield f"still failed: {', '.join(check.id for check in found.left[:_NAMED])}{more}"
    batch = "" if record.batch is None else f" --batch {record.batch}"
    yield f"next: have {found.file.name} read in review, then dq {record.command}{batch}"
    yield f"It counts only when {waiver.approver_role} has signed that run, and never by {waiver.author}."


def _moneys(texts: list[str] | None) -> dict[str, str] | None:
    """Read amounts as they are typed, `IDR 12000.00`. Raises UsageError."""
    if not texts:
        return None
    found: dict[str, str] = {}
    for text in texts:
        parts = text.split()
        if len(parts) != 2 or parts[0] in found:  # noqa: PLR2004 - a currency and an amount
            raise UsageError(f"--at-most-money: '{text}' is no currency with an amount, each once, e.g. 'IDR 12000.00'")
        found[parts[0]] = parts[1]
    return found
