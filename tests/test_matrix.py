"""Every corruption is caught by exactly the checks that it names, to the last key, and no neutral change raises an alarm."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from dq_fixtures.corruptions import CORRUPTIONS, NEUTRAL, apply, checks
from dq_fixtures.corruptions.expected import Expected, Fault, cells, rows, slices, unproven
from dq_fixtures.corruptions.picks import attach, pick, picking_for
from dq_fixtures.corruptions.registry import FIRST, corruption

from dq.contract.reading import read_contract
from dq.errors import SnapshotError
from dq.running import Finished
from dq.stores.opening import open_snapshots
from tests.matrix.__main__ import main
from tests.matrix.judging import compare, unnamed
from tests.matrix.listing import items
from tests.matrix.page import CONFIRMS, PAGE, alone, confirms, kind_of, kinds, render
from tests.matrix.sabotage import SABOTAGES
from tests.matrix.sharing import KEYED, Share, run_share, shares
from tests.matrix.stages import Case, build

Base = Callable[..., Path]
TOGETHER = pytest.mark.xdist_group("judging")  # of one run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Build a stage of the demo when it is first asked for, and return the folder of all."""
    base = tmp_path_factory.mktemp("matrix")

    def stage(*numbers: int) -> Path:
        for moved in numbers:
            if not (base / str(moved)).exists():
                build(base, moved=moved)
        return base

    return stage


@pytest.mark.slow
@pytest.mark.parametrize("share", shares(items()), ids=lambda share: f"{share[0].kind}-{share[0].id}")
def test_the_matrix_holds(built: Base, share: Share) -> None:
    assert {name: found for name, found in run_share(built(*share[0].built), share).items() if found} == {}


def test_corruptions_of_a_share_pick_rows_of_other_persons_as_long_as_there_are_others(built: Base, tmp_path: Path) -> None:
    stores = Path(shutil.copytree(built(FIRST.moved) / str(FIRST.moved) / "unsealed", tmp_path / "stores"))
    with attach(stores) as db:
        first = pick(db, "orders")
        picking_for(db, "one")
        assert pick(db, "orders") == first
        picking_for(db, "other")
        theirs, mine = first.source("user_id"), f"customer_id IN (SELECT customer_id FROM target.sales WHERE {first.where})"
        assert pick(db, "orders").source("user_id") != theirs != pick(db, "payments").source("user_id")
        assert pick(db, "orders", mine).source("user_id") == theirs


def test_every_case_of_the_matrix_is_in_one_share() -> None:
    assert Counter(item for share in shares(items()) for item in share) == Counter(items())


def test_no_two_corruptions_of_a_share_break_one_check_but_by_keys_or_the_ledger_of_coverage() -> None:
    broken = [Counter(check for item in share for check in CORRUPTIONS[item.id].checks) for share in shares(items()) if share[0].kind == "corruption"]
    assert [
        check for counts in broken for check, times in counts.items() if times > 1 and not check.startswith("coverage.") and not KEYED.fullmatch(check)
    ] == []


@pytest.fixture(scope="module")
def caught(built: Base, tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, Expected]:
    """A run in which a used coupon can be used again, and what it must find."""
    it = CORRUPTIONS["C01"]
    case = Case(built(1) / "1", tmp_path_factory.mktemp("caught"), it.stage)
    files, expected = case.changed(lambda copy: apply(copy, it.id))
    return case.run(files), expected


KEY = ("PC-ID-00000000-XQ",)
WRONG: dict[str, Callable[[Expected], Expected]] = {
    "a key that is not there": lambda told: (*told, *cells("coupons.values", [KEY], "status")),
    "another column": lambda told: tuple(Fault(one.check, one.status, one.key, "scope") if getattr(one, "column", None) else one for one in told),
    "another status": lambda told: tuple(Fault(one.check, "missing", one.key) if getattr(one, "column", None) else one for one in told),
    "a check fewer": lambda told: tuple(one for one in told if one.check != "coupons.invariant.spent"),
    "a check more": lambda told: (*told, *rows("coupons.rows", "missing", [KEY])),
    "a check that there is not": lambda told: (*told, *rows("coupons.soup", "missing", [KEY])),
    "a slice fewer": lambda told: told[:-1],
    "a slice more": lambda told: (*told, *slices("coupons.counts", {("ID", "percent", "used")})),
    "a fault on both sides": lambda told: tuple(Fault(one.check, "pre-existing", one.key) if one.check == "coupons.invariant.spent" else one for one in told),
    "nothing proven": lambda told: (*told, *unproven(["coupons.values"])),
    "nothing at all": lambda _: (),
}


