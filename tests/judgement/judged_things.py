"""Facts of an entity called things, which has every kind of check, for the tests of what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dq.canaries import CanaryResult
from dq.compare.evidence import Broken, EntityEvidence, Harm, Population, SumPair, frozen
from dq.compare.exported import Exported, People
from dq.compare.freeze import Late
from dq.compare.natives import Natives
from dq.compare.persons import PersonSums
from dq.contract.models import Entity
from dq.measuring import EntityFacts
from dq.record import Example, Outcome, SumLine
from tests.compare.sides_compared import make_entity

PASSED, FAILED, NOT_PROVEN = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_PROVEN
COLUMNS = {"id": "BIGINT", "who": {"type": "BIGINT", "through": "accounts"}, "kind": "VARCHAR", "points": "BIGINT"}
SUMS = [{"column": "points"}, {"column": "points", "name": "each", "per": "who"}]
THINGS: dict[str, Any] = {
    "owner": "who",
    "slices": ["kind"],
    "sums": SUMS,
    "invariant": [{"name": "once", "unique": ["kind"]}, {"name": "some", "holds": "points > 0", "severity": "warning"}],
}
SEEN = (Example(row="things#1", status="changed"),)


def things(**more: Any) -> Entity:
    return make_entity(COLUMNS, key="id", **{**THINGS, **more})


def evidence(*, source: int = 9, target: int = 8, compared: int = 7, agrees: bool = True, **more: Any) -> EntityEvidence:
    population = more.pop("population", Population(source, target))
    harms = {kind: Harm() for kind in ("", "keys", "rows", "values", "attribution", "instants")} | more.pop("harms", {})
    facts = {"equal_after": {}, "weak": {}, "remarks": {}, "key_proof": "", "same": compared, **more}
    return EntityEvidence("things", population, compared, harms=harms, agrees=agrees, **facts)


def files(compared: int, *, elsewhere: int = 0, strangers: tuple[int, ...] = ()) -> People:
    return People(compared, elsewhere, strangers)


def pair(by: str | None, source: int, target: int) -> SumPair:
    return SumPair((by,), *(Decimal(number) for number in (source, target, source, target)))


def line(by: str | None, source: int, target: int) -> SumLine:
    return SumLine(by={"kind": by}, source_net=f"{source}", target_net=f"{target}", source_gross=f"{source}", target_gross=f"{target}", agrees=source == target)


def exported(**more: Any) -> Exported:
    return Exported(**{"source_rows": 4, "export_rows": 5, **more})


SAYS = exported()
FREEZE = datetime(2024, 10, 20, 17, tzinfo=UTC)
END = "20 Oct 2024 24:00 Asia/Jakarta"
PLANTED = CanaryResult(3, 0, 0, 4, {"a lost row": 1, "a changed value": 2}, "seed")


ALL = SumPair((), Decimal(1), Decimal(1), Decimal(2), Decimal(2))


def facts(**more: Any) -> EntityFacts:
    """Return what is measured of things that have every kind of check."""
    merge = {"table": "t", "id": "i", "created_at": "c", "changed_at": "d"}
    entity = make_entity(
        {**COLUMNS, "born": "INSTANT"}, key="id", **THINGS, counts=[{"name": "more", "by": ["kind"]}], merge=merge, created="born", exported=True
    )
    whole: dict[str, Any] = {
        "evidence": evidence(harms={"rows": Harm(1, statuses=frozen({"missing": 1}), slices=((("a",), 1),))}),
        "sums": {"things.counts": (pair("a", 2, 1),), "things.counts.more": (), "things.sums.points": (ALL,)},
        "persons": {"things.sums.each": PersonSums(5, 2)},
        "invariants": {"once": Broken(0, 9, 0), "some": Broken(1, 9, 0)},
        "natives": Natives(9, 0, 0, 0),
        "canary": PLANTED,
        "freeze": Late(9),
        "exported": SAYS,
        "people": files(1),
    }
    return EntityFacts(entity, **{**whole, **more})
