"""The one place for the record as Markdown: `summary.md`, which fits the step summary of a CI run. Strangers' text never becomes live."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from dq.record import Cause, Check, Money, Outcome, Record
from dq.report import blocks
from dq.report.calendar import SENTENCE, calendar_view
from dq.report.coverage import STATUSES, coverage
from dq.report.facts import CauseView, cause_view, where
from dq.report.language import ENGLISH, say, writing
from dq.report.outline import Block, Outline, Shown, outline
from dq.report.retelling import retold
from dq.report.verdict import asked, verdict
from dq.report.visible import clip, visible
from dq.report.waivers import waiver_text

LARGEST: Final = 180_000  # bytes; a step summary holds 1 MiB, a merge request's note less
_LINES: Final = (60, 20, 6)  # of each list: the longer the lines, the fewer
_IDS, _NAME, _TEXT = 6, 80, 240
# A word that no Markdown, and no reader of Markdown that links what it recognises, gives a meaning: letters, digits and marks of
# punctuation between digits or at the end. Everything else stands in a code span, where nothing is live.
_PLAIN: Final = re.compile(r"[('\"]*(?:[^\W_]+(?:['’–—−-][^\W_]+)*|[−-]?[0-9]+(?:[.,:][0-9]+)*%?|[–—−-]|\.\.\.|…)[)'\".,;:?…]*")
# A plain word that a forge may still link: a commit, a ticket, a host.
_LINKED: Final = re.compile(r"(?=[a-z]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,}|[A-Za-z]+-[0-9]+|www", re.IGNORECASE)
_STARTS_A_LIST: Final = re.compile(r"[–—−-]|[0-9]+[.)]+")
_BEFORE_AND_AFTER: Final = re.compile(r"([(])(.+)([)][.,:;]*)|()(.+?)([.,:;]*)")
_ACTIVE_IN_CODE: Final = str.maketrans({"`": "‹U+0060›", "|": "‹U+007C›"})


def render_markdown(record: Record, *, language: str = ENGLISH) -> str:
    """Return the record as Markdown: verdict, promises, causes, what is broken in a line each, what was not looked at."""
    summary = ""
    with writing(language):
        for lines in _LINES:
            summary = "\n\n".join(_parts(record, lines=lines)) + "\n"
            if len(summary.encode()) <= LARGEST:
                break
    return summary


def _parts(record: Record, *, lines: int) -> Iterable[str]:
    shown = outline(record, in_full=lines, promised=lines)
    yield from _verdict(record)
    yield from _promises(shown)
    yield from _calendar(record, limit=lines)
    yield from _causes(Shown.of(record.causes, limit=lines))
    yield from _broken(shown)
    yield from _waived(shown, limit=lines)
    yield from _waivers(record, limit=lines)
    yield from _coverage(record)
    yield from _not_checked(Shown.of(record.not_checked, limit=lines))
    yield say("Run {run}, contract {contract}. No personal data: a row is named by entity and ordinal.", run=_code(record.run), contract=_code(record.contract))


def safe(text: str, *, limit: int = _TEXT) -> str:
    """Return strangers' text for a line of Markdown: plain words as they are, runs of anything else as code."""
    runs: list[tuple[bool, list[str]]] = []
    for word in clip(visible(clip(text, limit)), 2 * limit).strip().split(" "):
        plain = not word or _is_plain(word, starts=not runs)
        if runs and runs[-1][0] is plain and (plain or not runs[-1][1][-1].endswith((",", ";", ":"))):
            runs[-1][1].append(word)
        else:
            runs.append((plain, [word]))
    return " ".join(" ".join(words) if plain else _code_inside(" ".join(words)) for plain, words in runs)


def _is_plain(word: str, *, starts: bool) -> bool:
    if starts and _STARTS_A_LIST.fullmatch(word):
        return False
    return bool(_PLAIN.fullmatch(word)) and not _LINKED.search(word)


def _code_inside(run: str) -> str:
    """Return a run as code, the punctuation around it left outside of it."""
    parts = _BEFORE_AND_AFTER.fullmatch(run)
    before, core, after = (part for part in parts.groups() if part is not None) if parts else ("", run, "")
    return f"{before}{_span(core)}{after}"


def _code(text: str, *, limit: int = _NAME) -> str:
    """Return strangers' text as a code span, whatever it holds; ids and digests."""
    return _span(clip(visible(clip(text, limit)), 2 * limit)) if text.strip() else "(empty)"


def _span(text: str) -> str:
    return f"`{text.translate(_ACTIVE_IN_CODE)}`"


def _verdict(record: Record) -> Iterable[str]:
    found = verdict(record)
    yield f"## {found.mark.symbol} {found.spoken}: {found.about}"
    yield safe(record.title, limit=_NAME) or blocks.NOTHING
    yield f"**{safe(retold(record.headline), limit=2 * _TEXT) or found.words}**"
    yield " · ".join(f"{fact.label}: {safe(', '.join(fact.values))}" for fact in asked(record))


def _promises(shown: Outline) -> Iterable[str]:
    numbers = (say("Compared"), say("Missing"), say("Extra"), say("Changed"), say("Duplicate"), say("People"), say("Money at stake"))
    rows = []
    for group in shown.promises:
        for turn, promise in enumerate(group.promises):
            entity = promise.entity
            counts = (entity.compared, entity.missing, entity.extra, entity.changed, entity.duplicate, entity.people)
            said = say("as above") if turn else safe(group.text) or blocks.NOTHING
            rows.append((said, _code(entity.entity), *map(blocks.count, counts), _money(entity.money), _outcome(entity.outcome)))
    if rows:
        yield f"### {say('Promises')}"
        yield _table((say("What was promised"), say("Entity"), *numbers, say("Outcome")), rows, numbers=range(2, 9))
    if shown.promises_left:
        yield _more(blocks.counted(shown.promises_left, "more entity", "more entities"))


