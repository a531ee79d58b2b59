"""The one place that runs one case of the matrix and says what was otherwise than expected."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from dq_fixtures.corruptions import CORRUPTIONS, Corruption, apply
from dq_fixtures.corruptions.expected import Expected, Unproven

from dq.errors import DqError
from dq.running import Finished

from .judging import compare
from .stages import Case


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
        return [*_declared(it, expected), *compare(finished, expected, causes=it.causes), *_crashes(finished), *_live(it, finished)]


def _corrupted(case: Case, it: Corruption) -> tuple[Finished, Expected]:
    if it.place == "contract":
        expected = case.open_clean(it.corrupt, case.contract)
        return case.run(case.clean), expected
    if it.place == "sealed":
        folder = case.sealed()
        expected = it.corrupt(folder)
        return case.run({kind: folder / file.name for kind, file in case.clean.items()}), expected
    files, expected = case.changed(lambda copy: apply(copy, it.id))
    return case.run(files), expected


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
    """Look for planted texts in what people open."""
    for file in ("report.html", "summary.md", "junit.xml"):
        text = (finished.folder / file).read_text(encoding="utf-8")
        for planted in it.hostile:
            if planted in text:
                yield f"{file}: has '{planted}' as it was planted"
