"""The one place that finds every message of the page: what its code and templates say, as a catalogue must have it."""

from __future__ import annotations

import ast
import typing
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import jinja2
from jinja2 import nodes

from dq.case import model
from dq.record import BatchLine, Outcome, Snapshot
from dq.report import caseview, coverage, facts, pictures, printed, sections, summary, terminal, verdict
from dq.report.language import LANGUAGES

PACKAGE = Path(str(resources.files("dq.report")))
Message = tuple[str, str | None]  # for one and, where it is counted, for several


def catalogues() -> dict[str, bytes]:
    """Return the catalogues by language."""
    return {code: (PACKAGE / "languages" / f"{code}.po").read_bytes() for code in LANGUAGES if code != "en"}


def messages() -> set[Message]:
    """Return every message of code, templates and tables."""
    found = set(_tables())
    for path in sorted(PACKAGE.glob("*.py")):
        if path.stem not in {"language", "exports"}:
            found |= {message for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call) for message in _of_call(node)}
    environment = jinja2.Environment()  # noqa: S701 - nothing is rendered
    for path in sorted((PACKAGE / "templates").glob("*.html")):
        for call in environment.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            found |= set(_of_template(call))
    return found


def plural(noun: str) -> str:
    """Return the plural that counts are written with, where none is named."""
    return f"{noun}{'es' if noun.endswith('ch') else 's'}"


def _counted(one: str, many: str | None) -> Message:
    return (f"{{n}} {one}", f"{{n}} {many or plural(one)}")


def _of_call(call: ast.Call) -> Iterator[Message]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [[node.value for node in ast.walk(item) if isinstance(node, ast.Constant) and isinstance(node.value, str)] for item in call.args]
    if name == "say" and isinstance(call.args[0], (ast.Constant, ast.IfExp)):
        chosen = call.args[0]
        yield from ((text.value, None) for text in ([chosen.body, chosen.orelse] if isinstance(chosen, ast.IfExp) else [chosen]))  # type: ignore[attr-defined]
    elif name == "say_counted" and isinstance(call.args[0], ast.Constant):
        yield (texts[0][0], texts[1][0])
    elif name == "counted" and isinstance(call.args[1], ast.Constant):
        yield _counted(texts[1][0], texts[2][0] if len(texts) > 2 else None)


def _of_template(call: nodes.Call) -> Iterator[Message]:
    name = call.node.name if isinstance(call.node, nodes.Name) else ""
    texts = [argument.value for argument in call.args if isinstance(argument, nodes.Const)]
    if name == "say" and texts:
        yield (texts[0], None)
    elif name == "counted":
        yield _counted(texts[0], texts[1] if len(texts) > 1 else None)


def _tables() -> Iterator[Message]:
    for nouns in (*facts._UNITS.values(), facts._PERSONS):
        yield from (_counted(noun, None) for noun in nouns if noun)
    yield from ((text, None) for text in (*sections._OF_ALL.values(), sections._THE_RUN, verdict._ALL, *verdict._TALLIED.values()))
    yield from ((text, None) for text in (pictures.GROWN, *(text for _, text in summary.MEANINGS)))
    yield from ((word, None) for word in ("critical", "warning", "info", "units", "and", "same", "changed", "missing", "extra", "duplicate"))
    yield from ((word, None) for word in ("before", "moved", "own", "own since"))
    yield from ((word, None) for word in typing.get_args(BatchLine.model_fields["status"].annotation))
    yield from ((word, None) for word in typing.get_args(Snapshot.model_fields["side"].annotation))
    yield from ((word, None) for word in (verdict.GATE_OPEN, verdict.GATE_SHUT, *Outcome))
    yield from (
        (text, None) for text in (*printed._HEADS, *terminal._COUNTS, *terminal._OF_RUNS, *terminal._STAKES, "Command", "Batch", "As of", *coverage.STATUSES)
    )
    yield from ((text, None) for text in (*model.MEANING, *model.MEANING.values(), *model.WORDS, "personal data"))
    yield from ((text, None) for text in (caseview._KEPT, caseview._BROKEN, caseview._APART))
    assert set(verdict._TALLIED) == set(Outcome)
