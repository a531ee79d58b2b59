"""A store that is not as it is pinned or declared is told in one line each, and then nothing of the entity is compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from sides_compared import make_entity
from tiny import COLUMNS, FILES, looked_at

from dq.compare.schema import together, type_problems
from dq.judgement.entities import judge_entity
from dq.record import Outcome

SOURCE, TARGET = "sql/source/coupons.sql", "sql/target/coupons.sql"
LOCK = "".join(
    f"[{side}.{table}]\n" + "".join(f'{name} = "{kind.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")}"\n' for name, kind in columns.items())
    for (side, table), columns in COLUMNS.items()
    if side in ("source", "target")
)
CASES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("stores.lock.toml", 'points = "BIGINT"', 'points = "INTEGER"', ("source: column 'coupons.points' is BIGINT, pinned as INTEGER",)),
    ("stores.lock.toml", "[source.kinds]", "[source.kind]", ("source: table 'kinds' is not pinned in stores.lock.toml; did you mean 'kind'?",)),
    ("stores.lock.toml", 'gone = "INTEGER"\n', "", ("source: column 'coupons.gone' is not pinned in stores.lock.toml",)),
    (
        "stores.lock.toml",
        'gone = "INTEGER"\n',
        'gone = "INTEGER"\nwent = "INTEGER"\n',
        ("source: column 'coupons.went' is missing; known: code, coupon_id, gone, kind_id, points, user_id",),
    ),
    (SOURCE, "FROM coupons", "FROM coupon", ("source: table 'coupon' is missing; did you mean 'coupons'?",)),
    (SOURCE, "k.kind,", "current_user AS kind,", ("source: no column 'current_user'",)),
    (SOURCE, "c.gone = 0", "c.gone = 0 AND current_date > '2000-01-01'", ("source: no column 'current_date'",)),
    (
        "coupons.toml",
        'points     = "BIGINT"',
        'points = "INTEGER"',
        tuple(f"{side}: column 'points' is BIGINT, the contract reads INTEGER" for side in ("source", "target", "baseline")),
    ),
    (
        "coupons.toml",
        'created_at = "made"',
        'created_at = "kind"',
        tuple(f"{side}: [merge] column 'kind' is VARCHAR, not TIMESTAMP WITH TIME ZONE" for side in ("target", "baseline")),
    ),
    (
        "coupons.toml",
        'kind       = "VARCHAR"',
        'kind = { type = "INSTANT", source = { zone = "UTC" } }',
        (
            "source: column 'kind' is VARCHAR, the contract reads TIMESTAMP",
            *(f"{side}: column 'kind' is VARCHAR, the contract reads TIMESTAMP WITH TIME ZONE" for side in ("target", "baseline")),
        ),
    ),
)


def test_a_store_as_pinned_and_declared_has_no_problem(tmp_path: Path) -> None:
    with looked_at(tmp_path, files={"stores.lock.toml": LOCK}) as (_, facts):
        assert facts.entities[0].problems == ()
        assert facts.entities[0].evidence is not None


@pytest.mark.parametrize(("lock", "said"), [({}, "there is no stores.lock.toml to pin them"), ({"stores.lock.toml": LOCK}, "as they should be")])
def test_where_nothing_is_pinned_the_schema_says_so(lock: dict[str, str], said: str, tmp_path: Path) -> None:
    with looked_at(tmp_path, files=lock) as (_, facts):
        schema, *_ = judge_entity(facts.entities[0], migration=facts.ground.contract.migration, seen={})
        assert (schema.outcome, said in schema.sentence) == (Outcome.PASSED, True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[3][0][:60])
def test_what_is_not_as_pinned_or_declared_is_told_and_nothing_is_compared(case: tuple[str, str, str, tuple[str, ...]], tmp_path: Path) -> None:
    file, old, new, problems = case
    files = {**FILES, "stores.lock.toml": LOCK}
    assert old in files[file]
    with looked_at(tmp_path, files={**files, file: files[file].replace(old, new, 1)}) as (_, facts):
        (item,) = facts.entities
        assert item.problems == problems
        assert item.evidence is None
        schema, *rest = judge_entity(item, migration=facts.ground.contract.migration, seen={})
        assert (schema.id, schema.outcome, schema.broken) == ("coupons.schema", Outcome.FAILED, len(problems))
        assert {check.outcome for check in rest} == {Outcome.NOT_PROVEN}


def test_what_a_store_has_is_what_was_taken_and_what_was_left_whole_tables_too() -> None:
    taken = {"source": {"t": {"a": "INTEGER"}}, "target": {"t": {"a": "INTEGER"}}}
    left = {"source": {"t": {"b": "BLOB"}, "u": {"c": "DATE"}}}
    assert together(taken, left) == {"source": {"t": {"a": "INTEGER", "b": "BLOB"}, "u": {"c": "DATE"}}, "target": {"t": {"a": "INTEGER"}}}


def test_types_that_are_not_read_are_named_in_order_and_where_several_would_do_it_is_said() -> None:
    columns = {"k": "BIGINT", "n": {"type": "CURRENCY", "source": "iso-numeric"}}
    columns |= {f"at_{number}": {"type": "INSTANT", "source": {"zone": f"zone_{number}"}} for number in range(6)}
    found = {"k": "INTEGER", "n": "VARCHAR", **{f"at_{number}": "TIMESTAMP" for number in range(6)}, **{f"zone_{number}": "INTEGER" for number in range(6)}}
    assert list(type_problems(make_entity(columns, key="k"), found, side="source")) == [
        "source: column 'k' is INTEGER, the contract reads BIGINT",
        "source: column 'n' is VARCHAR, the contract reads TINYINT or a like type",
        *(f"source: the zone column 'zone_{number}' is INTEGER, not VARCHAR" for number in range(6)),
    ]
