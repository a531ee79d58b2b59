"""The one place that looks at contract and snapshots without comparing: schema, types, coverage, fitness; pins and shows what it sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from dq.answering import attached, judge_snapshots, look_into_snapshots
from dq.asking import Question, ask
from dq.attempts import Attempts
from dq.compare.evidence import Crash
from dq.compare.schema import Catalogue
from dq.compare.sides import source_view, target_view
from dq.contract.models import PINNED, Contract, Entity
from dq.contract.reading import read_contract
from dq.coverage import make_ledger
from dq.dating import judge_freezes
from dq.engine import Engine, Row
from dq.errors import UsageError, near_miss
from dq.fit import judge_fitness
from dq.ground import Ground, lay_ground
from dq.judgement.claims import judge_schema
from dq.record import Check, Outcome
from dq.recording import judge_stores, snapshot_columns
from dq.running import Options, opened_stores
from dq.settings import Settings
from dq.sql import Query, path, quote

LOCK = "stores.lock.toml"


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks without comparison came to."""

    checks: tuple[Check, ...]
    crashes: tuple[tuple[str, Crash], ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of them."""
        return Outcome.worst(check.outcome for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A contract laid out on its snapshots."""

    engine: Engine
    contract: Contract
    question: Question
    ground: Ground
    attempts: Attempts


def check_contract(folder: Path | str, *, batch: int | None = None, options: Options | None = None) -> Checked:
    """Check schema, types, coverage and fitness; of one batch's source rows, or of all. Raises as `run_contract` does."""
    options = options or Options()
    with _laid_out(folder, options) as seen:
        numbers = [item.number for item in seen.contract.migration.batches]
        if batch is not None and batch not in numbers:
            raise UsageError(f"there is no batch {batch} ({f'1 to {max(numbers)}' if numbers else 'the contract has none'})")
        contents = look_into_snapshots(seen.engine, seen.question, attempt=seen.attempts)
        checks = [*judge_snapshots(seen.engine, seen.ground, seen.question, found=contents, attempt=seen.attempts)]
        checks += judge_stores(make_ledger(seen.contract, selects=seen.ground.selects, catalogue=snapshot_columns(seen.question.manifests)))
        checks += [judge_schema(item.entity, item.problems, pinned=item.pinned) for item in seen.ground.prepared]
        checks += judge_freezes(seen.engine, seen.ground, seen.question, attempt=seen.attempts)
        options.told("fitness of the source")
        checks += judge_fitness(seen.engine, seen.ground, batch=batch, attempt=seen.attempts)
        return Checked(tuple(checks), tuple(seen.attempts.crashes))


def pin(folder: Path | str, *, options: Options | None = None) -> Path:
    """Write every table, column and type of both stores to stores.lock.toml, and return its path."""
    contract = read_contract(folder)
    with _laid_out(folder, options or Options()) as seen:
        text = pinned_text(seen.ground.catalogue)
    file = contract.folder / LOCK
    draft = file.with_name(f".{LOCK}.part")
    draft.write_text(text, encoding="utf-8")
    draft.rename(file)
    return file


def pinned_text(catalogue: Catalogue) -> str:
    """Return a catalogue as TOML: a table for each table of a store, its columns in order."""
    lines = ["# Every table, column and type of both stores. Written by `dq check --pin`; read its changes in review."]
    for side in PINNED:
        for table, columns in sorted(catalogue.get(side, {}).items()):
            lines += ["", f"[{side}.{_key(table)}]", *(f"{_key(column)} = {_text(type_)}" for column, type_ in columns.items())]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class ShownView:
    """A view that the engine makes of an entity, and its first rows by key where they were asked for."""

    name: str
    sql: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def show_sql(folder: Path | str, name: str, *, rows: int = 0, options: Options | None = None) -> tuple[ShownView, ...]:
    """Return the views of an entity, each built on those before it; rows are those of both sides in the contract's types, of all batches.

    Raises:
        UsageError: there is no such entity.
    """
    with _laid_out(folder, options or Options()) as seen:
        entity = _entity(seen.contract, name)
        found: list[ShownView] = []
        for side in ("source", "target", "baseline"):
            for layer in ("raw", "own"):
                schema = f"{layer}_{side}"
                sql = seen.engine.execute(Query("SELECT sql FROM duckdb_views() WHERE schema_name = $1 AND view_name = $2", (schema, name), "views"))
                shown = rows if layer == "own" and side != "baseline" else 0
                found += [_shown(seen.engine, entity, schema, str(row[0]), rows=shown) for row in sql]
        scope = seen.ground.scope
        sides = {"source": source_view(entity, accounts=scope.accounts, absorbed=scope.absorbed), "target": target_view(entity)}
        return (*found, *(ShownView(f"{side}.{name}", laid_out(" ".join(sql.split()))) for side, sql in sides.items()))


def _shown(engine: Engine, entity: Entity, schema: str, sql: str, *, rows: int) -> ShownView:
    text = laid_out(sql.removesuffix(";").partition(" AS ")[2])
    if not rows:
        return ShownView(f"{schema}.{entity.name}", text)
    keys = ", ".join(quote(key) for key in entity.key)
    columns = ", ".join(f"CAST({quote(column.name)} AS VARCHAR)" for column in entity.columns)
    found = engine.execute(Query(f"SELECT {columns} FROM {path(schema, entity.name)} ORDER BY {keys} LIMIT {rows}", step="rows"))
    return ShownView(f"{schema}.{entity.name}", text, tuple(column.name for column in entity.columns), tuple(found))


def laid_out(sql: str) -> str:
    """Return one line of SQL with a line for each output column, table and condition; nothing in quotes or brackets is touched."""
    lines, depth, quoted, position = [""], 0, "", 0
    while position < len(sql):
        char = sql[position]
        word = "" if quoted or depth else next((word for word in _BREAKS if sql.startswith(word, position)), "")
        if word:
            lines.append(word.lstrip())
            position += len(word)
            continue
        quoted = ("" if char == quoted else quoted) if quoted else char if char in "'\"" else ""
        depth += 0 if quoted else (char == "(") - (char == ")")
        lines[-1] += char
        position += 1
        if char == "," and not quoted and not depth:
            lines.append("   ")
    return "\n".join(line.rstrip() for line in lines)


_BREAKS = (" FROM ", " LEFT JOIN ", " INNER JOIN ", " WHERE ", " GROUP BY ", " HAVING ")


@contextmanager
def _laid_out(folder: Path | str, options: Options) -> Iterator[_Seen]:
    contract = read_contract(folder)
    attempts = Attempts()
    with opened_stores(contract, options) as opened, TemporaryDirectory(prefix="dq-") as spill:
        manifests = {side: item.manifest for side, item in opened.items()}
        question = ask(contract, manifests, command="gate", batch=None, as_of=options.as_of)
        settings = Settings(options.settings.memory, options.settings.threads, Path(spill))
        with attached(opened, settings=settings) as engine:
            options.told("schema and types")
            asked = replace(question.asked, sizes={})  # no view is kept as a table: whoever asks may want to read it
            yield _Seen(engine, contract, question, lay_ground(engine, contract, asked=asked, attempt=attempts), attempts)


def _entity(contract: Contract, name: str) -> Entity:
    for entity in contract.entities:
        if entity.name == name:
            return entity
    raise UsageError(f"there is no entity '{name}'{near_miss(name, [entity.name for entity in contract.entities])}")


def _key(name: str) -> str:
    return name if name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
