"""Whichever way the rows to join are chosen, the same is found; and where values are many, counts stay exact and the first by key are kept."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sides_compared import Compared, Rows, compare, engine_alone, make_entity

from dq.compare import cells, fingerprint, localise, parts
from dq.compare.fingerprint import Fingerprints, bucket, grouped_by
from dq.compare.keys import Uniqueness
from dq.compare.rows import tables
from dq.compare.words import few_words, told
from dq.engine import Engine
from dq.sql import Query, path
from tests.oracle.seeds import seeded

WAYS: dict[str, dict[str, float]] = {
    "buckets that differ": {"FEW": 4096},
    "all at once": {"FEW": 0, "_SMALL": 10**9},
    "keys that differ": {"FEW": 0, "_SMALL": 0, "_PROBED": 1, "_MOST": 2.0},
    "everything in parts": {"FEW": 0, "_SMALL": 0, "_PROBED": 1, "_MOST": -1.0, "PART": 16},
}
SIMPLE = make_entity({"k": "BIGINT", "a": "VARCHAR", "b": "INTEGER"}, key="k")
COMPOSITE = make_entity({"k": "BIGINT", "j": "VARCHAR", "a": "VARCHAR", "b": "INTEGER"}, key=["k", "j"])
FOLDED = make_entity({"k": "BIGINT", "a": {"type": "VARCHAR", "equal_after": ["casefold"], "reason": "declared"}, "b": "INTEGER"}, key="k")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engine_alone() as opened:
        yield opened


def sides(seed: int, *, is_composite: bool, share: float) -> tuple[Rows, Rows]:
    """Return two sides of a few hundred rows: some differ, some are missing, repeated, or without a key."""
    rng = seeded(seed)

    def key(number: int) -> tuple[Any, ...]:
        first = None if rng.random() < 0.02 else number
        return (first, rng.choice(("x", "y", None))) if is_composite else (first,)

    source = [(*key(number), rng.choice(("a", "A", None)), rng.randint(0, 3)) for number in range(200)]
    target = [(*row[:-1], rng.randint(0, 3)) if rng.random() < share else row for row in source if rng.random() > 0.05]
    target += [(*key(number), "new", 1) for number in range(200, 210)]
    return source + rng.sample(source, 5), target + rng.sample(target, 5)


def by_every_way(engine: Engine, entity: Any, source: Rows, target: Rows) -> dict[str, Compared]:
    """Compare two sides by each of the ways."""
    found: dict[str, Compared] = {}
    for way, limits in WAYS.items():
        with pytest.MonkeyPatch.context() as patch:
            for name, limit in limits.items():
                patch.setattr(parts, name, limit)
            found[way] = compare(engine, entity, source, target)
    return found


@pytest.mark.parametrize("share", [0.05, 0.9])
@pytest.mark.parametrize("entity", [SIMPLE, COMPOSITE, FOLDED], ids=["one key", "two keys", "a rule"])
def test_the_ways_of_choosing_rows_find_the_same(entity: Any, share: float, engine: Engine) -> None:
    source, target = sides(5, is_composite=entity is COMPOSITE, share=share)
    found = by_every_way(engine, entity, source, target)
    first = found["buckets that differ"]
    assert first.statuses
    assert dict.fromkeys(WAYS, first) == found
    assert first.agrees


def test_buckets_add_up_the_same_in_an_array_and_in_a_hash_table(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = sides(6, is_composite=True, share=0.3)
    by_table = by_every_way(engine, COMPOSITE, source, target)
    monkeypatch.setattr(fingerprint, "_ARRAY", 0)
    assert by_every_way(engine, COMPOSITE, source, target) == by_table


@pytest.mark.parametrize(("rows", "plan"), [(0, "HASH_GROUP_BY"), (10**7, "PERFECT_HASH_GROUP_BY")])
def test_the_buckets_of_many_rows_are_added_up_in_an_array(rows: int, plan: str, engine: Engine) -> None:
    compare(engine, SIMPLE, [(1, "a", 1)], [(1, "a", 1)])
    ((_, told),) = engine.execute(Query(f"EXPLAIN SELECT {grouped_by(SIMPLE, rows=rows)} AS b, count(*) FROM {path('source', 'things')} GROUP BY 1"))
    assert f" {plan} " in told


@pytest.mark.parametrize("entity", [SIMPLE, COMPOSITE, FOLDED], ids=["one key", "two keys", "a rule"])
def test_where_keys_are_unique_the_quick_way_leaves_nothing_over(entity: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thorough way would find the same: only that it is not gone shows that the quick one is right by itself."""
    thorough: list[bool] = []
    monkeypatch.setattr(localise, "pick", lambda *given, **named: thorough.append(named["thorough"]) or parts.pick(*given, **named))
    more = ("x",) if entity is COMPOSITE else ()
    source = [(number, *more, "a", number % 3) for number in range(300)]
    target = [(number, *more, "A" if number % 5 else "b", number % 2) for number in range(7, 310)]
    found = by_every_way(engine, entity, source, target)
    assert set(found["all at once"].harms[""].statuses) == {"changed", "extra", "missing"}
    assert thorough == [False] * len(WAYS)


