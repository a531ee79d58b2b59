"""The one place for what becomes of the story's stores: batches move, customers act, things break and are mended, snapshots are sealed anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from dq_fixtures import build_demo
from dq_fixtures.build import DemoStores
from dq_fixtures.corruptions.picks import STORES, attach

from dq.signoff.exporter import attest_snapshot
from dq.signoff.keys import read_signer
from dq.stores.manifest import read_manifest
from tests.matrix.stages import SEED, seal


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of the target that became others. Which ones is decided once, however often the stores are built again.

    Attributes:
        table: of the target.
        id: its column.
        where: which rows may be meant; of nobody who downloaded their data.
        sets: what became of them.
        rows: how many, the smallest ids.
    """

    table: str
    id: str
    where: str
    sets: str
    rows: int

    @property
    def pick(self) -> str:
        """The query that picks them."""
        return (
            f"SELECT t.{self.id} FROM target.{self.table} AS t WHERE {self.where} AND t.customer_id NOT IN (SELECT customer_id FROM exported) "
            f"ORDER BY t.{self.id} LIMIT {self.rows}"
        )


@dataclass
class Stores:
    """The demo's stores, week by week.

    Attributes:
        unsealed: where they lie.
        sealed: where the contract looks for their snapshots.
        key: the exporter's, who vouches for each.
        accounts: how many customers the source has.
    """

    unsealed: Path
    sealed: Path
    key: Path
    accounts: int
    picked: dict[Change, tuple[int, ...]] = field(default_factory=dict)
    built: dict[int, DemoStores] = field(default_factory=dict)

    def move(self, batch: int, *changes: Change) -> None:
        """Move a batch, a week after the one before; seal all snapshots, but that of before the first batch once only."""
        self.built[batch] = build_demo(self.unsealed / str(batch), accounts=self.accounts, seed=SEED, moved_batches=batch)
        self.seal(batch, *changes)
        stores = self.built[batch]
        for store in (stores.source, stores.crosswalk, stores.exports, *([stores.baseline] if batch == 1 else [])):
            self._sealed(seal(store, self.sealed))

    def seal(self, batch: int, *changes: Change, hours: int = 0) -> None:
        """Seal the target again, some hours after a batch had moved: as it was then, but for what changed."""
        copy = self.unsealed / "changed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.unsealed / str(batch), copy)
        self._change(copy, changes)
        target = self.built[batch].target
        self._sealed(seal(replace(target, path=copy / target.path.name, moment=target.moment + timedelta(hours=hours)), self.sealed))

    def _change(self, folder: Path, changes: Iterable[Change]) -> None:
        with attach(folder) as db:
            for change in changes:
                if change not in self.picked:
                    self.picked[change] = tuple(number for (number,) in db.execute(change.pick).fetchall())
                    if len(self.picked[change]) != change.rows:
                        msg = f"{self.accounts} accounts are too few: {len(self.picked[change])} of {change.rows} rows of {change.table}"
                        raise ValueError(msg)
                ids = ", ".join(map(str, self.picked[change]))
                db.execute(f"UPDATE target.{change.table} AS t SET {change.sets} WHERE t.{change.id} IN ({ids})")
            for kind in STORES:
                db.execute(f"DETACH {kind}")

    def _sealed(self, snapshot: Path) -> None:
        attest_snapshot(snapshot, read_manifest(snapshot), read_signer(self.key, ask=str))
