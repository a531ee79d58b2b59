"""What a run asks of the engine: how often it reads each base table, and that it asks nothing twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dq
from benchmarks.asked import Asked, counted

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("scans")]  # one run, with every query explained first

SIDES = ("source", "target", "baseline", "crosswalk", "export")
# Tables that are made, read and dropped for one entity after the other under the same name: the text is the same, what it reads is not.
MADE_ANEW = {
    "source_scanned": "fingerprints of an entity's source",
    "target_scanned": "fingerprints of an entity's target",
    "sorts": "kinds of an entity's findings",
    "some_source": "the source's rows of the buckets that differ",
    "some_target": "the target's rows of the buckets that differ",
    "differing": "the buckets that differ",
    "repeated": "keys that stand twice there",
    "source_keys": "what the source claims of the target's rows",
    "claimed": "the target's rows that are claimed",
    "unclaimed": "those that are not",
    "fresh": "the target's new rows of people who moved",
    "export_rows": "rows of what persons downloaded",
    "export_own": "the target's own among them",
    "picked": "cells whose values are kept",
    "pairs": "their values",
    "twice_source": "values of the source that may stand once and stand twice",
    "twice_target": "those of the target",
    "unequal_source": "rows of the source that a ledger does not explain",
    "unequal_target": "those of the target",
}
# What is asked again because the answer may be another by then.
ASKED_AGAIN = {
    "crosswalk": "by every entity: which maps are one to one as far as was found",
    "points_entries: unmapped owners": "before each sum, as entities record the ids that they do not find mapped",
}

# How often an entity's steps may scan a base table of the source, of the target and of the baseline, where none is small enough to be
# kept: conforming, keys, fingerprints, what is not in scope, native rows, each invariant. A lower number is a better one.
MOST: dict[str, tuple[int, int, int]] = {
    "accounts": (17, 7, 6),
    "consents": (13, 7, 5),
    "coupon_categories": (6, 9, 5),
    "coupon_definitions": (3, 7, 6),
    "coupon_products": (3, 8, 5),
    "coupons": (16, 12, 8),
    "order_lines": (14, 12, 7),
    "orders": (24, 18, 8),
    "payments": (15, 14, 7),
    "points_balances": (12, 15, 11),
    "points_entries": (12, 12, 6),
    "products": (9, 10, 6),
    "redirects": (6, 15, 10),
    "retired_products": (9, 8, 5),
    "reviews": (16, 8, 6),
    "services": (5, 7, 6),
    "warranties": (13, 12, 5),
}
ALL = 1160  # of all tables, the crosswalk's, too; canaries draw what they read


@pytest.fixture(scope="module")
def asked(demo_snapshots: Path, contract_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """The clean demo's run over all that has moved, as if its tables were large: no view is kept as a table."""
    with counted() as found:
        run = dq.run(contract_folder, runs=tmp_path_factory.mktemp("runs"), snapshots={side: demo_snapshots / f"{side}.duckdb" for side in SIDES})
    assert run.record.outcome == "PASSED"
    return found


def test_no_query_is_asked_twice(asked: Asked) -> None:
    anew = re.compile(rf"\b(?:{'|'.join(MADE_ANEW)})\b")
    twice = {text: count for text, count in asked.texts.items() if count > 1 and not anew.search(text[0])}
    assert {asked.steps[text]: text for text in twice if asked.steps[text] not in ASKED_AGAIN} == {}


def test_every_name_that_is_made_anew_is_used(asked: Asked) -> None:
    assert [name for name in MADE_ANEW if not any(re.search(rf"\b{name}\b", text) for text, _ in asked.texts)] == []


def test_ledgers_are_added_up_one_side_after_the_other(asked: Asked) -> None:
    """Those of both sides at once need more memory than there is, from a million accounts on."""
    ledgers = [text for text, _ in asked.texts if "dq.total" in text]
    assert ledgers
    assert [text for text in ledgers if re.search(r'"(?:own_)?source"', text) and re.search(r'"(?:own_)?target"', text)] == []


def test_no_entity_scans_a_base_table_more_often_than_it_did(asked: Asked) -> None:
    now = {entity: tuple(_most(asked, entity, side) for side in SIDES[:3]) for entity in MOST}
    assert {entity: scans for entity, scans in now.items() if any(map(int.__gt__, scans, MOST[entity]))} == {}


def test_every_entity_has_its_limit(asked: Asked, contract_folder: Path) -> None:
    assert set(MOST) == {file.stem for file in (contract_folder / "sql" / "source").iterdir()}
    assert sum(asked.scans.values()) <= ALL


def _most(asked: Asked, entity: str, side: str) -> int:
    """Return how often an entity's own steps scan the table of a side that they scan most."""
    return max((count for (of, table), count in asked.scans.items() if of == entity and table.startswith(f"{side}.")), default=0)
