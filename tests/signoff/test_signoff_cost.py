"""What a gate asks of the engine and the disk as batches grow: an unchanged signed batch costs no query, no scan and no join of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks.asked import Asked, counted
from dq.compare.signed import BatchSignOff, Signed
from dq.contract.reading import read_contract
from dq.running import Finished, Options, run_contract
from dq.signoff import chain, disk
from dq.signoff.verifying import verify
from tests.cli.small import MOMENT, PERSONAL, STORES, Small, build

from .signed import LATER, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("signoff cost")]

FEW, MANY, ALL = 2, 5, 6  # batches that have moved, and all that there are
BATCH = f"1 + (i - 1) % {ALL}"
ACCOUNTS = (
    "UPDATE users SET region = 'ID'",
    "DELETE FROM batches",
    f"INSERT INTO batches SELECT i, {BATCH}, 'ID' FROM range(1, 41) AS t(i)",
)
DATED = tuple(f"ALTER TABLE customers ADD COLUMN {name} TIMESTAMPTZ" for name in ("created", "changed"))


def moved(batch: int) -> dict[str, tuple[str, ...]]:
    """Return the statements by which the stores of a small migration become those in which so many batches have moved, one a day."""
    at = f"TIMESTAMPTZ '2024-11-05 02:00:00+00' + to_days(CAST({BATCH} - 1 AS INTEGER))"
    who = f"FROM range(1, 41) AS t(i) WHERE {BATCH} <= {batch}"
    return {
        "source": ACCOUNTS[:1],
        "target": (
            *DATED,
            "DELETE FROM customers",
            f"INSERT INTO customers SELECT 1000 + i, 'ID', '{PERSONAL} ' || i, {at}, {at} {who}",
            "DELETE FROM vouchers WHERE code LIKE 'C-%'",
            f"INSERT INTO vouchers SELECT 100 + i, printf('C-%03d', i), 1000 + i, '{PERSONAL} ' || i, i, {at}, {at} {who}",
        ),
        "crosswalk": (*ACCOUNTS[1:], "DELETE FROM accounts", f"INSERT INTO accounts SELECT i, 1000 + i {who}"),
    }


@dataclass
class Past:
    """A small migration of six batches, of which some have moved and are signed."""

    small: Small
    signoffs: tuple[BatchSignOff, ...] = ()

    def move(self, batch: int, *changes: str, hours: int = 0) -> None:
        """Seal the stores as they are when a batch has moved, and the target some hours later, after it changed."""
        moment = MOMENT + timedelta(days=batch - 1)
        for side, statements in moved(batch).items():
            later = (changes, hours) if side == "target" else ((), 0)
            self.small.reseal(side, *statements, *later[0], batch=None if side == "source" else batch, moment=moment + timedelta(hours=later[1]))

    def sign(self, batch: int) -> None:
        """Compare a batch and take what was seen for signed."""
        run = run_contract(self.small.contract, command="run", batch=batch, options=Options(runs=self.small.runs, carries=True))
        assert run.record.outcome == "PASSED"
        assert run.carried is not None
        taken = next(one.moment for one in run.record.snapshots if one.side == "target")
        self.signoffs = (*self.signoffs, BatchSignOff(batch, ("finance",), signed=Signed(batch, taken, run.carried, statement=f"statement {batch}")))

    def gate(self) -> tuple[Finished, Asked]:
        """Ask whether the next batch may start, and count what is asked for it."""
        with counted() as asked:
            options = Options(runs=self.small.runs, signoffs=self.signoffs)
            finished = run_contract(self.small.contract, command="gate", batch=len(self.signoffs) + 1, options=options)
        return finished, asked


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A migration before anything has moved."""
    small = build(tmp_path_factory.mktemp("past"), "batched")
    batches = "".join(f'[[batches]]\nnumber = {number}\nregion = "ID"\n' for number in range(1, ALL + 1))
    text = (small.contract / "migration.toml").read_text()
    (small.contract / "migration.toml").write_text(text[: text.index("[[batches]]")] + batches)
    with (small.contract / "accounts.toml").open("a") as file:
        file.write('[merge]\ntable = "customers"\nid = "customer_id"\ncreated_at = "created"\nchanged_at = "changed"\n')
    small.reseal("baseline", *DATED)
    return Past(small)


@pytest.fixture(scope="module")
def gates(past: Past) -> dict[int, tuple[Finished, Asked]]:
    """The gates after few and after many batches, nothing of which has changed since it was signed."""
    found = {}
    for batch in range(1, MANY + 1):
        past.move(batch)
        past.sign(batch)
        if batch in (FEW, MANY):
            found[batch] = past.gate()
    return found


