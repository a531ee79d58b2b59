"""The one place where a contract folder is read: TOML into frozen models, every error one line with file, key and near miss."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dq.contract.base import TOO_LONG
from dq.contract.claims import Fit
from dq.contract.columns import read_columns
from dq.contract.cross import check_accounts, check_entity, check_export, check_migration
from dq.contract.explain import explained
from dq.contract.migration import Migration
from dq.contract.models import PINNED, SIDES, Contract, Entity
from dq.contract.waivable import check_waivers
from dq.contract.waivers import WAIVERS, Waiver, WaiverFile
from dq.errors import ContractError, near_miss

_FOLDER_FILES = ("migration.toml", "stores.lock.toml", WAIVERS, "signers.toml")
_M = TypeVar("_M", bound=BaseModel)
_LARGEST = 4 * 1024 * 1024  # bytes; a contract is written by hand
_DOTS = 200  # in a line: tomllib's time and memory grow with the square of a dotted key's length


def read_contract(folder: Path | str) -> Contract:
    """Read and check a contract folder. Raises ContractError (exit 2)."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ContractError("no such contract folder", file=folder)
    migration = _migration(folder)
    check_migration(migration, file="migration.toml")
    files = {path.stem: path for path in sorted(folder.glob("*.toml")) if path.name not in _FOLDER_FILES}
    for name in migration.entities:
        if name not in files:
            raise ContractError(f"'{name}' has no file {name}.toml{near_miss(name, files)}", file="migration.toml", key="entities")
    for name in files:
        if name not in migration.entities:
            message = f"'{name}' is not in migration.toml's entities{near_miss(name, migration.entities)}"
            raise ContractError(message, file=f"{name}.toml")
    exported = {path.stem for path in (folder / "sql" / "export").glob("*.sql")}
    entities = tuple(_entity(files[name], exported=name in exported) for name in migration.entities)
    sql = {(side, entity.name): _select(folder, side, entity.name) for entity in entities for side in (*SIDES, *(("export",) if entity.exported else ()))}
    _no_stray_sql(folder, set(sql))
    lock = folder / "stores.lock.toml"
    contract = Contract(
        folder=folder,
        migration=migration,
        entities=entities,
        sql=sql,
        pinned=_pinned(lock) if lock.exists() else None,
        digest=digest_of(file_digests(folder)),
        has_roster=(folder / "signers.toml").exists(),
        waivers=_waivers(folder / WAIVERS),
    )
    check_accounts(contract)
    for entity in entities:
        check_entity(entity, contract=contract)
    check_export(contract)
    check_waivers(contract)
    return contract


def read_waivers(text: str) -> tuple[Waiver, ...]:
    """Read the text of waivers.toml, each waiver by itself. Raises ContractError."""
    raw = _parsed(text, file=WAIVERS)
    _tables(raw, "waiver", WAIVERS)
    return _validated(WaiverFile, raw, file=WAIVERS).waiver


def make_waiver(raw: Mapping[str, Any]) -> Waiver:
    """Return one waiver of what would stand in waivers.toml. Raises ContractError with the key."""
    return _validated(Waiver, raw, file=WAIVERS)


def _waivers(path: Path) -> tuple[Waiver, ...]:
    if not path.exists() and not path.is_symlink():
        return ()
    if not path.is_file():
        raise ContractError("is no file", file=path.name)
    return read_waivers(_text(path))


def _migration(folder: Path) -> Migration:
    raw = _toml(folder / "migration.toml")
    stores = raw.get("stores", {})
    if isinstance(stores, dict):
        for store in stores.values():
            for key in ("snapshot", "before"):
                if isinstance(store, dict) and isinstance(store.get(key), str):
                    store[key] = folder / store[key]
    return _validated(Migration, raw, file="migration.toml")


def _entity(path: Path, *, exported: bool) -> Entity:
    raw = _toml(path)
    file = path.name
    if "name" in raw:
        raise ContractError("an entity is named by its file", file=file, key="name")
    if "exported" in raw:
        raise ContractError(f"an entity is exported where sql/export/{path.stem}.sql is there", file=file, key="exported")
    raw |= {"name": path.stem, "exported": exported}
    if isinstance(raw.get("key"), str):
        raw["key"] = [raw["key"]]
    if not isinstance(raw.get("key", []), list):
        raise ContractError("is a column, or a list of columns", file=file, key="key")
    raw["columns"] = read_columns(raw.get("columns"), key=raw.get("key", ()), file=file)
    raw["counts"] = [{"name": _sliced(item.get("by", ())), **item} if isinstance(item, dict) else item for item in _tables(raw, "counts", file)]
    raw["fit"] = [_fit(item, file=file, place=f"fit.{number}") for number, item in enumerate(_tables(raw, "fit", file))]
    for key in ("excluded", "sums", "invariant"):
        _tables(raw, key, file)
    return _validated(Entity, raw, file=file)


