"""The one place that writes a notebook for a run: it opens the run, shows it, and leads on from what is broken. No outputs, no values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dq.errors import UsageError
from dq.record import Outcome, Record

_SHOWN = 12  # entities that get cells of their own


def write_notebook(folder: Path, record: Record, target: Path) -> None:
    """Write a notebook of format 4.5. Raises UsageError where the name is another's, or something is there already."""
    if target.suffix != ".ipynb":
        raise UsageError(f"{target}: a notebook's name ends in .ipynb")
    if target.exists():
        raise UsageError(f"{target}: is there already")
    cells = [_cell(number, kind, lines) for number, (kind, lines) in enumerate(_contents(folder, record))]
    notebook: dict[str, Any] = {
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    target.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _contents(folder: Path, record: Record) -> Iterator[tuple[str, str]]:
    about = "all that has moved" if record.batch is None else f"batch {record.batch}"
    yield "markdown", f"# {record.command} {record.run}, {about}: {record.outcome.value}\n\nFindings hold keys and values: this is for those who may see them."
    yield "code", f"import dq\n\nrun = dq.open_run({str(folder.resolve())!r})\nrun"
    yield "code", "run.causes()"
    broken = [item.entity for item in record.entities if item.outcome is not Outcome.PASSED]
    for entity in broken[:_SHOWN]:
        yield "code", f"run[{entity!r}]"
        yield "code", f"run[{entity!r}].cells().head(20)"
    yield "code", "run.checks()"


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"id": f"cell-{number}", "cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