@TOGETHER
def test_a_right_expectation_is_met(caught: tuple[Finished, Expected]) -> None:
    finished, expected = caught
    assert list(compare(finished, expected)) == []


@TOGETHER
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_expectation_is_noticed(caught: tuple[Finished, Expected], wrong: str) -> None:
    finished, expected = caught
    assert list(compare(finished, WRONG[wrong](expected))) != []


@TOGETHER
def test_a_cause_that_nobody_names_is_noticed(caught: tuple[Finished, Expected]) -> None:
    finished, _ = caught
    assert [*unnamed(finished, ["the moon was full"])] != []


def test_the_names_of_the_checks_are_the_contracts() -> None:
    with resources.as_file(resources.files("dq_expectations")) as folder:
        contract = read_contract(folder)
    declared = {check for entity in contract.entities for check, _, _ in entity.check_ids()} | {f"canary.{entity.name}" for entity in contract.entities}
    assert {check for entity in checks.ENTITIES for check in checks.of(entity)} == declared
    assert contract.crosswalks == checks.MAPS


def test_every_check_is_broken_by_something() -> None:
    broken = {check for one in CORRUPTIONS.values() for check in one.checks}
    broken |= {item.check for one in SABOTAGES.values() if one.on is None for item in one.expected(())}
    assert set(checks.ALL) - broken == set()


@pytest.mark.parametrize("kind", kinds())
def test_every_check_is_alone_somewhere_or_its_page_says_what_it_confirms(kind: str) -> None:
    assert (alone(kind) == []) == (confirms(kind) is not None)


def test_every_check_of_the_demo_is_of_a_kind_on_the_page() -> None:
    assert {kind_of(check) for one in CORRUPTIONS.values() for check in one.checks} | {kind_of(check) for check in checks.ALL} == set(kinds())
    assert {kind if kind in CONFIRMS else kind.partition(".")[0] for kind in kinds() if confirms(kind)} == set(CONFIRMS)


def test_the_page_is_what_is_registered() -> None:
    assert PAGE.read_text(encoding="utf-8") == render()


def test_ids_are_given_once() -> None:
    names = [item.id for item in items()]
    assert sorted(set(names)) == sorted(names)
    assert len(CORRUPTIONS) > 150
    assert len(NEUTRAL) > 15


@pytest.mark.parametrize(("name", "fails", "message"), [("A01", ["accounts.rows"], "two corruptions are called A01"), ("A00", [], "A00 breaks nothing")])
def test_a_corruption_without_a_name_or_a_check_of_its_own_is_refused(name: str, fails: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        corruption(name, fails=fails)(lambda _: ())


def test_a_bit_flipped_anywhere_is_seen(built: Base, tmp_path: Path) -> None:
    sealed = built(1) / "1" / "sealed"
    file = tmp_path / "target.duckdb"
    (tmp_path / "target.manifest.json").write_bytes((sealed / "target.manifest.json").read_bytes())
    content = bytearray((sealed / "target.duckdb").read_bytes())
    places = [12 + number * (len(content) - 13) // 59 for number in range(60)]
    for number, place in enumerate(places):
        content[place] ^= 1 << number % 8
        file.write_bytes(content)
        with pytest.raises(SnapshotError, match=r"its SHA-256 is not the one in target\.manifest\.json"):
            open_snapshots({"target": file})
        content[place] ^= 1 << number % 8


def test_a_contract_that_changed_is_another_contract(tmp_path: Path, built: Base) -> None:
    case = Case(built(1) / "1", tmp_path, CORRUPTIONS["A01"].stage)
    before = read_contract(case.contract).digest
    digests = set()
    for file in sorted(case.contract.rglob("*.*")):
        text = file.read_text(encoding="utf-8")
        comment = "\n-- other" if file.suffix == ".sql" else "\n# other"
        file.write_text(text + comment, encoding="utf-8")
        digests.add(read_contract(case.contract).digest)
        file.write_text(text, encoding="utf-8")
    assert len(digests) == len(list(case.contract.rglob("*.*")))
    assert before not in digests


def test_a_case_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["Z99"]) == 2
    assert capsys.readouterr().out == "no case begins with Z99\n"