def test_a_key_that_the_target_repeats_needs_no_thorough_way_either(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    thorough: list[bool] = []
    monkeypatch.setattr(localise, "pick", lambda *given, **named: thorough.append(named["thorough"]) or parts.pick(*given, **named))
    for name, limit in WAYS["keys that differ"].items():
        monkeypatch.setattr(parts, name, limit)
    source = [(number, "a", number % 3) for number in range(50)]
    found = compare(engine, SIMPLE, source, [(7, "b", 1), (7, "c", 1), *source[:40]])
    assert {status for _, status in found.statuses} == {"duplicate", "missing"}
    assert (thorough, found.agrees) == ([False], True)


@pytest.mark.parametrize("last", [50, 56], ids=["both columns past it", "one column past it"])
@pytest.mark.parametrize("way", WAYS)
def test_past_the_cap_counts_stay_exact_and_the_first_values_by_key_are_kept(way: str, last: int, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in WAYS[way].items():
        monkeypatch.setattr(parts, name, limit)
    monkeypatch.setattr(cells, "VALUES_KEPT", 5)
    order = list(range(-40, 60))
    seeded(3).shuffle(order)
    source = [(number, "a", number) for number in order]
    target = [(number, "A" if number % 2 else "b", number + (number > last)) for number in order]
    found = compare(engine, FOLDED, source, target)
    changed_in_a, changed_in_b = [number for number in range(-40, 60) if number % 2 == 0], range(last + 1, 60)
    assert {"a": len(changed_in_a), "b": len(changed_in_b)} == dict(found.harms["values"].columns)
    assert len({*changed_in_a, *changed_in_b}) == found.harms["values"].keys
    assert found.equal_after == {"a: casefold": 50}
    kept = {column: sorted(int(str(key[0])) for key, name in found.cells if name == column) for column in ("a", "b")}
    assert {"a": changed_in_a[:5], "b": list(changed_in_b)[:5]} == kept
    assert found.agrees


@pytest.mark.parametrize("entity", [SIMPLE, COMPOSITE, FOLDED], ids=["one key", "two keys", "a rule"])
def test_where_rows_have_only_changed_hashes_alone_find_the_same(entity: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[str] = []
    only_changed = parts._only_changed
    monkeypatch.setattr(parts, "_only_changed", lambda *given, **named: joined.append("hashes") or only_changed(*given, **named))
    rng = seeded(7)
    source = [(number, *(("x",) if entity is COMPOSITE else ()), rng.choice(("a", "A", None)), rng.randint(0, 3)) for number in range(300)]
    target = [(*row[:-2], rng.choice(("a", None)), rng.randint(0, 3)) if rng.random() < 0.3 else row for row in rng.sample(source, 300)]
    found = by_every_way(engine, entity, source, target)
    assert joined == ["hashes"]
    assert dict.fromkeys(WAYS, found["all at once"]) == found
    assert set(found["all at once"].harms[""].statuses) == {"changed"}
    assert found["all at once"].agrees


def test_an_extra_row_behind_a_missing_one_of_its_bucket_is_found(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in WAYS["keys that differ"].items():
        monkeypatch.setattr(parts, name, limit)
    keys = f"SELECT k, {bucket(SIMPLE)} AS b FROM (SELECT unnest(range(100000)) AS k)"
    (same,) = engine.one(Query(f"SELECT min(k) FROM ({keys}) WHERE k > 2 AND b = (SELECT b FROM ({keys}) WHERE k = 2)", step="test"))
    found = compare(engine, SIMPLE, [(1, "a", 1), (2, "a", 1)], [(1, "a", 1), (same, "a", 1)])
    assert {(("2",), "missing"), ((str(same),), "extra")} == set(found.statuses)
    assert found.agrees


@pytest.mark.parametrize("target", [[(1, "b", 1)], [(1, "b", 1), (2, "b", 1)]], ids=["as many rows", "more rows"])
def test_what_a_quick_way_leaves_over_is_looked_at_thoroughly(target: Rows, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in WAYS["keys that differ"].items():
        monkeypatch.setattr(parts, name, limit)
    blind: list[str] = []

    def nothing(_: Engine, entity: Any, **_options: Any) -> parts.Rows:
        blind.append("asked")
        return parts.rows_where(entity, "false", source_keys=Uniqueness(0, 0, 0, "nobody looked"))

    monkeypatch.setattr(parts, "_only_changed" if len(target) == 1 else "_differing", nothing)
    found = compare(engine, SIMPLE, [(1, "a", 1)], target)
    assert blind == ["asked"]
    assert found.statuses[("1",), "changed"] == frozenset({"a"})
    assert len(found.statuses) == len(target)
    assert found.agrees


def test_values_are_told_as_numbers_where_a_slice_or_a_currency_has_few(engine: Engine) -> None:
    columns = {"k": "BIGINT", "kind": "VARCHAR", "note": "VARCHAR", "none": "VARCHAR", "a": "BIGINT", "c": "VARCHAR"}
    entity = make_entity(columns, key="k", slices=["kind", "note", "none"], money={"amount": "a", "currency": "c"})
    rows = [(number, "ab"[number % 2], f"{number}", None, 1, "EUR") for number in range(256)]
    compare(engine, entity, rows[:1], [*rows, (256, "c", None, None, 1, "IDR")])
    assert few_words(engine, entity, rows=257) == {"kind": ["a", "b", "c"], "c": ["EUR", "IDR"]}
    compare(engine, entity, rows[:255], rows[:254])
    assert few_words(engine, entity, rows=257) == {"kind": ["a", "b"], "note": sorted(f"{number}" for number in range(255)), "c": ["EUR"]}


def test_what_a_slice_says_is_the_same_whether_it_is_told_as_a_number_or_not(engine: Engine) -> None:
    entity = make_entity({"k": "BIGINT", "kind": "VARCHAR", "a": "BIGINT", "c": "VARCHAR"}, key="k", slices=["kind"], money={"amount": "a", "currency": "c"})
    source = [(number, ("x", "y", None)[number % 3], number, "EUR") for number in range(60)]
    source += [(60, "x", 1, None)]
    target = [(key, kind, amount + 1, currency) for key, kind, amount, currency in source]
    found = [one.harms[""] for one in by_every_way(engine, entity, source, target).values()]
    slices = ((("x",), 21), (("y",), 20), ((None,), 20))
    assert {(harm.keys, harm.slices, harm.money) for harm in found} == {(61, slices, (("", Decimal(1)), ("EUR", Decimal(60))))}


KEYS = {
    "BIGINT": [None, -(2**63), -1, 0, 1, 2**63 - 1, *range(10, 90)],
    "VARCHAR": [None, "", "'", "a\0b", "Z", "z", "é", "𝄞", *(f"{number}" for number in range(80))],
    "DECIMAL(18,2)": [None, *(Decimal(number) / 100 for number in range(-40, 40))],
    "DATE": [None, *(f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 9))],
}


@pytest.mark.parametrize("kind", KEYS)
def test_ranges_of_keys_hold_each_row_once_and_in_order(kind: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 16)
    entity = make_entity({"k": kind, "a": "VARCHAR"}, key="k")
    target = [(key, "a") for key in KEYS[kind]]
    seeded(9).shuffle(target)
    compare(engine, entity, [row for row in target if row[0] is not None], target)
    prints = Fingerprints(len(target) - 1, len(target), 0, (1,), same_counts=False)
    ranges = list(parts.in_key_order(engine, entity, prints, source_keys=Uniqueness(len(target) - 1, 0, len(target) - 1, "known"), words={}))
    found = [[row[0] for row in engine.execute(Query(f"SELECT k FROM ({some['target']}) ORDER BY k"))] for some in ranges]
    (every,) = engine.one(Query(f"SELECT list(k ORDER BY k NULLS LAST) FROM {path('target', 'things')}"))
    assert every == [key for keys in found for key in keys]
    assert max(map(len, found)) < len(target) / 2
    assert [len(engine.execute(Query(some["source"]))) for some in ranges] == [len([key for key in keys if key is not None]) for keys in found]


def test_evidence_is_in_the_order_of_its_keys_where_the_parts_are(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in WAYS["everything in parts"].items():
        monkeypatch.setattr(parts, name, limit)
    source = [(number, "ab"[number % 2], number) for number in range(200)]
    seeded(4).shuffle(source)
    compare(engine, SIMPLE, source, [(key, "ba"[key % 2], b) for key, _, b in source if key % 9])
    keys = [row[0] for row in engine.execute(Query(f"SELECT k_0 FROM {tables(SIMPLE).rows} ORDER BY rowid"))]
    assert keys == list(range(200))


def test_texts_that_are_told_by_their_words_are_compared_as_texts_are(engine: Engine) -> None:
    entity = make_entity({"k": "BIGINT", "a": "VARCHAR", "folded": {"type": "VARCHAR", "equal_after": ["trim"], "reason": "declared"}}, key="k")
    texts = [None, "", " ", "a", "A", "a ", "ä", "a\u0308", "'"]
    compare(engine, entity, [(place, text, text) for place, text in enumerate(texts)], [(100, "b", "b")])
    found = few_words(engine, entity, rows=10)
    assert list(told(entity, found)) == ["a"]
    sql = f"SELECT a, CAST({told(entity, found)['a']} AS VARCHAR) FROM {path('source', 'things')}"
    assert {(text, text) for text in texts} == set(engine.execute(Query(sql)))


def test_a_text_that_no_statement_may_hold_is_told_as_it_is(engine: Engine) -> None:
    entity = make_entity({"k": "BIGINT", "a": "VARCHAR"}, key="k")
    compare(engine, entity, [(1, "a\0b")], [(1, "a")])
    assert few_words(engine, entity, rows=1) == {}
