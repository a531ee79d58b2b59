"""The one place that writes `docs/corruptions.md` from what is registered: `python -m tests.matrix.page` writes it anew, a test holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dq_fixtures.corruptions import CORRUPTIONS, GROUPS, NEUTRAL, NEUTRAL_GROUPS, checks
from dq_fixtures.corruptions.registry import BEFORE, CARRIED, FIRST, KEPT, LAST, NEXT, SECOND, UNCHANGED, Corruption

from .sabotage import SABOTAGES
from .surroundings import SURROUNDINGS

PAGE = Path(__file__).parents[2] / "docs" / "corruptions.md"

CONFIRMS = {
    "counts": "confirms `rows`, `keys` and `values`: while every row has its one counterpart and every column that slices it is equal, no count can differ. "
    "It is asked of each side alone, so it would stand if the comparison of rows were wrong.",
    "sums": "confirms `rows`, `keys` and `values` in the same way, net and gross: T05.both is seen by the gross sum and not by the net one. "
    "Sums a person, by month and in total do the same for `attribution` and `instants`.",
    "invariant.on_sale": "confirms `products.rows` and `retired_products.rows`: a product that is sold and retired is too many in one of them.",
}
"""Checks that are never alone, by their kind or its first word, and what they are there for."""

ASKED = {BEFORE: "gate for batch 1", NEXT: "gate for batch 2", SECOND: "batch 2, moved second", CARRIED: "gate for batch 3", LAST: "everything moved"}
ASKED |= {KEPT: "gate for batch 3, with batch 1's crosswalk of before", UNCHANGED: "gate for batch 2, with the same crosswalk before"}

HEAD = """# Corruptions

`make matrix` lets every corruption of this page loose on a copy of the clean demo, seals the copy, runs `dq` on it and holds the run against what the
corruption had to bring about. It must find **exactly that**: the checks named here are not PASSED and every other check is; the counts, the row
statuses, the slices of counts and sums and every key in `restricted/findings.parquet` are the expected ones, and no others. What is expected comes from
the corruption's own SQL, never from `dq`. Then it makes every change that is none, and nothing may be found.

```sh
make matrix                             # everything; exit status 0 only if all is as it must be
make matrix ALONE=1                     # every case in a run of its own: four times as long
.venv/bin/python -m tests.matrix A03 K  # what begins so
```

Cases that break different checks share a run, and what a shared run finds otherwise is asked again of each alone. What one of a share brings about and
another was to bring about anyway, only ALONE=1 shows. A third of the shared runs plant canaries, and every case that runs alone does.

`make matrix-random N=1000 SEED=4711` draws two to five of those that change the open stores or persons' files at once, on demos of other seeds, and in every
second draw up to six chances beside them: rows and values that are lost, repeated, exchanged or off by lot, anywhere in the four stores. It holds every
outcome, count, status, slice and key of the run against a slow oracle in plain Python (`tests/oracle`), which shares nothing with the engine. It ends with
`agreed 1000 of 1000, seed 4711`; a draw that disagrees is named with the seed that draws it alone. What changes the shape of a store (its tables,
columns and types) is not drawn: the oracle knows rows.

The last line of `make matrix` reads `caught 9 of 9, alarms on neutral 0 of 3` with the numbers of the day. A corruption is a small function in
`fixtures/corruptions/`: it changes the open stores (or the sealed files, or a copy of the contract) and returns what must be found. To add one, write it
there and write this page anew with `python -m tests.matrix.page`.

Where nothing else is said, batch 1 has moved and is compared. **FAILED** is plain, *NOT PROVEN* is in italics; `orders.*` in italics is everything about an
entity but its schema. "exit 2" and "exit 3" are refused before there is a record.
"""

LIMITS = """## What cannot be seen

- A row that the target was given after the baseline, with an id that no crosswalk names and a key that no source row has, is by definition the target's own
  new row, unless it is a row of the source once more (M.twice.…). Where anything else of it was changed too, or it has no owner (products) or no instant,
  only what is missing, or does not add up, tells of it (A02.changed, T04). It is counted as native, and listed.
- A mapping that was exchanged together with the target's rows, where nobody kept the crosswalk of before (XB.…): the rows are those that the crosswalk names.
- Points that an entry of the target's own says a person earned since are taken for earned: whether they were is the target's affair (N16.points).
- An order, coupon or product of the target's own that has had the number, code or article number of one that has moved: both are told by their ids, and
  nothing says that the target has the key twice. The gate before the move does (G.room.…), but of products. (Entries are told by their key: there it is a
  `duplicate`.)
- A row of the target's own that the migration overwrote and gave a newer change time counts as changed by its owner.
- A key that stands twice in a JSON is told where the two texts differ (R15). Where both sides hold the same text, they are the same.
- Two accounts that became one person are compared as that person (N20): what one of them had and the other had is not told apart.
- `natives` says PASSED where the baseline has no row at all (S04): a target may well be new. The entity's other checks are NOT PROVEN if nothing moved either.
- Rows that are not fit to move, or for which there is no room, are counted by the gate (G.…), and are in no findings; so are orders after the freeze before
  the first batch (Y.gate).
- A baseline that is too late is told by rows that have a map and a key beside their id (Y.baseline): orders, coupons, products. Of entries and reviews alone it
  would be told as what it does to them.
