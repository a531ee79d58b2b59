"""The one place that says of every row of the source what may have in common what went wrong with some: zone, batch, order, month, slices.

evidence."<e>.population": k_0 … (the key as it is compared), zone, batch, id (the source's own), moment, month, s_0 … (the contract's slices).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dq.compare.conform import canonical
from dq.compare.evidence import Crash, EntityEvidence
from dq.compare.rows import key_names, slice_names
from dq.compare.scope import Scope
from dq.compare.sides import is_mapped, mapped, maps, scope_of
from dq.compare.views import Raw
from dq.contract.models import Column, Entity, Reading
from dq.engine import Engine
from dq.ground import Ground
from dq.sql import Query, literal, path, quote

ZONE = "dq.zone"

_MANY, _RAREST = 1_000_000, 1_000  # of more rows than the first, one in so many must be broken for all to be read again


@dataclass(frozen=True, slots=True)
class Subject:
    """An entity that was compared and has findings, and where its rows come from.

    Attributes:
        entity: the entity.
        evidence: what was measured of it.
        raw: how its source's SQL was read; None where that is not known, and then nothing is said of zones, batches and order.
        scope: whose rows are compared.
        units: the contract's own exceptions to ISO 4217.
        parents: (column, entity) of the columns that name a row of another entity of which rows are missing; its evidence stands.
    """

    entity: Entity
    evidence: EntityEvidence
    raw: Raw | None = None
    scope: Scope | None = None
    units: tuple[tuple[str, int], ...] = ()
    parents: tuple[tuple[Column, Entity], ...] = ()

    @classmethod
    def of(cls, ground: Ground, entity: Entity, evidence: EntityEvidence, *, lossy: Collection[str]) -> Subject:
        """Return an entity as it stands on the ground of a run; `lossy` names the entities of which rows are missing."""
        raws = ground.raws.get(entity.name)
        raw = None if raws is None or isinstance(raws, Crash) else raws["source"]
        others = [other for other in ground.contract.entities if other.name in lossy and other is not entity]
        homes = {other.own_id.through: other for other in others if other.own_id is not None}
        parents = tuple((column, homes[column.through]) for column in entity.columns if column.through in homes)
        units = tuple(ground.contract.migration.minor_units.items())
        return cls(entity, evidence, raw=raw, scope=ground.scope, units=units, parents=parents)

    @property
    def step(self) -> str:
        """What its queries are for."""
        return f"{self.entity.name}: causes"

    @property
    def zone(self) -> str | None:
        """The source's column with the zone of a row, or the zone of all, where the instants agree on it."""
        found = {column.source.zone for column in self.entity.columns if column.source.zone is not None}
        return found.pop() if len(found) == 1 else None

    @property
    def is_placed(self) -> bool:
        """Whether a row of the source can be told by its key before the comparison's own views, so that more is known of it."""
        return self.raw is not None and not self.entity.aggregate and all(column.source == Reading() for column in self.entity.keys)

    @property
    def is_worth_a_scan(self) -> bool:
        """Whether all rows are read again to explain those that are broken: of ten among ten millions it took three times what comparing them does."""
        rows = self.evidence.population.source_rows
        return rows <= _MANY or self.evidence.harms[""].keys * _RAREST >= rows

    @property
    def moment(self) -> Column | None:
        """The column with the moment when a row came to be: as the contract says, else its first instant."""
        instants = [column for column in self.entity.columns if column.type.name == "INSTANT"]
        return next((column for column in instants if column.name == self.entity.created), instants[0] if instants else None)

    @property
    def table(self) -> str:
        """The view of every row of the source."""
        return path("evidence", f"{self.entity.name}.population")


def make_population(engine: Engine, subject: Subject) -> None:
    """Create the view of every row of the source that was to be compared, with what is known of it."""
    sql = _placed(subject) if subject.is_placed else _plain(subject)
    engine.execute(Query(f"CREATE OR REPLACE VIEW {subject.table} AS {sql}", step=subject.step))


def _placed(subject: Subject) -> str:
    """Return the rows as the SQL of the source has them, in the compared types, of the accounts compared."""
    entity, raw, scope = subject.entity, subject.raw, subject.scope
    assert raw is not None  # noqa: S101 - see `is_placed`
    own, moment = entity.own_id, subject.moment
    needed = {*entity.key, *entity.slices, *(name for name in (entity.owner, own.name if own else None, moment.name if moment else None) if name)}
    some = entity.model_copy(update={"columns": tuple(column for column in entity.columns if column.name in needed), "aggregate": {}})
    columns = [f"{canonical(column, 'source', entity=entity, raw=raw.types, domain=raw.domain, minor_units=dict(subject.units))}" for column in some.columns]
    listed = [f"{value} AS {quote(column.name)}" for value, column in zip(columns, some.columns, strict=True)]
    zone = subject.zone
    listed.append(f"{'NULL' if zone is None else f'r.{quote(zone)}' if zone in raw.types else literal(zone)} AS {quote(ZONE)}")
    joins, where = scope_of(some, accounts=scope.accounts, absorbed=scope.absorbed) if scope is not None else ([], [])
    where += [is_mapped(column) for column in some.keys if column.through]
    batch = "a.batch" if scope is not None and scope.batched and joins else "NULL"
    first = own if own is not None else entity.keys[0] if len(entity.key) == 1 else None
    picked = [
        *(f"{mapped(column)} AS {key}" for column, key in zip(some.keys, key_names(entity), strict=True)),
        f"CAST(r.{quote(ZONE)} AS VARCHAR) AS zone",
        f"CAST({batch} AS BIGINT) AS batch",
        f"{f'r.{quote(first.name)}' if first is not None else 'NULL'} AS id",
        *_moments(moment, alias="r"),
        *(f"CAST({mapped(some.column(name))} AS VARCHAR) AS {slice_}" for name, slice_ in zip(entity.slices, slice_names(entity), strict=True)),
    ]
    rows = f"SELECT {', '.join(listed)} FROM {path('raw_source', entity.name)} AS r"
    sql = f"SELECT {', '.join(picked)} FROM ({rows}) AS r {' '.join((*maps(some), *joins))}"
    return sql + (f" WHERE {' AND '.join(where)}" if where else "")


def _plain(subject: Subject) -> str:
    """Return the rows as they are compared."""
    entity = subject.entity
    picked = [
        *(f"s.{quote(name)} AS {key}" for name, key in zip(entity.key, key_names(entity), strict=True)),
        "CAST(NULL AS VARCHAR) AS zone",
        "CAST(NULL AS BIGINT) AS batch",
        "NULL AS id",
        *_moments(subject.moment, alias="s"),
        *(f"CAST(s.{quote(name)} AS VARCHAR) AS {slice_}" for name, slice_ in zip(entity.slices, slice_names(entity), strict=True)),
    ]
    return f"SELECT {', '.join(picked)} FROM {path('source', entity.name)} AS s"


def _moments(column: Column | None, *, alias: str) -> Sequence[str]:
    if column is None:
        return ("CAST(NULL AS TIMESTAMPTZ) AS moment", "CAST(NULL AS VARCHAR) AS month")
    value = f"{alias}.{quote(column.name)}"
    # by way of the microseconds: through the zone's rules it takes five times as long
    return (f"{value} AS moment", f"CASE WHEN isfinite({value}) THEN strftime(make_timestamp(epoch_us({value})), '%Y-%m') END AS month")
