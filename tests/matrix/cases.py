"""The one place that runs one case of the matrix and says what was otherwise than expected."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dq_fixtures.corruptions import BROKEN, CORRUPTIONS, Corruption, apply
from dq_fixtures.corruptions.expected import Expected, Unproven
from dq_fixtures.corruptions.neutral import NEUTRAL, Neutral
from dq_fixtures.corruptions.picks import Db
from dq_fixtures.corruptions.registry import FIRST, NEXT, with_stores

from dq.errors import DqError
from dq.running import Finished

from .judging import compare, unnamed
from .sabotage import SABOTAGES
from .spoiling import seeded
from .stages import CLEAN, Case, differences

CODE_SPAN = re.compile(r"(`+)[^`\n]*?\1")


def run_corruption(base: Path, name: str) -> list[str]:
    """Let one corruption loose on a copy of the clean demo; return what the run found otherwise than it had to, one line each."""
    it = CORRUPTIONS[name]
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(it.stage.moved), Path(work), it.stage)
        try:
            finished, expected = _corrupted(case, it)
        except DqError as error:
            return list(_refusal(it, error))
        if it.refused is not None:
            return [f"expected to be refused with exit status {it.refused.exit_status}, found {finished.record.outcome}"]
        return judge_corruption(finished, {it: expected})


def judge_corruption(finished: Finished, expected: Mapping[Corruption, Expected]) -> list[str]:
    """Return what a run found otherwise than its corruptions had to bring about, one line each."""
    together = tuple(dict.fromkeys(item for told in expected.values() for item in told))
    found = [line for it, told in expected.items() for line in _declared(it, told)]
    found += [*compare(finished, together), *_crashes(finished)]
    found += [line for it in expected for line in unnamed(finished, it.causes, *it.checks)]
    return found + [line for it in expected for line in _live(it, finished)]


def run_neutral(base: Path, name: str) -> list[str]:
    """Let one neutral change loose; return every alarm, and what differs that must not."""
    it = NEUTRAL[name]
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(it.stage.moved), Path(work), it.stage)
        contract = case.contract
        try:
            files, cells = case.changed(lambda copy: it.change(copy, contract))
            finished = case.run(files)
        except DqError as error:
            return [f"refused: {error}"]
        return judge_neutral(case, finished, {it: cells})


def judge_neutral(case: Case, finished: Finished, made: Mapping[Neutral, int | None]) -> list[str]:
    """Return every alarm of a run after neutral changes, each with the cells that must be counted, and what differs that must not."""
    alarms = [*compare(finished, ()), *_crashes(finished)]
    for it, cells in made.items():
        if it.counted is not None:
            check, rule = it.counted
            found = finished.record.check(check).equal_after
            alarms += [] if found == {rule: cells} else [f"{check}: expected {cells} equal after {rule}, found {found}"]
    return alarms + differences(finished.folder, case.base / CLEAN) if any(it.same for it in made) else alarms


def run_sabotage(base: Path, name: str) -> list[str]:
    """Spoil the comparison itself and run; return what was otherwise than expected."""
    it = SABOTAGES[name]
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(FIRST.moved), Path(work), FIRST)
        files, told = case.changed(lambda copy: apply(copy, *([it.on] if it.on else [])))
        with it.spoil(), seeded():
            finished = case.run(files)
        crashes = list(_crashes(finished))
        if it.crashes:
            crashes = [] if crashes else ["no step crashed"]
        return [*compare(finished, it.expected(told)), *crashes]


def run_demo(base: Path, name: str) -> list[str]:
    """Run the broken demo as a whole: it must find what each of its corruptions brings about, and nothing else."""
    stage = NEXT if name == "demo.gate" else FIRST
    with tempfile.TemporaryDirectory(prefix="matrix-") as work:
        case = Case(base / str(stage.moved), Path(work), stage)
        files, told = case.changed(lambda copy: apply(copy, *BROKEN))
        finished = case.run(files)
        causes = [words for planted in BROKEN for words in CORRUPTIONS[planted].causes]
        return [*compare(finished, told), *unnamed(finished, causes), *_crashes(finished)]


def _corrupted(case: Case, it: Corruption) -> tuple[Finished, Expected]:
    if it.place == "contract":
        expected = case.open_clean(it.corrupt, case.contract)
        return case.run(case.clean), expected
    if it.place == "sealed":
        folder = case.sealed()
        expected = it.corrupt(folder)
        return case.run({}), expected
    files, expected = case.changed(lambda copy: with_stores(copy, lambda db: let_loose(it, case, copy, db)))
    return case.run(files), expected


def let_loose(it: Corruption, case: Case, copy: Path, db: Db) -> Expected:
    """Corrupt what is not sealed, where a corruption has its place: the contract, the folder of exports, the stores; return what must be found."""
    where = {"contract": (case.contract, db), "exports": (copy / "export", db), "stores": (db,)}
    expected: Expected = it.corrupt(*where[it.place])
    return expected


def _refusal(it: Corruption, error: DqError) -> Iterator[str]:
    if it.refused is None:
        yield f"refused: {error}"
        return
    if error.exit_status != it.refused.exit_status:
        yield f"expected exit status {it.refused.exit_status}, found {error.exit_status}: {error}"
    for words in it.refused.words:
        if words not in str(error):
            yield f"the refusal does not say '{words}': {error}"


def _declared(it: Corruption, expected: Expected) -> Iterator[str]:
    """Hold the set of checks that a corruption declares against what it expects."""
    unproven = {item.check for item in expected if isinstance(item, Unproven)}
    failed = {item.check for item in expected} - unproven
    if (failed, unproven) != (set(it.fails), set(it.unproven)):
        yield f"declares other checks than it expects: {sorted(failed ^ set(it.fails))} {sorted(unproven ^ set(it.unproven))}"


def _crashes(finished: Finished) -> Iterator[str]:
    for step, crash in finished.crashes:
        yield f"{step} crashed: {crash.reason}"


def _live(it: Corruption, finished: Finished) -> Iterator[str]:
    """Look for planted texts in what people open; in Markdown, nothing is live in a code span."""
    for file in ("report.html", "summary.md", "junit.xml"):
        text = (finished.folder / file).read_text(encoding="utf-8")
        text = CODE_SPAN.sub("", text) if file.endswith(".md") else text
        for planted in it.hostile:
            if planted in text:
                yield f"{file}: has '{planted}' as it was planted"
