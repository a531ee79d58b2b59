"""The one place that writes `docs/reference/checks.md` and `expectations.md`: the parts of a check's id, every kind of check, and every expectation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc

from dq.expect import parity
from dq.expect.known import CHOICES, COMMON, IGNORE_ROW_IF, STOCK, Counts, Stock
from dq.expect.native import NATIVE
from dq.record import Outcome

from .pages import table

Class = type[parity.ParityExpectation]

WHOLE: Mapping[str, str] = {
    "snapshot": "snapshot.<side>",
    "coverage": "coverage.<side>",
    "crosswalk": "crosswalk.<name>",
    "calendar": "calendar.deadline",
    "canary": "canary.<entity>",
    "waivers": "waivers.<name>",
    "signoff": "signoff.<batch>",
    "carried": "carried.<batch>",
}
"""Checks that are no entity's own."""

PAST: Mapping[str, tuple[str, str]] = {
    "signoff": ("Of a gate with a roster: the batch before is attested, signed by enough people, and follows the one before it.", "roles that signed"),
    "carried": ("Of a gate with a roster: the batch's rows in today's target are those that were signed.", "rows that were signed"),
}
"""Kinds of a gate's signed past: what each claims, and what it looks at."""

NAMED = ("counts", "sums", "invariant", "fit")
"""Kinds of which an entity may have several, each with a name."""

SEVERITY: Mapping[str, str] = {
    **dict.fromkeys(("values", "attribution", "instants"), "the gravest of its columns"),
    "invariant": "its own",
}
"""Where a severity comes from; otherwise it is critical."""

LOOKS_AT: Mapping[Counts, str] = {
    "values": "values that are not NULL",
    "rows": "rows",
    "pairs": "rows that `ignore_row_if` leaves",
    "records": "rows that `ignore_row_if` leaves",
    "column": "a column as a whole",
    "table": "the table as a whole",
}

MEANS: Mapping[Outcome, str] = {
    Outcome.PASSED: "it was looked at, and nothing breaks it",
    Outcome.WAIVED: "it is broken, and somebody answers for it; only a failure can be [waived](../waivers.md)",
    Outcome.FAILED: "something breaks it: its `broken` says how many keys",
    Outcome.NOT_PROVEN: "nothing is known: a crash, an empty or too small population, a snapshot that does not hold, a canary that was missed",
}


def pattern(kind: str) -> str:
    """Return what the ids of a kind of check look like; what stands in brackets may be absent."""
    named = f".{kind}[.<name>]" if kind == "counts" else f".{kind}.<name>" if kind in NAMED else f".{kind}"
    return WHOLE.get(kind, f"<entity>{named}")


def kinds() -> dict[str, Class]:
    """Return every kind of parity check, and the expectation that asks it."""
    return {kind: cls for cls in parity.EXPECTATIONS for kind in cls.kinds}


def checks() -> str:
    """Return the page of checks, but for its first lines."""
    lines = [(f"`{kind}`", f"`{pattern(kind)}`", _said(cls, kind), cls.looks_at, SEVERITY.get(kind, "critical")) for kind, cls in kinds().items()]
    lines += [("`fit`", "`<entity>.fit.<name>`", "A claim of `[[fit]]` holds of the source's rows before they move.", "what the expectation says", "critical")]
    said = "No id and no key of the batch that is to start stands in the target, and its columns hold the values of it. Only where it has not moved."
    lines += [("`room`", "`<entity>.room`", said, "the batch's rows in the source", "critical")]
    lines += [("`waivers`", "`waivers.live`", "No waiver that concerns the run is for nothing. Only where there are any.", "those waivers", "critical")]
    lines += [("`waivers`", "`waivers.signed`", "Of a gate: every waiver that counts is signed for by its role.", "those that hold", "critical")]
    lines += [(f"`{kind}`", f"`{WHOLE[kind]}`", claim, looks_at, "critical") for kind, (claim, looks_at) in PAST.items()]
    parts = [
        "# Checks\n",
        "## The parts of a check's id\n",
        (
            "`<entity>.<kind>[.<name>]`: the entity as its file is called, the kind from the table below, a name where there are several of a kind: that\n"
            "of `[[counts]]`, `[[sums]]` (else its column), `[[invariant]]`, `[[fit]]`. What is no entity's begins with a word of its own: `snapshot`,\n"
            "`coverage`, `crosswalk`, `calendar`, `canary`, `waivers`, `signoff`, `carried`. So `coupons.sums.liability` is a sum of coupons,\n"
            "`crosswalk.batches` a table of the crosswalk.\n"
        ),
        "A row is named by entity and ordinal, `coupons#17`, never by its key. The same run gives the same names.\n",
        "## Kinds\n",
        (
            "What it looks at is its population, `looked_at` in the record: where it is nothing, or less than `at_least`, the check is NOT PROVEN.\n"
            "What a kind cannot see stands in [what each check cannot see](../blind-spots.md).\n"
        ),
        table(("kind", "id", "holds when", "looks at", "severity"), lines),
        "## Outcomes\n",
        "Declared from best to worst; the worst of all checks is the outcome of the run.\n",
        table(("outcome", "means", "exit status"), ((f"`{one.value}`", MEANS[one], str(one.exit_status)) for one in Outcome)),
    ]
    return "\n".join(parts)


