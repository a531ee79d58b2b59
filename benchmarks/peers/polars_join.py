"""The one place for the join that a careful person writes in Polars: rows changed, missing and extra, null-safe; run by the peer's own Python."""

from __future__ import annotations

import sys

import polars as pl


def main(source: str, target: str, keys: str) -> int:
    """Print the three counts; 1 where anything differs."""
    key = keys.split(",")
    sides = [pl.scan_parquet(file) for file in (source, target)]
    values = [name for name in sides[0].collect_schema().names() if name not in key]
    marked = [side.with_columns(pl.lit(value=True).alias(mark)) for side, mark in zip(sides, ("in_source", "in_target"), strict=True)]
    joined = marked[0].join(marked[1], on=key, how="full", suffix="_target", coalesce=True)
    both = pl.col("in_source").is_not_null() & pl.col("in_target").is_not_null()
    differs = pl.any_horizontal([pl.col(name).ne_missing(pl.col(f"{name}_target")) for name in values])
    counted = joined.select(
        changed=(both & differs).sum(),
        missing=pl.col("in_target").is_null().sum(),
        extra=pl.col("in_source").is_null().sum(),
    ).collect(engine="streaming")
    found = counted.row(0, named=True)
    print(", ".join(f"{name} {count}" for name, count in found.items()))
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
