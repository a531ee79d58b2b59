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
    """The sealed snapshots are what their manifests say."""

    kinds = ("snapshot",)
    claim = "the snapshots are what their manifests say"


class ExpectCoverageToClose(ParityExpectation):
    """Every column of both stores is compared, used, or excluded with a reason."""

    kinds = ("coverage",)
    claim = "every column of both stores is accounted for"


class ExpectCrosswalkToHold(ParityExpectation):
    """Every mapping between the stores' ids is total, a function, and merges only what is declared."""

    kinds = ("crosswalk",)
    claim = "every id is mapped, once, and merged only where declared"


class ExpectSchemaToHold(ParityExpectation):
    """Tables, columns and types are as pinned and as declared."""

    kinds = ("schema",)
    claim = "tables, columns and types are as pinned and declared"


class ExpectKeysToMatch(ParityExpectation):
    """Every key stands once on each side, and every row has its counterpart."""

    kinds = ("keys", "rows")
    claim = "every key stands once on each side, and every row has its counterpart"


class ExpectValuesToMatch(ParityExpectation):
    """Every value is the same, column by column."""

    kinds = ("values",)
    claim = "every value is the same on both sides"


class ExpectAttributionToMatch(ParityExpectation):
    """Owners, authors and references are the same, through the crosswalk."""

    kinds = ("attribution",)
    claim = "every row belongs to the same person and thing, through the crosswalk"


class ExpectInstantsToMatch(ParityExpectation):
    """Every moment is the same instant."""

    kinds = ("instants",)
    claim = "every moment is the same instant on both sides"


class ExpectCountsToMatch(ParityExpectation):
    """Rows are as many on both sides, slice by slice."""

    kinds = ("counts",)
    claim = "rows are as many on both sides, slice by slice"


class ExpectSumsToMatch(ParityExpectation):
    """Exact sums are equal, net and gross, slice by slice."""

    kinds = ("sums",)
    claim = "sums are equal on both sides, net and gross, slice by slice"


class ExpectInvariantsToHold(ParityExpectation):
    """What each side's rows must keep on their own is kept."""

    kinds = ("invariant",)
    claim = "both sides' rows keep what they must keep on their own"


class ExpectNativesToStand(ParityExpectation):
    """The target's own rows are as they were before the migration."""

    kinds = ("natives",)
    claim = "the target's own rows are as they were"


class ExpectFreezeToHold(ParityExpectation):
    """No row of the source came to be at or after the freeze."""

    kinds = ("freeze",)
    claim = "no row of the source came to be at or after the freeze"


class ExpectDeadlineToBeKept(ParityExpectation):
    """By the deadline everything has moved."""

    kinds = ("calendar",)
    claim = "by the deadline everything has moved and is proven"


class ExpectExportsToMatch(ParityExpectation):
    """What persons may download equals what was migrated for them."""

    kinds = ("export",)
    claim = "persons' exports say what was migrated for them"


class ExpectCanariesToBeFound(ParityExpectation):
    """Every known corruption of a copy is found: the comparison can fail."""

    kinds = ("canary",)
    claim = "every corruption planted in a copy is found"


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
