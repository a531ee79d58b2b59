"""The one place for a customer's case as text: what stands at the head of each row, and each cell as a person reads it, alike on page and terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dq.case.model import BROKEN, MEANING, WORDS, AccountLine, Balance, CaseData, CaseRow, Section
from dq.record import Outcome
from dq.report import blocks
from dq.report.facts import Fact
from dq.report.language import say
from dq.report.retelling import retold
from dq.report.verdict import Verdict

_WIDEST: Final = 6  # columns that a table has room for on paper; a wider row becomes a card
_FEWEST: Final = 3  # rows of which one value need not be said again and again
_KEPT, _BROKEN, _APART = "AS PROMISED", "NOT AS PROMISED", "NOTHING COMPARED"
_SET_APART: Final = Verdict(_APART, "", blocks.MARKS[Outcome.NOT_PROVEN], 0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a row: one text where both sides agree, both where they do not."""

    label: str
    text: str  # of both sides, or of the only one
    target: str | None = None  # where it differs
    differs: bool = False
    is_number: bool = False
    aside: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    """One row as it is shown."""

    status: str
    slug: str
    name: str  # its key, or what the run calls it
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]
    running: Cell | None
    group: str | None

    @property
    def differing(self) -> tuple[Cell, ...]:
        """The cells that differ."""
        return tuple(cell for cell in self.cells if cell.differs)


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What entries come to, in a sentence."""

    group: str | None
    sentence: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class SectionView:
    """One entity as it is shown."""

    entity: str
    promise: str
    number: int
    heads: tuple[str, ...]  # the columns beside the key
    amounts: tuple[str, ...]
    rows: tuple[RowView, ...]
    everywhere: tuple[Cell, ...]  # what all rows say alike
    sentences: tuple[str, ...]
    balances: tuple[BalanceView, ...]
    counts: tuple[tuple[str, str, int], ...]  # status, slug, rows
    is_ledger: bool
    broken: int

    @property
    def width(self) -> int:
        """How many columns the table has."""
        return len(self.heads) + self.is_ledger + 2

    def is_number(self, head: str) -> bool:
        """Say whether a column is one of amounts."""
        return head in self.amounts

    @property
    def is_table(self) -> bool:
        """Whether the rows fit into a table."""
        return len(self.heads) + self.is_ledger <= _WIDEST

    def balances_of(self, group: str | None) -> tuple[BalanceView, ...]:
        """Return the sums that belong under a group of rows."""
        return tuple(balance for balance in self.balances if balance.group == group)


def case_verdict(case: CaseData) -> Verdict:
    """Return the case's words: as promised or not."""
    about = say("account {ids}", ids=", ".join(case.targets) or ", ".join(account.id for account in case.accounts))
    if case.broken:
        return Verdict(_BROKEN, about, blocks.MARKS[Outcome.FAILED], 1)
    if not any(section.count(status) for section in case.sections for status in ("same", *BROKEN)):
        return Verdict(_SET_APART.words, about, _SET_APART.mark, 0)
    return Verdict(_KEPT, about, blocks.MARKS[Outcome.PASSED], 0)


def case_facts(case: CaseData) -> tuple[Fact, ...]:
    """Return what stands beside the verdict: whose case it is, and of when."""
    return (
        Fact(say("In the source"), tuple(account.id for account in case.accounts) or (blocks.NOTHING,)),
        Fact(say("In the target"), case.targets or (blocks.NOTHING,)),
        Fact(say("Source as of"), (blocks.moment(case.snapshots.get("source")),)),
        Fact(say("Target as of"), (blocks.moment(case.snapshots.get("target")),)),
        Fact(say("Run"), (case.run,)),
    )


def account_line(account: AccountLine) -> str:
    """Return an account and what became of it in one line."""
    return say("account {id}: {said}", id=account.id, said=retold(account.said))


def running_text(row: RowView) -> str:
    """Return what the entries of a ledger come to up to a row; '' where it is none."""
    if row.running is None:
        return ""
    if row.running.target is None:
        return say("sum {source}", source=row.running.text)
    return say("sum {source}, in the target {target}", source=row.running.text, target=row.running.target)


def section_views(case: CaseData) -> tuple[SectionView, ...]:
    """Return every section as it is shown."""
    return tuple(_section(section, number) for number, section in enumerate(case.sections, start=1))


def slug_of(status: str) -> str:
    """Return the colour of a status: as promised, not as promised, set apart."""
    return "passed" if status == "same" else "failed" if status in BROKEN else "waived"


def _section(section: Section, number: int) -> SectionView:
    grouped = set(section.group_by)
    everywhere = _everywhere(section)
    heads = tuple(name for name in section.columns if name not in (*section.key, *grouped, *(cell.label for cell in everywhere)))
    rows = tuple(_row(section, row, heads) for row in section.rows)
    return SectionView(
        entity=section.entity,
        promise=section.promise,
        number=number,
        heads=heads,
        amounts=section.amounts,
        rows=rows,
        everywhere=everywhere,
        sentences=tuple(map(retold, section.sentences)),
        balances=tuple(_balance(balance, grouped=bool(grouped)) for balance in section.balances),
        counts=tuple((status, slug_of(status), rows) for status, rows in section.counts.items()),
        is_ledger=section.is_ledger,
        broken=section.broken,
    )