def own(counts: Counter[str]) -> dict[str, int]:
    """Leave the canaries out: what they draw depends on the run, and nothing on the past."""
    return {step: count for step, count in counts.items() if "canary" not in step}


def queries(asked: Asked) -> dict[str, int]:
    """Return the number of queries of each step."""
    found: Counter[str] = Counter()
    for text, count in asked.texts.items():
        found[asked.steps[text]] += count
    return own(found)


def failed(finished: Finished) -> set[str]:
    """Return the checks that did not pass."""
    return {check.id for check in finished.record.checks if check.outcome != "PASSED"}


def test_an_unchanged_past_opens_the_gate_however_long_it_is(gates: dict[int, tuple[Finished, Asked]]) -> None:
    assert {batch: failed(finished) for batch, (finished, _) in gates.items()} == {FEW: set(), MANY: set()}
    assert [check.id for check in gates[MANY][0].record.checks if check.kind == "carried"] == [f"carried.{batch}" for batch in range(1, MANY + 1)]


def test_a_longer_past_asks_no_further_query(gates: dict[int, tuple[Finished, Asked]]) -> None:
    assert queries(gates[FEW][1]) == queries(gates[MANY][1])


def test_a_longer_past_scans_no_table_more_often(gates: dict[int, tuple[Finished, Asked]]) -> None:
    few, many = ({key: count for key, count in asked.scans.items() if key[0] != "canary"} for _, asked in gates.values())
    assert few == many
    assert ("coupons", "target.vouchers") in many


def test_no_row_of_an_unchanged_batch_is_joined(gates: dict[int, tuple[Finished, Asked]]) -> None:
    assert {batch: own(asked.joins) for batch, (_, asked) in gates.items()} == {FEW: {}, MANY: {}}


@pytest.mark.usefixtures("gates")
def test_one_changed_row_of_a_signed_batch_costs_a_join_of_its_bucket(past: Past) -> None:
    past.move(MANY, "UPDATE vouchers SET amount = amount + 1 WHERE code = 'C-008'", hours=2)
    finished, asked = past.gate()
    assert failed(finished) == {"coupons.values", "coupons.sums.amount", "carried.2"}
    assert own(asked.joins) == {"coupons: compare rows": 1, "coupons: keep values": 1}
    fetched = [text for (text, _), step in ((text, asked.steps[text]) for text in asked.texts) if step in ("coupons: fetch source", "coupons: fetch target")]
    assert [text.count(" BETWEEN ") for text in fetched if text.startswith("CREATE")] == [1, 1]


@pytest.mark.usefixtures("gates")
def test_one_row_that_says_that_it_changed_costs_a_join_of_that_row(past: Past) -> None:
    past.move(MANY, "UPDATE vouchers SET amount = amount + 1, changed = '2024-11-09 20:30:00+00' WHERE code = 'C-008'", hours=2)
    finished, asked = past.gate()
    assert failed(finished) == set()
    assert own(asked.joins) == {"coupons: changed since": 1}


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, str], Counter[Path]]:
    """Return what counts, by the path that it is first called with, the calls of a module's function."""

    def count(module: ModuleType, name: str) -> Counter[Path]:
        found: Counter[Path] = Counter()
        function = getattr(module, name)

        def counted_function(path: Path, *more: Any, **named: Any) -> Any:
            found[path] += 1
            return function(path, *more, **named)

        monkeypatch.setattr(module, name, counted_function)
        return found

    return count


def test_a_signed_run_is_asked_once_of_which_batch_it_is(signed: World, counting: Callable[[ModuleType, str], Counter[Path]]) -> None:
    asked = counting(chain, "said_of")
    more = "".join(f'[[batches]]\nnumber = {number}\nregion = "GB"\n' for number in range(2, 51))
    signed.small.edit("migration.toml", '[[batches]]\nnumber = 2\nregion = "GB"\n', more)
    links = chain.signed_past(read_contract(signed.small.contract), chain.Past(signed.small.runs, signed.roster, None, LATER), before=50)
    assert [link.holds for link in links] == [True] + [False] * 48
    assert asked == {signed.folder: 1}


def test_what_many_signed_runs_were_made_of_is_read_once(signed: World, counting: Callable[[ModuleType, str], Counter[Path]]) -> None:
    hashed, contracts = counting(disk, "_sha256"), counting(disk, "file_digests")
    seen = disk.Disk()
    for _ in range(3):
        assert not verify(signed.folder, signed.roster, pin=None, as_of=LATER, contract=signed.small.contract, again=False, disk=seen).problems
    assert sorted((path.stem, times) for path, times in hashed.items()) == [(side, 1) for side in sorted(STORES[signed.small.kind])]
    assert contracts == {signed.small.contract: 1}
