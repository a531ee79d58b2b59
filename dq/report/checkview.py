"""The one place for one check as a reader sees it: its facts and small tables as text, cut to what a page can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from dq.record import Cause, Check, Example, SliceCount, SumLine
from dq.report.blocks import MARKS, Mark, amount, count, largest_first, share, slice_value
from dq.report.facts import NAME, TEXT, CauseView, Fact, cause_view, facts, where
from dq.report.language import say
from dq.report.outline import Shown
from dq.report.retelling import retold
from dq.report.visible import clip

S = TypeVar("S", SliceCount, SumLine)
BAR: Final = 100
_CAUSES, _COLUMNS, _SLICES, _SUMS, _EXAMPLES, _DETAILS = 8, 24, 8, 10, 5, 12
_EXAMPLE_COLUMNS, _SLICE_COLUMNS = 6, 5


@dataclass(frozen=True, slots=True)
class Counted:
    """A name, its count as text, and how long its bar is (0 to `BAR`)."""

    name: str
    count: str
    bar: int


@dataclass(frozen=True, slots=True)
class Row:
    """One slice or sum: its place (a cell a head), its numbers, how long its bar is."""

    place: tuple[str, ...]
    numbers: tuple[str, ...]
    bar: int = 0


@dataclass(frozen=True, slots=True)
class Sliced:
    """Rows by slice: the heads of their places, one a slice column where all rows are sliced alike."""

    heads: tuple[str, ...]
    rows: Shown[Row]


@dataclass(frozen=True, slots=True)
class ExampleView:
    """Findings, masked, that are alike but for their row."""

    rows: str
    status: str
    columns: str
    note: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check, ready to be laid out."""

    id: str
    mark: Mark
    severity: str
    sentence: str
    reason: str
    facts: tuple[Fact, ...]
    causes: Shown[CauseView]
    where: Shown[str]  # slices that the broken rows are of more than others, but for those that the causes name
    columns: Shown[Counted]  # where more than one differs: one alone is a fact
    equal_after: Shown[Counted]
    slices: Sliced
    sums: Sliced  # those that disagree; of counts, which have no sign, net alone
    sums_agreeing: int
    is_count: bool
    examples: tuple[ExampleView, ...]
    examples_left: int
    details: Shown[str]

    @property
    def has_more(self) -> bool:
        """Whether there is anything beyond sentence and facts."""
        parts = (self.causes, self.where, self.columns, self.equal_after, self.slices.rows, self.sums.rows, self.details)
        return bool(self.examples) or any(part.items for part in parts)


def check_view(check: Check, causes: Iterable[Cause] = ()) -> CheckView:
    """Return the check and its causes as text, each part cut and what was cut counted."""
    causes = tuple(causes)
    disagreeing = [line for line in check.sums if not line.agrees]
    is_count = check.kind == "counts"
    examples = Shown.of(check.examples, limit=_EXAMPLES)
    return CheckView(
        id=clip(check.id, NAME),
        mark=MARKS[check.outcome],
        severity=check.severity,
        sentence=clip(retold(check.sentence), TEXT),
        reason="" if (check.reason or "") in check.sentence else clip(retold(check.reason or ""), TEXT),
        facts=facts(check),
        causes=Shown.of(causes, limit=_CAUSES).map(cause_view),
        where=Shown.of(where(check, causes), limit=_SLICES),
        columns=_counted(check.columns if len(check.columns) > 1 else {}, whole=max(check.columns.values(), default=0)),
        equal_after=_counted(check.equal_after, whole=0),
        slices=_sliced(check.slices, limit=_SLICES, row=_slice_row),
        sums=_sliced(disagreeing, limit=_SUMS, row=_count_row if is_count else _sum_row),
        sums_agreeing=len(check.sums) - len(disagreeing),
        is_count=is_count,
        examples=tuple(_examples(examples.items)),
        examples_left=examples.left,
        details=Shown.of(check.details, limit=_DETAILS).map(lambda line: _text(retold(line))),
    )


def place(by: Mapping[str, str | None]) -> str:
    """Return a slice's place in one text: `region ID · status active`, by name of the column; `all` where it is not sliced."""
    return " · ".join(f"{name} {value}" for name, value in _pairs(by)) or say("all")


def names(columns: tuple[str, ...]) -> str:
    """Return column names in one line, the first few and how many more."""
    few = Shown.of(columns, limit=_EXAMPLE_COLUMNS).map(_name)
    return ", ".join(few.items) + (" " + say("and {n} more", n=count(few.left)) if few.left else "")


def _counted(counts: Mapping[str, int], *, whole: int) -> Shown[Counted]:
    return Shown.of(largest_first(counts), limit=_COLUMNS).map(lambda item: Counted(clip(item[0], NAME), count(item[1]), share(item[1], whole, of=BAR)))


def _sliced(items: Sequence[S], *, limit: int, row: Callable[[tuple[str, ...], S], Row]) -> Sliced:
    """Return the items with a head for each slice column; with one head for all where they are not sliced alike."""
    few = Shown.of(items, limit=limit)
    alike = {tuple(sorted(item.by)) for item in few.items}
    heads = alike.pop() if len(alike) == 1 else ()
    if not 0 < len(heads) <= _SLICE_COLUMNS:
        return Sliced((say("slice"),), few.map(lambda item: row((place(item.by),), item)))
    return Sliced(tuple(map(_name, heads)), few.map(lambda item: row(tuple(value for _column, value in _pairs(item.by)), item)))


def _slice_row(where: tuple[str, ...], item: SliceCount) -> Row:
    bar = share(item.broken, max(item.source, item.target), of=BAR)
    return Row(where, (count(item.source), count(item.target), count(item.broken)), bar)


def _sum_row(where: tuple[str, ...], line: SumLine) -> Row:
    sums = (line.source_net, line.target_net, line.source_gross, line.target_gross)
    return Row(where, tuple(clip(amount(text), NAME) for text in sums))


def _count_row(where: tuple[str, ...], line: SumLine) -> Row:
    return Row(where, (_name(amount(line.source_net)), _name(amount(line.target_net))))


def _examples(items: Sequence[Example]) -> Iterator[ExampleView]:
    """Return the examples by the order of their first, those that are alike in one."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for item in items:
        alike.setdefault((_name(retold(item.status)), names(item.columns), _text(retold(item.note))), []).append(_name(item.row))
    for (status, columns, note), rows in alike.items():
        yield ExampleView(", ".join(rows), status, columns, note)


def _pairs(by: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(_name(name), _name(slice_value(value))) for name, value in sorted(by.items())]


def _name(text: str) -> str:
    return clip(text, NAME)


def _text(text: str) -> str:
    return clip(text, TEXT)
