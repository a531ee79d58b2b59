"""The one place where an entity's findings are diagnosed: labelled, grouped into causes, counted by slices; and what is known is put into its checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dq.compare.cells import VALUES_KEPT
from dq.compare.harm import KINDS
from dq.diagnose.causes import count_explained, find_causes
from dq.diagnose.cells import label_cells
from dq.diagnose.population import Subject, make_population
from dq.diagnose.slices import FEWEST, count_slices
from dq.engine import Engine
from dq.record import Cause, Check, Slice
from dq.sql import Query


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of an entity's findings beside their number."""

    causes: tuple[Cause, ...] = ()
    explained: Mapping[str, int] = field(default_factory=dict)  # check id to rows
    slices: Mapping[str, tuple[Slice, ...]] = field(default_factory=dict)  # check id

    def told(self, check: Check) -> Check:
        """Return a check with what is known of it."""
        if check.id not in self.explained:
            return check
        return check.model_copy(update={"explained": self.explained[check.id], "overrepresented": self.slices.get(check.id, ())})


def diagnose(engine: Engine, subject: Subject) -> Diagnosis:
    """Return an entity's causes and slices; the table of labelled cells stands, and is filled.

    Args:
        engine: the engine, with all evidence.
        subject: the entity.
    """
    make_population(engine, subject)
    label_cells(engine, subject)
    found = find_causes(engine, subject)
    explained = count_explained(engine, subject)
    slices = count_slices(engine, subject) if subject.is_worth_a_scan and subject.evidence.harms[""].keys >= FEWEST else None
    kinds = [kind for kind in KINDS if f"{subject.entity.name}.{kind}" in explained]
    by_kind = {f"{subject.entity.name}.{kind}": slices.of_kind(kind) for kind in kinds} if slices is not None else {}
    places = {column.name: place for place, column in enumerate(subject.entity.compared)}
    looked_at_all = {name for name, cells in subject.evidence.harms[""].columns.items() if cells <= VALUES_KEPT}
    causes = tuple(
        one.found.model_copy(update={"overrepresented": slices.of_label(places[one.found.columns[0]], one.label)})
        if slices is not None and one.label and one.found.columns[0] in looked_at_all
        else one.found
        for one in found
    )
    for table in ("sliced", "accounted", "gone"):
        engine.execute(Query(f"DROP TABLE IF EXISTS {table}", step=subject.step))
    return Diagnosis(causes, explained, by_kind)