def expectations() -> str:
    """Return the page of expectations, but for its first lines."""
    parts = [
        "# Expectations\n",
        "As classes and names of Great Expectations. How they are used stands in [Great Expectations](../great-expectations.md).\n",
        "## Parity expectations\n",
        (
            "In `dq.expect.parity`. Each takes `entity`, and `name` for one of several checks of its kind. Its result's `element_count` is the population of\n"
            "the checks that it asks, its `unexpected_count` what breaks them. `suite_of` sets the severity.\n"
        ),
        table(("expectation", "claims", "checks", "looks at", "severity"), (_class(cls) for cls in parity.EXPECTATIONS)),
        "Refused when one is made: " + ", ".join(f"`{name}`" for name in _refused()) + ".\n",
        "## Arguments that a `[[fit]]` refuses\n",
        "Great Expectations would answer wrongly with them, or not at all.\n",
        table(("argument", "why it is refused"), ((f"`{name}`", why) for name, why in COMMON.items())),
        "## Every stock expectation\n",
        (
            "What it looks at, the families of types that a column may have in a `[[fit]]`, and who answers there: `dq` in plain SQL, or Great\n"
            "Expectations; or why it is refused there.\n"
        ),
        table(("expectation", "looks at", "types", "arguments", "answered by"), (_stock(name, stock) for name, stock in STOCK.items())),
        *_choices(),
    ]
    return "\n".join(parts)


def _said(cls: Class, kind: str) -> str:
    """Return what a class says of one of its kinds: all of it, or the sentence that begins with the kind where it has several."""
    first, _, more = cleandoc(cls.__doc__ or "").partition("\n\n")
    told = {found[1]: found[2] for found in re.finditer(r"`(\w+)`: (.+?\.)(?= `|$)", " ".join(more.split()))} if len(cls.kinds) > 1 else {}
    return _sentence(told[kind]) if kind in told else " ".join((first, *more.split()))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _class(cls: Class) -> tuple[str, ...]:
    severity = dict.fromkeys(SEVERITY.get(kind, "critical") for kind in cls.kinds)
    first = cleandoc(cls.__doc__ or "").splitlines()[0]
    return f"`{cls.__name__}`", first, ", ".join(f"`{kind}`" for kind in cls.kinds), cls.looks_at, ", ".join(severity)


def _refused() -> Iterator[str]:
    """Yield the arguments that a parity expectation refuses, by asking it."""
    for name in COMMON:
        try:
            parity.ExpectKeysToMatch(entity="any", **{name: None})
        except ValueError as error:
            if "is refused" in str(error):
                yield name


def _stock(name: str, stock: Stock) -> tuple[str, ...]:
    if stock.refused:
        return f"`{name}`", f"refused: {stock.refused}", "", "", ""
    arguments = [f"`{argument}`" + ("" if place < stock.required else "?") for place, argument in enumerate(stock.arguments)]
    return f"`{name}`", LOOKS_AT[stock.counts], ", ".join(stock.on) if stock.counts != "table" else "", ", ".join(arguments), "dq" if name in NATIVE else "GX"


def _choices() -> Iterator[str]:
    yield "A `?` marks an argument that may be absent; of `min_value` and `max_value` one is needed. Some arguments take one of a few words:\n"
    words = [(f"`{name}`", some) for name, some in CHOICES.items()] + [(f"`ignore_row_if` of {counts}", some) for counts, some in IGNORE_ROW_IF.items()]
    yield table(("argument", "words"), ((name, ", ".join(f"`{word}`" for word in some)) for name, some in words))