def _calendar(record: Record, *, limit: int) -> Iterable[str]:
    view = calendar_view(record.calendar, limit=limit)
    if view is None:
        return
    yield f"### {say('Calendar')}"
    yield " ".join(safe(retold(sentence), limit=SENTENCE) for sentence in (view.countdown, *view.further))
    rows = [
        (
            str(row.line.number),
            safe(row.line.region, limit=_NAME) or blocks.NOTHING,
            blocks.count(row.line.accounts),
            blocks.count(row.line.rows),
            say(row.line.status),
        )
        for row in view.batches.items
    ]
    if rows:
        yield _table((say("Batch"), say("Region"), say("Accounts"), say("Rows"), say("By this run")), rows, numbers=range(2, 4))
    if view.batches.left:
        yield _more(blocks.counted(view.batches.left, "more batch"))


def _causes(found: Shown[Cause]) -> Iterable[str]:
    rows = [
        (
            "; ".join((_caused(cause_view(cause)), *map(safe, cause_view(cause).where))),
            _code(cause.entity),
            blocks.count(cause.rows),
            blocks.count(cause.people),
            _money(cause.money),
            _named(cause.checks),
        )
        for cause in found.items
    ]
    if rows:
        yield f"### {say('Why')}"
        yield _table((say("Cause"), say("Entity"), say("Rows"), say("People"), say("Money at stake"), say("Breaks")), rows, numbers=range(2, 5))
    if found.left:
        yield _more(blocks.counted(found.left, "more cause"))


def _broken(shown: Outline) -> Iterable[str]:
    lines = [_line(block) for group in shown.broken for block in group.blocks]
    if lines:
        yield f"### {say('Broken or not proven')}"
        yield "\n".join(lines)
    if shown.broken_left:
        yield _more(blocks.counted(shown.broken_left, "more check"))


def _line(block: Block) -> str:
    check = block.first.check
    reason = f" {say('Why it is not proven:')} {safe(retold(check.reason))}" if check.reason and check.reason not in check.sentence else ""
    named = _named([entry.check.id for entry in block.entries])
    return f"- {_outcome(check.outcome)} {named}: {safe(retold(check.sentence))}{reason}{_stake(check)}{_where(block)}"


def _where(block: Block) -> str:
    entry = block.first
    unexplained = 0 if entry.check.explained is None else entry.check.broken - entry.check.explained
    told = [*map(safe, where(entry.check, entry.causes)), *([say("{n} unexplained", n=blocks.count(unexplained))] if unexplained else [])]
    return f"; {'; '.join(told)}" if told else ""


def _stake(check: Check) -> str:
    people = blocks.counted(check.people, "person", "people") if check.people else ""
    found = ", ".join(part for part in (people, _money(check.money) if check.money else "") if part and part != blocks.NOTHING)
    return f" ({found})" if found else ""


def _waived(shown: Outline, *, limit: int) -> Iterable[str]:
    few = Shown.of(shown.waived.items, limit=limit)
    if few.items:
        yield f"### {say('Waived')}"
        yield "\n".join(_line(Block((entry,))) for entry in few.items)
    if left := few.left + shown.waived.left:
        yield _more(blocks.counted(left, "more check"))


def _waivers(record: Record, *, limit: int) -> Iterable[str]:
    few = Shown.of(record.waivers, limit=limit)
    if few.items:
        yield f"### {say('Waivers')}"
        yield "\n".join(f"- {_code(line.check)}: {safe(waiver_text(line), limit=3 * _TEXT)}" for line in few.items)
    if few.left:
        yield _more(blocks.counted(few.left, "more waiver"))


def _coverage(record: Record) -> Iterable[str]:
    rows = [(say(side.side), *(blocks.count(found.columns) for found in side.lists)) for side in coverage(record.coverage)]
    if rows:
        yield f"### {say('Columns of both stores')}"
        yield _table((say("Side"), *(say(status).capitalize() for status in STATUSES)), rows, numbers=range(1, 5))


def _not_checked(found: Shown[str]) -> Iterable[str]:
    if found.items:
        yield f"### {say('What was not checked')}"
        yield "\n".join(f"- {safe(retold(line))}" for line in found.items)
    if found.left:
        yield _more(blocks.counted(found.left, "more line"))


def _outcome(outcome: Outcome) -> str:
    mark = blocks.MARKS[outcome]
    return f"{mark.symbol} **{mark.word}**"


def _money(items: Iterable[Money]) -> str:
    return ", ".join(safe(text, limit=_NAME) for text in blocks.moneys(items)) or blocks.NOTHING


def _named(ids: Sequence[str]) -> str:
    few = Shown.of(ids, limit=_IDS)
    return ", ".join(map(_code, few.items)) + (" " + say("and {n} more", n=blocks.count(few.left)) if few.left else "")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: range) -> str:
    """Return a table; no cell of it holds a bar: `safe` and `_code` name it by its code point."""
    ruler = ["---:" if place in numbers else "---" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ruler, *rows))


def _more(counted: str) -> str:
    """Return how much more there is: `and 12 more checks in report.json`."""
    return say("and {more} in report.json", more=counted)


def _caused(view: CauseView) -> str:
    return safe(view.sentence) + (f" ({view.reach})" if view.reach else "")
