"""`dq explain`, `dq show --repair` and `dq run --only` on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from case_shop import BROKEN, CLEAN, Shop, email_of, name_of

from dq.cli import status_of

Said = tuple[int, str, str]


@pytest.fixture
def dq(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    def call(*arguments: object, stdin: str = "") -> Said:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = status_of([str(argument) for argument in arguments])
        found = capsys.readouterr()
        return status, found.out, found.err

    return call


@pytest.fixture
def explain(dq: Callable[..., Said], shop: Shop) -> Callable[..., Said]:
    return lambda *arguments, stdin="": dq("explain", "latest", "--runs", shop.runs, *arguments, stdin=stdin)


def test_a_case_is_told_in_the_terminal(explain: Callable[..., Said]) -> None:
    status, out, err = explain("--account", BROKEN)
    assert (status, err) == (0, "")
    assert out.startswith("NOT AS PROMISED: account 5012")
    for text in ("C-31012-2", "missing", "1.00 -> 99.00", "sum 600, in the target 900"):
        assert text in out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("arguments", [("--account", "-"), ()])
def test_an_email_is_read_from_standard_input(explain: Callable[..., Said], arguments: tuple[str, ...]) -> None:
    assert explain(*arguments, stdin=f"{email_of(BROKEN).upper()}\n") == explain("--account", BROKEN)


def test_an_email_on_the_command_line_is_refused_and_not_repeated(explain: Callable[..., Said]) -> None:
    status, out, err = explain("--account", email_of(BROKEN))
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert email_of(BROKEN) not in err


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("99999", "no account of that id"),
        ("target:99999", "the target has no account of that id"),
        ("coupons#99", "has no finding coupons#99"),
        ("coupon#1", "did you mean 'coupons'?"),
        ("crosswalk.orders#1", "is about no person's row"),
        ("nobody@example.net", "no account says that"),
        ("Robert'); DROP TABLE users; --", "no account says that"),
        ("", "no account was named"),
    ],
)
def test_whom_nobody_knows_is_one_clear_line(explain: Callable[..., Said], account: str, said: str) -> None:
    status, out, err = explain("--account", "-", stdin=f"{account}\n")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert said in err
    assert "@" not in err
    assert "DROP" not in err


def test_json_is_one_object(explain: Callable[..., Said]) -> None:
    _, out, _ = explain("--account", CLEAN, "--json")
    case = json.loads(out)
    assert (case["broken"], [section["entity"] for section in case["sections"]][:2]) == (0, ["accounts", "orders"])


def test_a_page_is_written_for_its_owner_alone(explain: Callable[..., Said], tmp_path: Path) -> None:
    status, out, _ = explain("--account", CLEAN, "--to", tmp_path / "case.html")
    assert (status, out) == (0, f"case with personal data: {tmp_path / 'case.html'}\n")
    assert name_of(CLEAN) in (tmp_path / "case.html").read_text()
    assert oct((tmp_path / "case.html").stat().st_mode & 0o777) == "0o600"


def test_the_repair_list_is_written_for_its_owner_alone(dq: Callable[..., Said], shop: Shop, tmp_path: Path) -> None:
    status, out, err = dq("show", "--runs", shop.runs, "--repair", tmp_path / "repair.csv")
    assert (status, err) == (0, "")
    assert "to move again" in out
    assert oct((tmp_path / "repair.csv").stat().st_mode & 0o777) == "0o600"
    rows = list(csv.DictReader(io.StringIO((tmp_path / "repair.csv").read_text())))
    assert {(row["key"], row["action"]) for row in rows if row["entity"] == "coupons"} == {
        ("C-31012-1", "move again"),
        ("C-31012-2", "move again"),
        ("C-31012-9", "take back"),
    }


def test_a_run_of_some_entities_alone_proves_nothing(dq: Callable[..., Said], shop: Shop, tmp_path: Path) -> None:
    status, out, _ = dq("run", "--contract", shop.contract, "--runs", tmp_path / "runs", "--batch", 1, "--only", "orders")
    assert status == 3
    assert out.rstrip().splitlines()[-1].startswith("NOT PROVEN batch=1")
    (report,) = (tmp_path / "runs").glob("*/report.json")
    record = json.loads(report.read_text())
    compared = {entity["entity"]: entity["compared"] for entity in record["entities"]}
    assert {name for name, rows in compared.items() if rows} == {"orders", "lines"}  # an order's total is the sum of its lines
    assert next(check["outcome"] for check in record["checks"] if check["id"] == "orders.attribution") == "FAILED"
    assert next(check["reason"] for check in record["checks"] if check["id"] == "coupons.rows").startswith("left out")
    assert any("Only orders and lines were compared" in line for line in record["not_checked"])


def test_an_entity_that_there_is_not_is_refused(dq: Callable[..., Said], shop: Shop, tmp_path: Path) -> None:
    status, _, err = dq("run", "--contract", shop.contract, "--runs", tmp_path / "runs", "--only", "order")
    assert (status, err) == (2, "dq: --only: there is no entity 'order'; did you mean 'orders'?\n")
