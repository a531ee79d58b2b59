"""The one place for the oracle's view of what persons downloaded: the files say what was moved for them.

Source: docs/contract.md "What a person may download".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dq.contract.models import Entity
from tests.oracle.answers import Answer
from tests.oracle.oracle import compare, judge
from tests.oracle.people import Asked
from tests.oracle.reading import canonical
from tests.oracle.selects import read, run
from tests.oracle.whose import divided, less, since_before
from tests.oracle.world import Own, Sided, World


def people(world: World) -> tuple[frozenset[int], bool]:
    """Return the persons with a file who are of the batches compared, and whether a file is of somebody in no batch.

    Who was erased is in any batch, unless the crosswalk lists them in one.
    """
    crosswalk, accounts = world.crosswalk, world.crosswalk.maps[str(world.contract.migration.accounts)]
    compared, is_strange = set(), False
    for row in world.stores["export"]["persons"]:
        theirs = [account for account, targets in accounts.items() if row["person"] in targets]
        batches = {batch for account in theirs for batch in crosswalk.batches_of.get(account, ())}
        is_erased = any(account in crosswalk.erased for account in theirs)
        is_in_any = any(account in crosswalk.erased and not crosswalk.batches_of.get(account) for account in theirs)
        if is_in_any or batches & world.asked.batches:
            compared.add(row["person"])
        is_strange |= not batches and not is_erased
    return frozenset(compared), is_strange


def is_provable(world: World, entity: Entity) -> bool:
    """Return whether the files can prove anything of an entity: somebody has one, nobody is a stranger, and there is something that was moved."""
    compared, is_strange = people(world)
    there = len(judge(world, entity).sides["source"])
    return bool(compared) and not is_strange and (there >= entity.at_least or entity.may_be_empty is not None)


def exported(world: World, entity: Entity) -> Answer:
    """Say what must be found of an entity's rows in the files, all of them under `statuses`."""
    query = read(world.contract.sql["export", entity.name])
    columns = tuple(column.model_copy(update={"target": column.export}) for column in entity.columns if column.name in dict(query.outputs))
    shown = entity.model_copy(update={"columns": columns, "money": None})
    compared, _ = people(world)
    whole = replace(world, asked=Asked(world.asked.moved, world.asked.moved))
    answer = Answer()
    moved = [row for row in judge(whole, entity).sides["source"] if row.values[str(entity.owner)] in compared]
    names = [column.name for column in columns]
    answer.sides["source"] = [Sided({name: row.values[name] for name in names}, row.unmapped & frozenset(names)) for row in moved]
    said = [
        Own({column.name: canonical(come.outputs, column, "target", entity=shown, contract=world.contract) for column in columns})
        for come in run(query, world.stores["export"])
    ]
    said = [row for row in said if row.values[str(entity.owner)] in compared]
    baseline, since = world.own(entity, "baseline"), since_before(world, entity)
    ours = _of_the_migration(whole, shown, entity, said, moved)
    answer.sides["target"] = [Sided(values) for row in ours for values in less(entity, row, baseline, since)]
    compare(shown, answer)
    return answer


def _of_the_migration(world: World, shown: Entity, entity: Entity, said: list[Own], moved: list[Sided]) -> list[Own]:
    """Return the rows of the files but for the target's own.

    Those are known by key, id (where the files show it) and owner; none of them has the key of what was moved, or stands in the files twice.
    """
    before = {row.id for row in world.own(entity, "baseline")}
    own_id = [entity.own_id.name] if entity.own_id is not None and entity.own_id.name in {column.name for column in shown.columns} else []
    names = [*entity.key, *own_id, str(entity.owner)]
    theirs = {tuple(row.values[name] for name in names) for row, fates in divided(world, entity) if fates is None or row.id in before}
    taken = {tuple(row.values[name] for name in entity.key) for row in moved}
    times = Counter(tuple(row.values[name] for name in entity.key) for row in said)

    def is_own(row: Own) -> bool:
        key = tuple(row.values[name] for name in entity.key)
        told = tuple(row.values[name] for name in names)
        return told in theirs and None not in told and key not in taken and times[key] == 1

    return [row for row in said if not is_own(row)]
