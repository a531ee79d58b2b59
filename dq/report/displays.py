"""The one place for how a run, an entity and a check show themselves in a notebook: HTML fragments with their own style, without script.

They are made of the parts that the report's page is made of. The style reaches nothing outside the fragment; it follows the notebook's
theme where the notebook names one (JupyterLab, VS Code), and the reader's system where it does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dq.errors import UsageError, near_miss
from dq.record import Cause, Check, Record
from dq.report.checkview import check_view
from dq.report.facts import cause_view
from dq.report.outline import Shown, entries_of, outline, promise_of
from dq.report.templating import rendered, style
from dq.report.verdict import asked, verdict

_BLOCKS: Final = 15  # of a run
_IN_FULL: Final = 10  # checks of an entity, those that are broken or not proven
_IN_BRIEF: Final = 30  # its other checks
_CAUSES: Final = 8  # of an entity


def run_display(record: Record) -> str:
    """Return the verdict, the promises and, in a line each, what is broken."""
    return _fragment("display_run.html", record=record, outline=outline(record, in_full=_BLOCKS), verdict=verdict(record), facts=asked(record))


def entity_display(record: Record, entity: str) -> str:
    """Return one entity's promise and numbers, its causes, and its checks: in full what is broken, in a line what is not.

    Raises:
        UsageError: the record has no such entity.
    """
    group = promise_of(record, entity)
    if group is None:
        raise UsageError(f"the record has no entity '{entity}'{near_miss(entity, (item.entity for item in record.entities))}")
    checks = entries_of(record, entity)  # the worst first
    in_full = [entry for entry in checks if entry.check.outcome.exit_status][:_IN_FULL]
    return _fragment(
        "display_entity.html",
        group=group,
        causes=Shown.of([cause for cause in record.causes if cause.entity == entity], limit=_CAUSES).map(cause_view),
        in_full=in_full,
        in_brief=Shown.of(checks[len(in_full) :], limit=_IN_BRIEF),
    )


def check_display(check: Check, causes: Iterable[Cause] = ()) -> str:
    """Return one check as the page shows it, with the causes given."""
    return _fragment("display_check.html", view=check_view(check, causes))


def _fragment(template: str, **values: object) -> str:
    return f'<div class="dq-display">\n<style>{style("display.css")}</style>\n{rendered(template, **values)}\n</div>\n'
