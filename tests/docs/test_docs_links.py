"""Links lead somewhere, every page is in the index, and what is named in a line is there."""

from __future__ import annotations

import re
import subprocess

import pytest
from dq_fixtures.corruptions import CORRUPTIONS

from tests.matrix.page import kind_of

from .checks_page import kinds
from .commands_page import command_line
from .pages import DOCS, NAMES, ROOT, anchors, links

BLIND = (DOCS / "blind-spots.md").read_text(encoding="utf-8")
SPOTS = re.findall(r"(?m)^\| `(\w+)` \| .+ \| (.+) \| (\S+) \|$", BLIND)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    broken = []
    for link in links(name):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (ROOT / name).parent / place if place else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target.resolve().relative_to(ROOT).as_posix())):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_index_and_the_index_is_in_the_readme() -> None:
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links("docs/README.md")}
    assert listed == {ROOT / name for name in NAMES} - {ROOT / "README.md", DOCS / "README.md"}
    assert "docs/README.md" in links("README.md")


@pytest.mark.parametrize("name", NAMES)
def test_a_command_that_is_named_in_a_line_is_there_with_its_options(name: str) -> None:
    commands = command_line().commands
    known = {command: {option for item in found.params for option in item.opts} for command, found in commands.items()}
    wrong = []
    for said, command in re.findall(r"`(dq ([a-z]+)\b[^`\n]*)`", (ROOT / name).read_text(encoding="utf-8")):
        options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", said)) - {"--debug", "--help"}
        if command not in known or options - known[command]:
            wrong.append(said)
    assert wrong == []


def test_a_target_that_is_named_in_a_line_is_there() -> None:
    named = {target for name in NAMES for target in re.findall(r"`make ([a-z-]+)[^`\n]*`", (ROOT / name).read_text(encoding="utf-8"))}
    assert len(named) > 5
    subprocess.run(["make", "-n", *sorted(named)], cwd=ROOT, check=True, capture_output=True)


def test_a_file_that_is_named_in_a_line_is_there() -> None:
    """Of ours: pages, modules, notebooks."""
    named = {
        found
        for name in NAMES
        for found in re.findall(r"`?\b((?:docs|dq|tests|fixtures|benchmarks|notebooks)/[\w/.-]+\w)", (ROOT / name).read_text(encoding="utf-8"))
    }
    notebooks = {f"notebooks/{found}.ipynb" for name in NAMES for found in re.findall(r"`(0\d_[a-z_]+)`", (ROOT / name).read_text(encoding="utf-8"))}
    assert len(named) > 5
    assert len(notebooks) > 3
    assert [file for file in sorted(named | notebooks) if not (ROOT / file).exists()] == []


# ---- what each check cannot see -----------------------------------------------------------------------------------


def test_every_kind_of_check_is_blind_to_something() -> None:
    assert {kind for kind, _, _ in SPOTS} == {*kinds(), "fit", "room"}


@pytest.mark.parametrize(("kind", "who", "shown"), SPOTS)
def test_what_a_kind_is_blind_to_another_tells(kind: str, who: str, shown: str) -> None:
    told = {kind_of(check).partition(".")[0] for check in CORRUPTIONS[shown].checks}
    others = set(re.findall(r"`(\w+)`", who)) & set(kinds())
    assert kind not in told
    assert others & told
