"""The one place for the verdict on a terminal: promises as a table, then what is broken in a line each with its causes.

Piped, it is plain text: no colours, no box characters, and ASCII where the encoding carries no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from dq.history import PastRun
from dq.record import Cause, EntityResult, Outcome, Record
from dq.report import blocks
from dq.report.calendar import calendar_view
from dq.report.facts import cause_line, where
from dq.report.history import RunLine, run_line
from dq.report.language import ENGLISH, say, writing
from dq.report.outline import Block, Outline, Shown, outline
from dq.report.retelling import retold
from dq.report.verdict import verdict
from dq.report.visible import clip, printable_in, visible
from dq.report.waivers import waiver_text

_LINES, _CAUSES, _PROMISES = 15, 3, 40
_NAME, _TEXT = 60, 240
_SIGNS: Final = str.maketrans({"–": "-", "—": "-", blocks.MINUS: "-", "…": "...", "‹": "<", "›": ">", "’": "'", "·": "-"})
_GLUE: Final = "\ue000"  # stands for a space where no line may break; strangers' private characters are shown as code points
_GLUED: Final = re.compile(r"(?<=\b[A-Z]{3}) (?=[−-]?[0-9])|(?<=[0-9]) (?=(?:rows?|people|person|units|h)\b)")
_OF_RUNS, _STAKES = ("Compared", "Findings", "Trend"), ("People", "Money at stake")
_COUNTS: Final = ("Compared", "Missing", "Extra", "Changed", "Duplicate", "People")


def print_verdict(record: Record, console: Console, *, report: Path | None, language: str = ENGLISH) -> None:
    """Print the verdict, the promises and what is broken; `report` is the page that says more, if there is one.

    The caller prints the last line. The words of an outcome are the same in every language.
    Of entities that were left out nothing is printed: each of their checks would say so.
    """
    left = {entity.entity for entity in record.entities if record.only and entity.entity not in record.only}
    entities, checks = (tuple(item for item in items if item.entity not in left) for items in (record.entities, record.checks))
    record = record.model_copy(update={"entities": entities, "checks": checks})
    printer = _Printer(console)
    with writing(language):
        shown = outline(record, in_full=_LINES, promised=_PROMISES)
        printer.verdict(record)
        printer.promises(shown)
        printer.broken(shown)
        printer.waived(record)
        printer.page(report)


def print_history(runs: Iterable[PastRun], console: Console) -> None:
    """Print a row a run, in the language that is being written in; where the width does not allow all columns, without people and money."""
    printer = _Printer(console)
    lines = tuple(map(run_line, runs))
    wide, narrow = (printer.history(lines, with_stakes=with_stakes) for with_stakes in (True, False))
    printer.tabled(wide if printer.width(wide) <= console.width else narrow)


@dataclass(frozen=True, slots=True)
class _Printer:
    """Prints strangers' text as text: no markup in it, nothing invisible, nothing that the encoding cannot carry."""

    console: Console

    def say(self, text: str, style: str = "", *, limit: int = _TEXT) -> Text:
        """Return strangers' text and our own alike as the console can show it."""
        seen = visible(clip(text, limit))
        encoding = self.console.encoding
        return Text(seen if _carries(encoding) else printable_in(seen.translate(_SIGNS), encoding=encoding), style=style, overflow="fold")

    def mark(self, outcome: Outcome) -> Text:
        """Return an outcome's symbol and word."""
        mark = blocks.MARKS[outcome]
        return self.say(f"{self._symbol(mark)} {mark.word}", mark.style)

    def _symbol(self, mark: blocks.Mark) -> str:
        return mark.symbol if _carries(self.console.encoding) else mark.ascii

    def _print(self, item: RenderableType) -> None:
        self.console.print(item, highlight=False)

    def verdict(self, record: Record) -> None:
        """Print the verdict's words, what they are about, the sentence for a manager, and the countdown."""
        found = verdict(record)
        words = self.say(f"{self._symbol(found.mark)} {found.spoken}", found.mark.style)
        self._wrapped(Text.assemble(words, ": ", self.say(found.about), "  ", self.say(record.title, "dim", limit=_NAME)), step=4)
        self._wrapped(self.say(retold(record.headline), limit=2 * _TEXT), step=4)  # no line of strangers' text begins where the last line of a gate does
        calendar = calendar_view(record.calendar)
        if calendar is not None:
            self._wrapped(self.say(" ".join(map(retold, (calendar.countdown, *calendar.further[:1])))), step=4)
        self.console.print()

    def promises(self, shown: Outline) -> None:
        """Print a row an entity: with its money beside it where the width allows, below it or as a list where it does not."""
        entities = [promise.entity for group in shown.promises for promise in group.promises]
        if not entities:
            return
        layouts = ((with_money, gap) for with_money in (True, False) for gap in (2, 1))
        tables = ((with_money, self._table(entities, with_money=with_money, gap=gap)) for with_money, gap in layouts)
        with_money, table = next(((with_money, table) for with_money, table in tables if self.width(table) <= self.console.width), (True, None))
        if table is None:
            for entity in entities:
                self._listed(entity)
        else:
            self.tabled(table)
        if not with_money:
            self._stakes(entities)
        if shown.promises_left:
            self._print(self.say(say("and {more} in the report", more=blocks.counted(shown.promises_left, "more entity", "more entities")), "dim"))
        self.console.print()

    def _table(self, entities: list[EntityResult], *, with_money: bool, gap: int) -> Table:
        heads = [Column(say("Entity"), no_wrap=True), *(Column(say(name), justify="right", no_wrap=True) for name in _COUNTS)]
        if with_money:
            heads.append(Column(say("Money at stake"), justify="right", no_wrap=True))
        apart = " " * (2 - gap)  # the last column stands two away from the money, however near the others are
        table = Table(*heads, Column(f"{apart}{say('Outcome')}", no_wrap=True), box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim")
        for entity in entities:
            money = [Text("\n").join(self._money(entity) or [self.say(blocks.NOTHING, "dim")])] if with_money else []
            table.add_row(self.say(entity.entity, limit=_NAME), *self._counts(entity), *money, Text.assemble(apart, self.mark(entity.outcome)))
        return table

    def width(self, table: Table) -> int:
        """Return how many columns of the terminal a table needs."""
        return Measurement.get(self.console, self.console.options.update(max_width=1000), table).maximum

    def _counts(self, entity: EntityResult) -> Iterator[Text]:
        yield self.say(blocks.count(entity.compared))
        for number in (entity.missing, entity.extra, entity.changed, entity.duplicate, entity.people):
            yield self.say(blocks.count(number), "bold" if number else "dim")

    def _money(self, entity: EntityResult) -> list[Text]:
        return [self.say(text, limit=_NAME) for text in blocks.moneys(entity.money)]

    def _stakes(self, entities: list[EntityResult]) -> None:
        with_money = [(entity, texts) for entity in entities if (texts := self._money(entity))]
        if with_money:
            self.console.print()
            self._print(self.say(say("Money at stake"), "dim"))
        for entity, texts in with_money:
            self._hanging(self.say(entity.entity, limit=_NAME), Text(", ").join(texts))

    def _listed(self, entity: EntityResult) -> None:
        counts = zip(_COUNTS, self._counts(entity), strict=True)
        told = [Text.assemble(say(name).lower(), " ", number) for name, number in counts]
        self._hanging(Text.assemble(self.say(entity.entity, limit=_NAME), "  ", self.mark(entity.outcome)), Text(", ").join((*told, *self._money(entity))))

    def broken(self, shown: Outline) -> None:
        """Print a line for each check that is broken or not proven, its causes under it."""
        for block in (block for group in shown.broken for block in group.blocks):
            self._broken(block)
        if shown.broken_left:
            self._print(self.say(say("and {n} more in the report", n=blocks.count(shown.broken_left)), "dim"))
        if shown.broken:
            self.console.print()

    def waived(self, record: Record) -> None:
        """Print a line for each check that is waived, who answers for it, and what its waiver still needs."""
        found = Shown.of([check for check in record.checks if check.outcome is Outcome.WAIVED], limit=_LINES)
        for check in found.items:
            mark = blocks.MARKS[check.outcome]
            head = Text.assemble(self.say(self._symbol(mark), mark.style), " ", self.say(check.id, "bold", limit=_NAME))
            self._hanging(head, self.say(retold(check.sentence)))
            for line in record.waivers:
                if line.check == check.id and line.status == "waived":
                    self._hanging(Text("-"), self.say(waiver_text(line), limit=3 * _TEXT), indent=4, gap=1)
        if found.left:
            self._print(self.say(say("and {n} more waived in the report", n=blocks.count(found.left)), "dim"))
        if found.items:
            self.console.print()

    def page(self, report: Path | None) -> None:
        """Print where the page is that says more."""
        if report is not None:
            self.console.print(self.say(say("Report: {path}", path=report), limit=10 * _TEXT), highlight=False, soft_wrap=True)

    def _broken(self, block: Block) -> None:
        check = block.first.check
        mark = blocks.MARKS[check.outcome]
        more = " " + say("and {more}", more=blocks.counted(len(block.entries) - 1, "more check")) if len(block.entries) > 1 else ""
        head = Text.assemble(self.say(self._symbol(mark), mark.style), " ", self.say(f"{check.id}{more}", "bold", limit=_NAME))
        reason = f" ({retold(check.reason)})" if check.reason and check.reason not in check.sentence else ""
        self._hanging(head, self.say(retold(check.sentence) + reason))
        causes = Shown.of(block.first.causes, limit=_CAUSES)
        for cause in causes.items:
            self._cause(cause)
        for sentence in where(check, causes.items):
            self._hanging(Text("-"), self.say(sentence), indent=4, gap=1)
        if causes.left:
            self._print(self.say(f"    {say('and {more}', more=blocks.counted(causes.left, 'more cause'))}", "dim"))

    def _cause(self, cause: Cause) -> None:
        self._hanging(Text("-"), self.say(cause_line(cause)), indent=4, gap=1)

    def history(self, lines: Iterable[RunLine], *, with_stakes: bool) -> Table:
        """Return a table of runs."""
        right = {"justify": "right", "no_wrap": True}
        heads = [Column(say("Run"), no_wrap=True), *(Column(say(name)) for name in ("Command", "Batch", "As of"))]
        heads += [Column(say(name), **right) for name in (*_OF_RUNS, *(_STAKES if with_stakes else ()))]  # type: ignore[arg-type]
        lines = tuple(lines)
        with_signers = any(line.signed for line in lines)
        signers = [Column(say("Signed"))] if with_signers else []
        table = Table(*heads, Column(say("Outcome"), no_wrap=True), *signers, box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for line in lines:
            stakes = (blocks.count(line.people), "\n".join(line.money) or blocks.NOTHING) if with_stakes else ()
            numbers = (blocks.count(line.compared), blocks.count(line.findings), line.trend, *stakes)
            cells = [self.lines(text) for text in (line.folder, line.command, line.batch, line.at, *numbers)]
            signed = [self.lines("\n".join(line.signed) or blocks.NOTHING)] if with_signers else []
            table.add_row(*cells, self.say(line.words, line.mark.style), *signed)
        return table

    def lines(self, text: str) -> Text:
        """Return a text of several lines as the console can show it."""
        return Text("\n").join(self.say(line, limit=_NAME) for line in text.split("\n"))

    def _hanging(self, head: Text, text: Text, *, indent: int = 0, gap: int = 2) -> None:
        """Print a head and what it is about in one line; what does not fit goes on behind an indent of four."""
        self._wrapped(Text.assemble(head, " " * gap, text, overflow="fold"), indent=indent, step=2 if indent else 4)

    def _wrapped(self, line: Text, *, indent: int = 0, step: int = 0) -> None:
        line.plain = _GLUED.sub(_GLUE, line.plain)
        for turn, part in enumerate(line.wrap(self.console, max(20, self.console.width - indent - step))):
            part.plain = part.plain.replace(_GLUE, " ")
            part.rstrip()
            self._print(Text.assemble(" " * (indent + (step if turn else 0)), part))

    def tabled(self, table: Table) -> None:
        """Print a table; piped, without the blanks at the ends of its lines."""
        if self.console.is_terminal:
            self._print(table)
            return
        with self.console.capture() as captured:
            self._print(table)
        for line in captured.get().splitlines():
            self._print(Text(line.rstrip()))


def _carries(encoding: str) -> bool:
    """Whether an encoding carries the symbols, dashes and quotes that the report is written with."""
    try:
        "✓◇✗–−…‹›".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
