"""The one place for the parity expectations as classes of Great Expectations: the judgement of `dq run`, asked through one metric an entity.

```python
import great_expectations as gx
from dq.expect import parity

context = gx.get_context(mode="ephemeral")
store = parity.add_store(context, contract="expectations", batch=1)
whole = store.entity("coupons").add_batch_definition_whole_table("whole")
suite = gx.ExpectationSuite("coupons", expectations=[parity.ExpectKeysToMatch(entity="coupons")])
whole.get_batch().validate(suite)
```
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dq.contract.models import Contract, Entity
from dq.contract.reading import read_contract
from dq.errors import UsageError, near_miss
from dq.expect.door import FailureSeverity, gx
from dq.expect.judged import Judge, ParityDatasource, ParityExpectation, add_store

__all__ = [
    "EXPECTATIONS",
    "ExpectAttributionToMatch",
    "ExpectCanariesToBeFound",
    "ExpectCountsToMatch",
    "ExpectCoverageToClose",
    "ExpectCrosswalkToHold",
    "ExpectDeadlineToBeKept",
    "ExpectFreezeToHold",
    "ExpectInstantsToMatch",
    "ExpectInvariantsToHold",
    "ExpectKeysToMatch",
    "ExpectNativesToStand",
    "ExpectSchemaToHold",
    "ExpectSnapshotsToHold",
    "ExpectSumsToMatch",
    "ExpectValuesToMatch",
    "Judge",
    "ParityDatasource",
    "ParityExpectation",
    "add_store",
    "suite_of",
]


class ExpectSnapshotsToHold(ParityExpectation):
    """The sealed snapshots are what their manifests say.

    The file is what its manifest says, of the right side, batch and age, with base tables only, and was not touched since. A baseline in which a row
    stands that moved was taken too late.
    """

    kinds = ("snapshot",)
    claim = "the snapshots are what their manifests say"
    looks_at = "tables of the file"


class ExpectCoverageToClose(ParityExpectation):
    """Every column of both stores is compared, used, or excluded with a reason.

    Used means: in a join, a filter, a zone or `[merge]`. An exclusion for nothing breaks it as well.
    """

    kinds = ("coverage",)
    claim = "every column of both stores is accounted for"
    looks_at = "columns of the store"


class ExpectCrosswalkToHold(ParityExpectation):
    """Every mapping between the stores' ids is total, a function, and merges only what is declared.

    It has no collision with native ids either, and is as it was where the contract names a crosswalk of before. `batches`, `merges` and `erasures` hold
    too. A fan-out or an empty map is NOT PROVEN.
    """

    kinds = ("crosswalk",)
    claim = "every id is mapped, once, and merged only where declared"
    looks_at = "rows of the map"


class ExpectSchemaToHold(ParityExpectation):
    """Tables, columns and types are as pinned and as declared.

    Where it does not hold, the entity's other checks are NOT PROVEN.
    """

    kinds = ("schema",)
    claim = "tables, columns and types are as pinned and declared"
    looks_at = "columns of the entity"


class ExpectKeysToMatch(ParityExpectation):
    """Every key stands once on each side, and every row has its counterpart.

    `keys`: no key is NULL or stands twice. `rows`: nothing is missing, extra, lost by the SQL or repeated by a join.
    """

    kinds = ("keys", "rows")
    claim = "every key stands once on each side, and every row has its counterpart"
    looks_at = "rows of both sides"


class ExpectValuesToMatch(ParityExpectation):
    """Every value is the same, column by column.

    Of the columns that are no key, go through no crosswalk and are no INSTANT.
    """

    kinds = ("values",)
    claim = "every value is the same on both sides"
    looks_at = "keys that both sides have"


class ExpectAttributionToMatch(ParityExpectation):
    """Owners, authors and references are the same, through the crosswalk.

    Of the columns that go `through` a crosswalk.
    """

    kinds = ("attribution",)
    claim = "every row belongs to the same person and thing, through the crosswalk"
    looks_at = "keys that both sides have"


class ExpectInstantsToMatch(ParityExpectation):
    """Every moment is the same instant.

    Of the INSTANT columns, to the microsecond.
    """

    kinds = ("instants",)
    claim = "every moment is the same instant on both sides"
    looks_at = "keys that both sides have"


class ExpectCountsToMatch(ParityExpectation):
    """Rows are as many on both sides, slice by slice.

    The implied one is by the entity's `slices`; `[[counts]]` adds others.
    """

    kinds = ("counts",)
    claim = "rows are as many on both sides, slice by slice"
    looks_at = "slices"


class ExpectSumsToMatch(ParityExpectation):
    """Exact sums are equal, net and gross, slice by slice.

    Net is the sum, gross the sum of the absolute values; `per` a column, it is one sum a person.
    """

    kinds = ("sums",)
    claim = "sums are equal on both sides, net and gross, slice by slice"
    looks_at = "slices, or persons"


class ExpectInvariantsToHold(ParityExpectation):
    """What each side's rows must keep on their own is kept.

    A key that breaks it on both sides was wrong before, and is told apart.
    """

    kinds = ("invariant",)
    claim = "both sides' rows keep what they must keep on their own"
    looks_at = "rows of both sides"


class ExpectNativesToStand(ParityExpectation):
    """The target's own rows are as they were before the migration.

    They are there, of the same owner, no row that came in their place, and changed only where their change time says so.
    """

    kinds = ("natives",)
    claim = "the target's own rows are as they were"
    looks_at = "rows of the baseline"


class ExpectFreezeToHold(ParityExpectation):
    """No row of the source came to be at or after the freeze.

    In every batch, whatever batch is asked about. A source of before the freeze is NOT PROVEN.
    """

    kinds = ("freeze",)
    claim = "no row of the source came to be at or after the freeze"
    looks_at = "rows of the source"


class ExpectDeadlineToBeKept(ParityExpectation):
    """By the deadline everything has moved.

    Or it is still to come: then the check counts down. Asked where there is a `deadline`.
    """

    kinds = ("calendar",)
    claim = "by the deadline everything has moved and is proven"
    looks_at = "batches"


class ExpectExportsToMatch(ParityExpectation):
    """What persons may download equals what was migrated for them.

    Nothing more, less, twice or otherwise. Asked where `sql/export/<entity>.sql` is there.
    """

    kinds = ("export",)
    claim = "persons' exports say what was migrated for them"
    looks_at = "rows that were moved for persons with a file, and rows of their files"


class ExpectCanariesToBeFound(ParityExpectation):
    """Every known corruption of a copy is found: the comparison can fail.

    Nothing else may be told of the copy either. `canary.crosswalk` is the same of a copy of one map, which each run chooses.
    """

    kinds = ("canary",)
    claim = "every corruption planted in a copy is found"
    looks_at = "corruptions planted"


EXPECTATIONS: tuple[type[ParityExpectation], ...] = (
    ExpectSnapshotsToHold,
    ExpectCoverageToClose,
    ExpectCrosswalkToHold,
    ExpectSchemaToHold,
    ExpectKeysToMatch,
    ExpectValuesToMatch,
    ExpectAttributionToMatch,
    ExpectInstantsToMatch,
    ExpectCountsToMatch,
    ExpectSumsToMatch,
    ExpectInvariantsToHold,
    ExpectNativesToStand,
    ExpectFreezeToHold,
    ExpectDeadlineToBeKept,
    ExpectExportsToMatch,
    ExpectCanariesToBeFound,
)


def suite_of(contract: Path | str | Contract, entity: str) -> Any:
    """Return the suite of every parity check that a contract declares and implies for an entity, severities included."""
    contract = contract if isinstance(contract, Contract) else read_contract(contract)
    try:
        found = contract.entity(entity)
    except KeyError:
        raise UsageError(f"the contract has no entity '{entity}'{near_miss(entity, contract.migration.entities)}") from None
    return gx.ExpectationSuite(name=entity, expectations=list(_declared(contract, found)))


def _declared(contract: Contract, entity: Entity) -> Iterator[ParityExpectation]:
    kinds = {"snapshot", "coverage", "canary", *(kind for _, kind, _ in entity.check_ids())}
    kinds |= {"calendar"} if contract.migration.deadline is not None else set()
    kinds |= {"crosswalk"} if contract.migration.stores.crosswalk is not None else set()
    for cls in EXPECTATIONS:
        if cls is ExpectInvariantsToHold:
            yield from (cls(entity=entity.name, name=item.name, severity=FailureSeverity(item.severity)) for item in entity.invariant)
        elif kinds & set(cls.kinds):
            yield cls(entity=entity.name, severity=FailureSeverity(entity.severity_of(*cls.kinds)))
