"""`python -m benchmarks.snapshots`: how long it takes to seal a server's table, beside its own client and DuckDB; the last line is one JSON object.

ROWS=200000 is a quick look, ROUNDS=5 a longer one. Memory is looked at with that many rows, and with three times as many.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from dq_fixtures.servers import servers

from benchmarks.exported import export
from benchmarks.measure import Opener, Plan, interleaved
from benchmarks.sealing import ByClient, ByCopy, Sealing
from benchmarks.served import served
from benchmarks.table import Race, last_line, table, tell

ROWS, ROUNDS, MORE = 2_000_000, 3, 3  # how many times the rows, for the memory
WHOLE, PLAIN = "dq snapshot", "dq snapshot without its digest"
BY_COPY, BY_CLIENT = "\\copy by psql, read by DuckDB", "mariadb --batch, read by DuckDB"


def main() -> int:
    """Measure everything and return the exit status: 0 also where a limit is not met, the figures say it."""
    rows, rounds = int(os.environ.get("ROWS") or ROWS), int(os.environ.get("ROUNDS") or ROUNDS)
    with servers() as found, tempfile.TemporaryDirectory(prefix="dq-bench-") as folder:
        few = export(Path(folder) / "few.csv", rows)
        tell(f"loading {rows:,} orders into both servers")
        with served(found, few) as stores:
            races = [
                race("PostgreSQL", {BY_COPY: ByCopy(stores), **ours(stores.postgresql)}, yardstick=BY_COPY, limit=1.3, rounds=rounds),
                race("MariaDB", {BY_CLIENT: ByClient(stores), **ours(stores.mariadb)}, yardstick=BY_CLIENT, limit=2.5, rounds=rounds),
            ]
        few.unlink()
        many = export(Path(folder) / "many.csv", MORE * rows)
        tell(f"loading {MORE * rows:,} orders into both servers")
        with served(found, many) as stores:
            for title, store in (("PostgreSQL", stores.postgresql), ("MariaDB", stores.mariadb)):
                races.append(race(f"{title}, {MORE} times the rows", {WHOLE: Sealing(store)}, yardstick=WHOLE, limit=None, rounds=1))
    tell("")
    tell(f"{rows:,} orders × 12 columns, {rounds} rounds")
    tell(table(races))
    tell(last_line(figures(races)))
    return 0


def ours(store: str) -> dict[str, Opener]:
    """Return both ways to seal a store."""
    return {PLAIN: Sealing(store, digested=False), WHOLE: Sealing(store)}


def race(title: str, contenders: dict[str, Opener], *, yardstick: str, limit: float | None, rounds: int) -> Race:
    """Run the contenders in turn."""
    tell(title)
    warm = 1 if rounds > 1 else 0
    return Race(title, interleaved(contenders, plan=Plan(rounds, warm=warm), tell=tell).timings, yardstick, {} if limit is None else {PLAIN: limit})


def figures(races: list[Race]) -> dict[str, float | None]:
    """Return what the limits are about: our time divided by theirs, our largest memory, and what the digest takes on top."""
    postgres, mariadb, *more = races
    return {
        "postgres_vs_copy": postgres.ratio(PLAIN),
        "mariadb_vs_dump": mariadb.ratio(PLAIN),
        "peak_mb_2m": max(race.timings[WHOLE].peak_mb for race in (postgres, mariadb)),
        "peak_mb_6m": max(race.timings[WHOLE].peak_mb for race in more),
        "digest_share": max(race.ratio(WHOLE, to=PLAIN) for race in (postgres, mariadb)) - 1,
    }


if __name__ == "__main__":
    sys.exit(main())
