"""Of every corruption of the demo that names a cause, the cause explains what it brought about, and nothing else is claimed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from dq_fixtures.corruptions import Corruption
from dq_fixtures.corruptions.expected import Expected

from dq import measuring
from dq.canaries import CanaryResult
from dq.diagnose.sentences import said
from tests.diagnose.planted import Diagnosed, build, cells_of, diagnosed, groups, planted

EXPLAINED = 99  # of a hundred cells, at least
NOT_EXPLAINED = ("O07", "T02")  # of one row, or of two that differ: what became of it is said, and that it is not explained


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean demo, unsealed; nobody writes there."""
    folder = tmp_path_factory.mktemp("planted") / "demo"
    build(folder)
    return folder


@pytest.fixture(autouse=True)
def _no_canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are asked elsewhere."""
    monkeypatch.setattr(measuring, "release", lambda *_, **__: CanaryResult(0, 0, 0))
    monkeypatch.setattr(measuring, "release_maps", lambda *_, **__: CanaryResult(0, 0, 0))


@pytest.mark.slow
@pytest.mark.parametrize("together", groups(planted()), ids=lambda together: f"{together[0].id}-and-{len(together) - 1}")
def test_the_cause_that_a_corruption_names_explains_what_it_brought_about(together: list[Corruption], base: Path, tmp_path: Path) -> None:
    with diagnosed(base, tmp_path / "demo", [it.id for it in together]) as (found, expected):
        wrong = [line for it in together for line in _otherwise(it, found, expected)]
    assert wrong == []


def _otherwise(it: Corruption, found: Mapping[str, Diagnosed], expected: Mapping[str, Expected]) -> Iterator[str]:
    """Yield a line for every cause that a corruption names and that nobody says, and for every column of which another one is claimed."""
    sentences = [cause.sentence for item in found.values() for cause in item.found.causes]
    yield from (f"{it.id}: none says '{words}', but {sentences}" for words in it.causes if not any(words in sentence for sentence in sentences))
    cells: dict[tuple[str, str], list[tuple[str | None, ...]]] = {}
    for fault in cells_of(expected[it.id]):
        entity, _, kind = fault.check.partition(".")
        if kind != "export":
            cells.setdefault((entity, str(fault.column)), []).append(fault.key)
    for (entity, column), keys in cells.items():
        labels = found[entity].cells(column)
        right = {label for label, _ in labels.values() if _is_named(it, found[entity], column, label)}
        if not right:
            continue  # a column that the corruption changes too, and of which it says nothing
        counts = Counter(labels.get(key, ("nothing", False)) for key in keys)
        explained = sum(number for (label, claimed), number in counts.items() if label in right and (claimed or it.id in NOT_EXPLAINED))
        if explained * 100 < EXPLAINED * len(keys):
            yield f"{it.id}: of {len(keys)} cells of {entity}.{column} {explained} are explained: {dict(counts)}"
        others = {label for (label, claimed) in counts if claimed and label not in right}
        yield from (f"{it.id}: '{label}' is claimed of {entity}.{column}" for label in sorted(others))


def _is_named(it: Corruption, item: Diagnosed, column: str, label: str) -> bool:
    """Say whether a label is what the corruption says of a column: in words of its own, or in those of the cause of that kind."""
    plain = said(column, label)
    of_kind = [cause.sentence for cause in item.found.causes if cause.columns == (column,) and cause.kind == label.partition(":")[0]]
    return any(words in sentence or plain in words for words in it.causes for sentence in (plain, *of_kind))


def test_rows_that_follow_missing_rows_are_said_to_follow_them(base: Path, tmp_path: Path) -> None:
    with diagnosed(base, tmp_path / "demo", ["demo.outlet"]) as (found, _):
        lines = [(cause.kind, cause.sentence) for cause in found["order_lines"].found.causes]
        orders = found["orders"].found
        explained = found["order_lines"].found.explained
    assert lines == [("missing", "15 rows missing: what their order_id names is missing as well, see orders")]
    assert explained == {"order_lines.rows": 15}
    assert [cause.sentence for cause in orders.causes] == ["7 rows missing: unexplained"]
    assert [one.sentence for one in orders.slices["orders.rows"]] == ["all 7 are of status refunded (9 % of all rows)"]