"""


def render() -> str:
    """Return the page."""
    return "\n".join((HEAD, *_corruptions(), *_sabotages(), *_neutral(), *_alone(), LIMITS)).rstrip() + "\n"


def kind_of(check: str) -> str:
    """Return what a check is, whatever entity it is of: `values`, `sums.price`, `invariant.total`; the canaries are one kind, and so is fitness."""
    first, _, rest = check.partition(".")
    kind = rest if first in checks.ENTITIES else check
    return kind.partition(".")[0] if kind.startswith(("canary.", "fit.")) else kind


def kinds() -> tuple[str, ...]:
    """Return every kind of check, in the order in which entities and stores have them."""
    return tuple(dict.fromkeys(map(kind_of, (*(check for entity in checks.ENTITIES for check in checks.of(entity)), *checks.WHOLE, "fit", "room"))))


def confirms(kind: str) -> str | None:
    """Return what a kind of check confirms that is never alone."""
    return CONFIRMS.get(kind, CONFIRMS.get(kind.partition(".")[0]))


def alone(kind: str) -> list[str]:
    """Return the corruptions, and the runs with a blind comparison, in which checks of one kind are all that tells.

    Where the schema FAILED, what is NOT PROVEN because of it tells nothing of its own. A check that crashed or did not run is not meant.
    """
    told = {one.id: one.fails if "schema" in map(checks.kind_of, one.fails) else one.checks for one in CORRUPTIONS.values()}
    told |= {one.id: tuple(item.check for item in one.expected(())) for one in SABOTAGES.values() if one.id.startswith("F36") and one.on is None}
    return [name for name, found in told.items() if found and {kind_of(check) for check in found} == {kind}]


def _corruptions() -> Iterator[str]:
    for module in GROUPS:
        name = module.__name__.rpartition(".")[2]
        heading = name.replace("_", " ").capitalize()
        said = _said(module.__doc__).removeprefix(f"{heading}: ").removeprefix(f"The {heading.lower()}: ")
        yield f"## {heading}\n"
        yield f"{said[:1].upper()}{said[1:]}\n"
        yield from _table(("id", "what goes wrong", "what must tell"), ((one.id, one.what, _told(one)) for one in CORRUPTIONS.values() if one.group == name))


def _sabotages() -> Iterator[str]:
    yield "## The comparison itself\n"
    yield "The stores are clean, or broken in one known way, and the run is spoilt: what it then says must prove nothing.\n"
    lines = []
    for one in SABOTAGES.values():
        told = _collapsed(one.expected(()), italic=True) if one.on is None else f"on {one.on}"
        lines.append((one.id, f"{one.what[:1].upper()}{one.what[1:]}.", told))
    yield from _table(("id", "what goes wrong", "what must tell"), lines)


def _neutral() -> Iterator[str]:
    yield "## Neutral changes\n"
    yield "After these, every check is PASSED. Where the content is the same, so are the bytes of every file of the run.\n"
    head = ("id", "what changes", "what is seen")
    for module in NEUTRAL_GROUPS:
        yield f"{_said(module.__doc__).removesuffix(' Nothing may be found.')}\n"
        some = [one for one in NEUTRAL.values() if one.group == module.__name__.rpartition(".")[2]]
        yield from _table(head, ((one.id, one.what, "same bytes" if one.same else f"counted: `{one.counted[1]}`" if one.counted else "silent") for one in some))
    yield "Other surroundings, for the clean and the broken demo.\n"
    yield from _table(
        head,
        ((name, f"{one.what[:1].upper()}{one.what[1:]}.".replace("?.", "?"), "same bytes" if one.same else "silent") for name, one in SURROUNDINGS.items()),
    )


def _alone() -> Iterator[str]:
    yield "## Which check is the only one to tell\n"
    yield "Without the check nobody would have seen these. One that is never alone is there to confirm others, and says which.\n"
    shown = 6
    lines = []
    for kind in kinds():
        found = alone(kind)
        more = f" and {len(found) - shown} more" if len(found) > shown else ""
        lines.append((f"`{kind}`", str(len(found)), ", ".join(found[:shown]) + more if found else str(confirms(kind))))
    yield from _table(("check", "alone in", "the only one to tell of, or what it confirms"), lines)


def _told(one: Corruption) -> str:
    if one.refused is not None:
        return f"exit {one.refused.exit_status}"
    told = ", ".join(part for part in (_collapsed(one.fails), _collapsed(one.unproven, italic=True)) if part)
    return f"{told} ({ASKED[one.stage]})" if one.stage != FIRST else told


def _collapsed(found: Iterable[object], *, italic: bool = False) -> str:
    """Return checks as a list in which an entity whose every check but the schema is there is one item."""
    left = list(dict.fromkeys(item if isinstance(item, str) else str(getattr(item, "check", item)) for item in found))
    parts: list[str] = []
    for entity in checks.ENTITIES:
        whole = checks.rest(entity)
        if all(check in left for check in whole):
            parts.append(f"{entity}.*")
            left = [check for check in left if check not in whole]
    mark = "*" if italic else ""
    return ", ".join(f"{mark}`{part}`{mark}" for part in (*left, *parts))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    yield ""


def _said(doc: str | None) -> str:
    return (doc or "").strip().splitlines()[0]


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