def _pinned(path: Path) -> dict[str, Any]:
    """Read the pinned schema: side to table to column to type."""
    raw = _toml(path)
    for side, tables in raw.items():
        if side not in PINNED:
            raise ContractError(f"unknown key{near_miss(side, PINNED)}", file=path.name, key=side)
        for table, columns in tables.items() if isinstance(tables, dict) else ():
            if not isinstance(columns, dict) or not all(isinstance(type_, str) for type_ in columns.values()):
                raise ContractError("is a table of columns and their types", file=path.name, key=f"{side}.{table}")
        if not isinstance(tables, dict):
            raise ContractError("is a table of tables", file=path.name, key=side)
    return raw


def _sliced(by: object) -> str:
    """Return what a count is called by its slices; what is no list of them is refused as such."""
    return "_".join(map(str, by)) if isinstance(by, list | tuple) else "counts"


def _fit(raw: Mapping[str, Any], *, file: str, place: str) -> Fit:
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise ContractError("needs 'type', the name of a Great Expectations expectation", file=file, key="fit")
    arguments = {key: value for key, value in raw.items() if key not in ("type", "name")}
    short = raw["type"].removeprefix("expect_").removeprefix("column_").removeprefix("values_to_").removeprefix("table_")
    column = arguments.get("column")
    name = raw.get("name", f"{column}.{short}" if column else short)
    try:
        return Fit(name=name, type=raw["type"], arguments=arguments)
    except ValidationError as error:
        raise explained(error, model=Fit, file=file, prefix=f"{place}.") from None


def _tables(raw: Mapping[str, Any], key: str, file: str) -> list[Any]:
    found = raw.get(key, [])
    if not isinstance(found, list):
        raise ContractError(f"is a list of tables: write [[{key}]]", file=file, key=key)
    return found


def _select(folder: Path, side: str, entity: str) -> str:
    path = folder / "sql" / side / f"{entity}.sql"
    if not path.is_file():
        there = [found.name for found in (folder / "sql" / side).glob("*.sql")]
        raise ContractError(f"missing SQL file{near_miss(path.name, there)}", file=f"sql/{side}/{entity}.sql")
    return _text(path)


def _no_stray_sql(folder: Path, known: set[tuple[str, str]]) -> None:
    for path in sorted((folder / "sql").glob("*/*.sql")):
        if (path.parent.name, path.stem) not in known:
            names = {entity for _, entity in known}
            raise ContractError(f"no entity of that name{near_miss(path.stem, names)}", file=path.relative_to(folder))


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ContractError("missing file", file=path.name)
    return _parsed(_text(path), file=path.name)


def _parsed(text: str, *, file: str) -> dict[str, Any]:
    if any(line.count(".") > _DOTS for line in text.splitlines()):
        raise ContractError("nested too deeply", file=file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"not TOML: {error}", file=file) from None
    except RecursionError:
        raise ContractError("nested too deeply", file=file) from None
    except ValueError:
        raise ContractError(TOO_LONG, file=file) from None


def _text(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise ContractError(f"larger than {_LARGEST} bytes", file=path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark of the byte order first
    except UnicodeDecodeError as error:
        raise ContractError(f"not UTF-8 at byte {error.start}", file=path.name) from None
    if "\0" in text:  # the engine reads nothing after it
        raise ContractError(f"a NUL character in line {text[: text.index(chr(0))].count(chr(10)) + 1}", file=path.name)
    return text


def _validated(model: type[_M], raw: Mapping[str, Any], *, file: str) -> _M:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise explained(error, model=model, file=file) from None


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a contract that decides, by its path in the folder."""
    paths = sorted({path for path in (*folder.glob("*.toml"), *(folder / "sql").glob("*/*.sql")) if path.is_file()})
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def digest_of(files: Mapping[str, str]) -> str:
    """Return the digest of a contract from those of its files, in their order."""
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()
