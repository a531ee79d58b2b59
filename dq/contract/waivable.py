"""The one place that says what of a contract may be waived at all, by whom, and for how long; and holds its waivers against that.

Source: DESIGN, law 2: what is NOT PROVEN cannot be waived; a waiver is for a failure.
"""

from __future__ import annotations

from collections.abc import Mapping

from dq.contract.models import Contract, Entity
from dq.contract.waivers import FINANCE, WAIVERS, Cap, Waiver
from dq.errors import ContractError, near_miss

LIVE = "waivers.live"  # the check that no waiver is for nothing
SIGNED = "waivers.signed"  # of a gate: the check that all that count have been signed for
_NEVER: Mapping[str, str] = {
    "snapshot": "a snapshot that does not hold proves nothing",
    "coverage": "what nobody looks at is not known; exclude it in migration.toml, with a reason",
    "crosswalk": "everything is compared through the crosswalk",
    "canary": "a run that misses what was planted proves nothing",
    "signoff": "what was not signed cannot be signed for by a waiver",
    "carried": "what is no longer as it was signed is run and signed again",
    "calendar": "a waiver ends at the deadline at the latest",
    "waivers": "a waiver for nothing is taken out, and one that nobody signed does not count",
}
_NEVER_OF_AN_ENTITY: Mapping[str, str] = {
    "schema": "a store that is not as pinned is not compared; read the change in review, and dq check --pin",
    "room": "what stands in the batch's way is renamed or taken out, and what is too narrow for it made wider, before it starts",
    "fit": "its rows are not recorded, so nobody could say which ones; say it in the [[fit]]",
}


def check_waivers(contract: Contract) -> None:
    """Hold every waiver against the contract. Raises ContractError with the first that may not be."""
    seen: dict[tuple[object, ...], int] = {}
    for number, waiver in enumerate(contract.waivers):
        found = refusal(contract, waiver)
        if found is not None:
            raise ContractError(found[1], file=WAIVERS, key=f"waiver.{number}.{found[0]}")
        first = seen.setdefault((waiver.check, waiver.batch, waiver.cause), number)
        if first != number:
            which = "batch and cause" if waiver.cause else "batch"
            raise ContractError(f"a second one for {waiver.check} and the same {which}: take waiver.{first} out first", file=WAIVERS, key=f"waiver.{number}")


def refusal(contract: Contract, waiver: Waiver) -> tuple[str, str] | None:
    """Return the key and the reason for which a waiver may not be; None where it may."""
    reason = why_never(contract, waiver.check)
    if reason is not None:
        return "check", reason
    migration = contract.migration
    numbers = [batch.number for batch in migration.batches]
    if waiver.batch is not None and waiver.batch not in numbers:
        return "batch", f"there is no batch {waiver.batch} ({f'1 to {max(numbers)}' if numbers else 'the contract has none'})"
    if needs_finance(contract, waiver.check) and waiver.approver_role != FINANCE:
        return "approver_role", f"'{waiver.approver_role}' is not enough: {waiver.check} is about money or points and needs '{FINANCE}'"
    if migration.deadline is not None and waiver.ends(zone=migration.zone) > migration.deadline:
        return "expires", f"{waiver.expires.isoformat()} ends after the deadline, {migration.deadline.isoformat()} (migration.toml)"
    return _of_money(entity_of(contract, waiver.check), waiver.at_most) if waiver.at_most is not None else None


def why_never(contract: Contract, check_id: str) -> str | None:
    """Return why a check cannot be waived, or that there is no such check; None where it can."""
    first, _, rest = check_id.partition(".")
    names = {entity.name for entity in contract.entities}
    kind = rest.partition(".")[0]
    why = _NEVER_OF_AN_ENTITY.get(kind) if first in names else _NEVER.get(first)
    if why is not None:
        return f"{check_id} cannot be waived: {why}"
    known = waivable(contract)
    if check_id in known:
        return None
    return f"there is no check '{check_id}'{near_miss(check_id, known)}"


def waivable(contract: Contract) -> tuple[str, ...]:
    """Return the ids of all checks that may be waived where they failed."""
    return tuple(check_id for entity in contract.entities for check_id, kind, _ in entity.check_ids() if kind not in _NEVER_OF_AN_ENTITY)


def needs_finance(contract: Contract, check_id: str) -> bool:
    """Say whether finance must sign for a waiver of a check: every check of an entity with `money`, whichever column it looks at."""
    entity = entity_of(contract, check_id)
    return entity is not None and entity.money is not None


def entity_of(contract: Contract, check_id: str) -> Entity | None:
    """Return the entity that a check is of; None where it is of none."""
    return next((entity for entity in contract.entities if entity.name == check_id.partition(".")[0]), None)


def _of_money(entity: Entity | None, cap: Cap) -> tuple[str, str] | None:
    if entity is None or entity.money is None:
        return ("at_most.money", f"{entity.name if entity else 'it'} has no money: a cap in rows is all there is") if cap.money else None
    if not cap.money:
        return "at_most", f"{entity.name} has money: a cap in rows needs one in 'money', too"
    unit = entity.money.unit
    if entity.money.currency is None and set(cap.money) != {unit}:
        return "at_most.money", f"{entity.name} counts in '{unit}': write {{ {unit or chr(34) * 2} = … }}"
    return None