def _everywhere(section: Section) -> tuple[Cell, ...]:
    """Return the cells that all rows say alike, where there are several rows; what differs anywhere is none."""
    shown = [row for row in section.rows if row.source is not None or row.target is not None]
    if len(shown) < _FEWEST:
        return ()
    found = []
    for name in section.columns:
        values = {side[name] for row in shown for side in (row.source, row.target) if side is not None}
        if len(values) == 1 and name not in section.key and not any(name in row.differs or name in row.unmapped for row in shown):
            found.append(Cell(name, _text(section, name, next(iter(values)), exact=False)))
    return tuple(found)


def _row(section: Section, row: CaseRow, heads: Sequence[str]) -> RowView:
    running = None
    if row.running is not None:
        source, target = (blocks.amount(text) for text in row.running)
        running = Cell(say("running sum"), source, target if target != source else None, target != source, is_number=True)
    return RowView(
        status=row.status,
        slug=slug_of(row.status),
        name=_name(section, row),
        cells=tuple(_cell(section, row, name) for name in heads) if row.source is not None or row.target is not None else (),
        notes=tuple(_notes(section, row)),
        running=running,
        group=row.group,
    )


def _name(section: Section, row: CaseRow) -> str:
    """Return a row's key; the source's own id where the crosswalk does not say what it became."""
    if not row.key:
        return say("another person's row")
    own = row.ids or {}
    return ", ".join(part if part is not None else own.get(name, "NULL") for name, part in zip(section.key, row.key, strict=True))


def _cell(section: Section, row: CaseRow, name: str) -> Cell:
    number = name in section.amounts
    differs = name in row.differs
    source, target = (None if side is None else _text(section, name, side[name], exact=differs) for side in (row.source, row.target))
    if differs and source is not None and target is not None:
        return Cell(name, source, target, differs=True, is_number=number)
    aside = say("equal after: {rule}", rule=retold(row.equal_after[name])) if row.equal_after and name in row.equal_after else ""
    aside = aside or (say("its id is in no crosswalk") if name in row.unmapped else "")
    text = source if source is not None else target if target is not None else blocks.NOTHING
    return Cell(name, text, None, differs=differs and row.elsewhere is not None, is_number=number, aside=aside)


def _text(section: Section, name: str, value: str | None, *, exact: bool) -> str:
    if value is not None and value in WORDS:
        return say(value)
    if value is not None and name in section.amounts:
        return blocks.amount(value)
    if value is not None and name in section.instants:
        return blocks.moment(value if exact else re.sub(r"\.[0-9]+", "", value))
    return blocks.slice_value(value)


def _notes(section: Section, row: CaseRow) -> list[str]:
    """Return what is said of a row beside its cells."""
    notes = []
    if row.elsewhere == "source":
        notes.append(say("A row of another person stands at this account in the target. Nothing of it is shown here."))
    elif row.elsewhere == "target":
        notes.append(say("In the target it stands at another person's account, of which nothing is shown here."))
    became = row.source or {}
    ids = [f"{name} {text}" for name, text in (row.ids or {}).items() if name in section.columns and became.get(name) is not None]
    if ids:
        notes.append(say("In the source: {ids}.", ids=", ".join(ids)))
    if row.findings:
        notes.append(say("Run: {findings}.", findings=", ".join(row.findings)))
    return [*notes, *map(_remark, row.remarks)]


def _remark(text: str) -> str:
    """Return what a claim is called and what the run says of the row: `coupons.invariant.spent: broken`."""
    check, joint, status = text.partition(": ")
    return f"{check}{joint}{retold(status)}"


def _balance(balance: Balance, *, grouped: bool) -> BalanceView:
    source, target = (blocks.amount(text) for text in balance.sums)
    says = tuple(blocks.NOTHING if text is None else blocks.amount(text) for text in balance.says)
    about = {"entries": balance.of, "where": f"{balance.entity}.{balance.column}", "source": source}
    if balance.agrees:
        sentence = say("{entries} come to {source}, and so says {where}, on both sides.", **about)
    else:
        told = {**about, "said": says[0], "target": target, "target_said": says[1]}
        sentence = say("In the source {entries} come to {source}, and {where} says {said}; in the target {target}, and it says {target_said}.", **told)
    return BalanceView(balance.key if grouped else None, sentence, balance.agrees)


def meanings(case: CaseData) -> tuple[tuple[str, str, str], ...]:
    """Return (status, slug, meaning) of every status that stands in a case."""
    there = {row.status for section in case.sections for row in section.rows}
    return tuple((status, slug_of(status), say(text)) for status, text in MEANING.items() if status in there)
