"""The one place that writes `docs/reference/contract.md`: every key of a contract, from its models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from dq.contract.claims import Counts, Fit, Invariant, LedgerSum, Sums
from dq.contract.columns import FORMS
from dq.contract.migration import Batch, Limits, Migration, Outside
from dq.contract.models import PINNED, Column, Entity, Excluded, Merge, MoneyColumns, Reading
from dq.contract.stores import CrosswalkStore, ExportStore, Store, Stores
from dq.contract.types import MAX_PRECISION, SIMPLE, parse_type
from dq.contract.waivers import Cap, ExactRows, Waiver, WaiverFile
from dq.signoff.policy import Holder, Key, Person, Policy

from .fields import rows, said_of
from .pages import table

HEAD = ("key", "value", "default", "means")

# Heading, model, what no file says itself, and a line before the table.
MIGRATION: tuple[tuple[str, type[BaseModel], tuple[str, ...], str], ...] = (
    ("migration.toml", Migration, (), "One file a contract."),
    ("[stores]", Stores, (), "A table each, `[stores.source]` and so on."),
    ("[stores.source], [stores.target], [stores.baseline]", Store, (), "The same two keys in each."),
    ("[stores.crosswalk]", CrosswalkStore, (), ""),
    ("[stores.export]", ExportStore, (), ""),
    ("[limits]", Limits, (), ""),
    ("[[batches]]", Batch, (), ""),
    ("[[excluded]] of the migration", Outside, (), ""),
)
ENTITY: tuple[tuple[str, type[BaseModel], tuple[str, ...], str], ...] = (
    ("&lt;entity&gt;.toml", Entity, ("name", "exported"), "One file an entity, which is named by its file."),
    ("money", MoneyColumns, (), ""),
    ("A column", Column, ("name", "kind"), 'One key of `[columns]` each: `region = "VARCHAR"`, or a table with these keys.'),
    ("A side of a column", Reading, ("minor", "codes", "iso_numeric"), "Of an INSTANT. What the other types take stands under [types](#types)."),
    ("[merge]", Merge, (), ""),
    ("[later] and equals", LedgerSum, (), "`[later]` names a column of `[aggregate]` each, `equals` stands in an invariant."),
    ("[[excluded]] of an entity", Excluded, (), ""),
    ("[[sums]]", Sums, (), ""),
    ("[[counts]]", Counts, (), ""),
    ("[[invariant]]", Invariant, (), "It has one of three forms: `holds`; `unique`; or `column` and `equals`."),
    ("[[fit]]", Fit, (), "Which expectations there are, and which arguments are refused, stands in [expectations](expectations.md)."),
)
SIGNERS: tuple[tuple[str, type[BaseModel], tuple[str, ...], str], ...] = (
    ("signers.toml", Policy, (), "Whose signatures count; without it nothing signed is asked. [Signing off](../sign-off.md) explains it."),
    ("[[people]]", Person, (), ""),
    ("[[validators]], [[exporters]]", Holder, (), ""),
    ("keys", Key, (), "Of a person, a validator or an exporter: `[[people.keys]]`, or a list of inline tables."),
)
WAIVED: tuple[tuple[str, type[BaseModel], tuple[str, ...], str], ...] = (
    ("waivers.toml", WaiverFile, (), "It may be missing. How a waiver comes to be stands in [waivers](../waivers.md)."),
    ("[[waiver]]", Waiver, (), "It names its rows in one of two ways: `rows`; or `cause` and `at_most`."),
    ("rows of a waiver", ExactRows, (), ""),
    ("at_most", Cap, (), ""),
)
FILLED_IN: Mapping[tuple[type[BaseModel], str], tuple[str, str, str]] = {
    (Entity, "key"): ("`key`", "text or list of texts", "required"),
    (Entity, "columns"): ("`columns`", "table", "required"),
    (Counts, "name"): ("`name`", "text", ""),
    (Fit, "name"): ("`name`", "text", ""),
    (Fit, "arguments"): ("any other key", "as it takes it", ""),
}
"""Name, kind and default of what a file may say otherwise than the model has it: it is filled in when the file is read."""


def render() -> str:
    """Return the page, but for its first lines."""
    parts = [
        "# Contract keys\n",
        (
            "Every key of `migration.toml` and of an entity's TOML. [The contract](../contract.md) explains them by example; any other key, and a value of\n"
            "another kind, is an error that names the file, the key and the nearest known name (exit status 2).\n"
        ),
        *(part for section in MIGRATION for part in _section(*section)),
        *(part for section in ENTITY for part in _section(*section)),
        *_types(),
        *(part for section in WAIVED for part in _section(*section)),
        *(part for section in SIGNERS for part in _section(*section)),
        "## stores.lock.toml\n",
        "Written by `dq check --pin`, and read in review as a difference: a table `[side.table]` with column and type of every table of "
        + " and ".join((", ".join(f"`{side}`" for side in PINNED[:-1]), f"`{PINNED[-1]}`"))
        + ".\n",
    ]
    return "\n".join(parts)


def undescribed() -> list[str]:
    """Return the keys of which no model says what they mean."""
    return [
        f"{model.__name__}.{name}"
        for _, model, but, _ in (*MIGRATION, *ENTITY, *WAIVED, *SIGNERS)
        for name in model.model_fields
        if name not in (*but, *said_of(model))
    ]


def _section(heading: str, model: type[BaseModel], but: tuple[str, ...], line: str) -> Iterator[str]:
    yield f"{'##' if heading.endswith('.toml') else '###'} {heading}\n"
    if line:
        yield f"{line}\n"
    yield table(HEAD, ((*FILLED_IN.get((model, name.strip("`")), (name, kind, default)), said) for name, kind, default, said in rows(model, but=but)))


def _types() -> Iterator[str]:
    yield "### Types\n"
    yield "There are no floats. The SQL of a side returns the engine's type exactly, or the column says of the side what it returns instead.\n"
    types = [parse_type(name) for name in (*SIMPLE, "DECIMAL(18,2)")]
    yield table(("type", "the engine's", "or a side says"), ((f"`{one.text}`", f"`{one.sql}`", FORMS.get(one.name, "")) for one in types))
    yield f"A DECIMAL has up to {MAX_PRECISION} digits.\n"
