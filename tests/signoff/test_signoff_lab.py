"""Who signed a run, in a notebook: what `dq verify` says, role by role."""

from __future__ import annotations

import json

from dq.lab import tables
from dq.lab.opening import open_run
from dq.lab.signatures import signatures, verification
from dq.result import Run

from .signed import LATER, World


def opened(world: World) -> Run:
    return open_run(str(world.folder))


def test_a_notebook_says_who_signed(signed: World) -> None:
    found = verification(opened(signed), as_of=LATER)
    assert found is not None
    assert signatures(found).select("role", "mandatory", "status", "person").rows() == [
        ("data-owner", True, "accepted", "sri"),
        ("business-owner", False, "missing", None),
        ("finance", False, "accepted", "budi"),
    ]
    assert found.word == "VERIFIED"


def test_a_table_of_signatures_names_the_people(signed: World) -> None:
    shown = tables.signed(opened(signed))._repr_html_()
    assert [name in shown for name in ("sri", "budi", "data-owner")] == [True, True, True]


def test_a_run_that_is_not_attested_says_so(signed: World) -> None:
    for path in signed.folder.glob("*.intoto.json"):
        path.unlink()
    assert "there is none, so nobody says what this run saw" in tables.signed(opened(signed))._repr_html_()


def test_without_a_roster_nobody_is_asked(signed: World) -> None:
    told = signed.folder / "run.json"
    told.write_text(json.dumps({**json.loads(told.read_text()), "contract": str(signed.small.folder / "another")}))
    assert verification(opened(signed)) is None
    assert "nobody is asked to sign" in tables.signed(opened(signed))._repr_html_()
