"""Files that are no sealed snapshot: each ends the call with its status and one clear line, and nothing is recorded."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from functools import reduce
from pathlib import Path

import duckdb
import pytest
from small import Dq, Small, assert_refused, flip

SEED = 20241212
HEADER = 12_288  # bytes: DuckDB's main header and its two database headers of 4,096 each


def _not_duckdb(small: Small) -> None:
    small.snapshot("source").write_bytes(b"code,note\n" * 2000)


def _empty(small: Small) -> None:
    small.snapshot("source").write_bytes(b"")


def _truncated(small: Small) -> None:
    file = small.snapshot("source")
    os.truncate(file, file.stat().st_size // 2)


def _longer(small: Small) -> None:
    with small.snapshot("source").open("ab") as stream:
        stream.write(b"\0")


def _other_version(small: Small) -> None:
    # Source: DuckDB documentation, "Storage": the storage version follows the 4 magic bytes
    with small.snapshot("source").open("r+b") as stream:
        stream.seek(12)
        stream.write((9999).to_bytes(8, "little"))


def _other_version_sealed(small: Small) -> None:
    """The version of a later engine, in a header that is whole, under a manifest that matches."""
    _other_version(small)
    with small.snapshot("source").open("r+b") as stream:
        header = stream.read(4096)
        stream.seek(0)
        stream.write(_checksum(header[8:]).to_bytes(8, "little"))
    small.match_file("source")


def _checksum(block: bytes) -> int:
    """Source: DuckDB, src/common/checksum.cpp, for blocks of whole words."""
    words = (int.from_bytes(block[place : place + 8], "little") for place in range(0, len(block), 8))
    return reduce(lambda found, word: found ^ (word * 0xBF58476D1CE4E5B9 % 2**64), words, 5381)


def _truncated_sealed(small: Small) -> None:
    _truncated(small)
    small.match_file("source")


def _only_magic(small: Small) -> None:
    small.snapshot("source").write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 4096)
    small.match_file("source")


def _wal(small: Small) -> None:
    small.snapshot("source").with_name("source.duckdb.wal").write_bytes(b"\0" * 16)


def _wal_link(small: Small) -> None:
    small.snapshot("source").with_name("source.duckdb.wal").symlink_to("nowhere")


def _symlink(small: Small) -> None:
    file = small.snapshot("source")
    file.rename(file.with_name("elsewhere.duckdb"))
    file.symlink_to("elsewhere.duckdb")


def _dangling(small: Small) -> None:
    small.snapshot("source").unlink()
    small.snapshot("source").symlink_to("nowhere.duckdb")


def _fifo(small: Small) -> None:
    small.snapshot("source").unlink()
    os.mkfifo(small.snapshot("source"))


def _folder(small: Small) -> None:
    small.snapshot("source").unlink()
    small.snapshot("source").mkdir()


def _no_manifest(small: Small) -> None:
    (small.folder / "source.manifest.json").unlink()


def _linked_manifest(small: Small) -> None:
    file = small.folder / "source.manifest.json"
    file.rename(small.folder / "elsewhere.json")
    file.symlink_to("elsewhere.json")


def _manifest_is_folder(small: Small) -> None:
    (small.folder / "source.manifest.json").unlink()
    (small.folder / "source.manifest.json").mkdir()


def _manifest_garbage(small: Small) -> None:
    (small.folder / "source.manifest.json").write_bytes(random.Random(SEED).randbytes(500))  # noqa: S311 - no secret


def _manifest_empty(small: Small) -> None:
    (small.folder / "source.manifest.json").write_bytes(b"")


def _manifest_list(small: Small) -> None:
    (small.folder / "source.manifest.json").write_text("[]")


def _manifest_deep(small: Small) -> None:
    (small.folder / "source.manifest.json").write_text("[" * 200_000)


def _manifest_twice(small: Small) -> None:
    file = small.folder / "source.manifest.json"
    file.write_text(file.read_text().replace('"side": "source"', '"side": "source", "side": "source"'))


def _manifest_huge(small: Small) -> None:
    os.truncate(small.folder / "source.manifest.json", 64 * 1024 * 1024 + 1)


def _manifest_unknown_key(small: Small) -> None:
    small.write_manifest("source", trust="me")


def _manifest_future_format(small: Small) -> None:
    small.write_manifest("source", format="dq.snapshot/2")


def _manifest_no_offset(small: Small) -> None:
    small.write_manifest("source", moment="2024-11-05T20:00:00")


def _manifest_no_moment(small: Small) -> None:
    small.write_manifest("source", moment="yesterday")


def _manifest_negative(small: Small) -> None:
    small.write_manifest("source", file_bytes=-1)


def _manifest_other_content(small: Small) -> None:
    small.write_manifest("source", content="0" * 64)


def _manifest_surrogate(small: Small) -> None:
    file = small.folder / "source.manifest.json"
    file.write_text(file.read_text().replace('"small"', '"\\ud800"'))


REFUSED: list[tuple[Callable[[Small], None], tuple[str, ...]]] = [
    (_not_duckdb, ("source.duckdb", "not a DuckDB file")),
    (_empty, ("source.duckdb", "not a DuckDB file")),
    (_truncated, ("source.duckdb", "bytes, its manifest says")),
    (_longer, ("source.duckdb", "bytes, its manifest says")),
    (_other_version, ("source.duckdb", "SHA-256", "source.manifest.json", "changed after it was sealed")),
    (_other_version_sealed, ("source.duckdb", "version number 9999")),
    (_truncated_sealed, ("source.duckdb",)),
    (_only_magic, ("source.duckdb",)),
    (_wal, ("source.duckdb.wal", "beside it", "seal the snapshot anew")),
    (_wal_link, ("source.duckdb.wal", "beside it")),
    (_symlink, ("source.duckdb", "symbolic link")),
    (_dangling, ("source.duckdb", "symbolic link")),
    (_fifo, ("source.duckdb", "not a regular file")),
    (_folder, ("source.duckdb", "not a regular file")),
    (_no_manifest, ("source.duckdb", "no manifest source.manifest.json")),
    (_linked_manifest, ("no manifest source.manifest.json",)),
    (_manifest_is_folder, ("no manifest source.manifest.json",)),
    (_manifest_garbage, ("source.manifest.json", "not a manifest")),
    (_manifest_empty, ("source.manifest.json", "not a manifest")),
    (_manifest_list, ("source.manifest.json: not a manifest",)),
    (_manifest_deep, ("source.manifest.json", "not a manifest")),
    (_manifest_twice, ("source.manifest.json", "stands twice")),
    (_manifest_huge, ("source.manifest.json", "larger than")),
    (_manifest_unknown_key, ("source.manifest.json", "trust")),
    (_manifest_future_format, ("source.manifest.json", "format", "dq.snapshot/1")),
    (_manifest_no_offset, ("source.manifest.json", "moment", "no offset")),
    (_manifest_no_moment, ("source.manifest.json", "moment")),
    (_manifest_negative, ("source.manifest.json", "file_bytes")),
    (_manifest_other_content, ("source.manifest.json", "the content's digest is not that of its tables")),
    (_manifest_surrogate, ("source.manifest.json", "not a manifest", "surrogates not allowed")),
]


@pytest.mark.parametrize(("spoil", "parts"), REFUSED, ids=[spoil.__name__.strip("_") for spoil, _ in REFUSED])
def test_what_is_no_sealed_snapshot_is_refused(plain: Small, run: Dq, spoil: Callable[[Small], None], parts: tuple[str, ...]) -> None:
    spoil(plain)
    assert_refused(run(plain), 3, *parts)
    assert plain.litter() == []


# What only the engine sees of a file that is as its manifest says, and whose it is: that is no matter of how the file was named.
WHOLE = (_other_version_sealed, _truncated_sealed, _only_magic)
BROKEN = [(spoil, parts) for spoil, parts in REFUSED if spoil not in WHOLE]


@pytest.mark.parametrize(("spoil", "parts"), BROKEN, ids=[spoil.__name__.strip("_") for spoil, _ in BROKEN])
def test_one_that_is_named_on_the_command_line_is_wrong_usage(plain: Small, run: Dq, spoil: Callable[[Small], None], parts: tuple[str, ...]) -> None:
    spoil(plain)
    named = [part for side in ("source", "target") for part in (f"--{side}", plain.snapshot(side))]
    assert_refused(run(plain, *named), 2, *parts)
    assert plain.litter() == []


@pytest.mark.parametrize(("spoil", "parts"), REFUSED[:3], ids=[spoil.__name__.strip("_") for spoil, _ in REFUSED[:3]])
@pytest.mark.parametrize("command", ["check", "gate"])
def test_check_and_gate_refuse_them_too(plain: Small, dq: Dq, command: str, spoil: Callable[[Small], None], parts: tuple[str, ...]) -> None:
    spoil(plain)
    arguments = ("--batch", 1, "--runs", plain.runs) if command == "gate" else ()
    assert_refused(dq(command, "--contract", plain.contract, *arguments), 3, *parts)


def test_a_missing_snapshot_of_the_contract_is_named_with_the_near_miss(plain: Small, run: Dq) -> None:
    plain.snapshot("source").rename(plain.folder / "sources.duckdb")
    assert_refused(run(plain), 3, "source snapshot", "source.duckdb", "no such file", "did you mean 'sources.duckdb'?")
    assert plain.litter() == []


def test_a_missing_snapshot_of_the_command_line_is_wrong_usage(plain: Small, run: Dq) -> None:
    assert_refused(run(plain, "--source", plain.folder / "suorce.duckdb"), 2, "source snapshot", "no such file", "did you mean 'source.duckdb'?")
    assert plain.litter() == []


def test_a_snapshot_in_a_folder_that_is_not_there_is_named(plain: Small, run: Dq) -> None:
    assert_refused(run(plain, "--target", "/nowhere/target.duckdb"), 2, "/nowhere/target.duckdb", "no such file")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/proc/self/mem"])
def test_a_device_is_no_snapshot(plain: Small, run: Dq, device: str) -> None:
    assert_refused(run(plain, "--source", device), 2, device)
    assert plain.litter() == []


def test_an_option_for_a_store_that_the_contract_does_not_name_is_wrong_usage(plain: Small, run: Dq) -> None:
    assert_refused(run(plain, "--baseline", plain.snapshot("target")), 2, "names no baseline store", "--baseline")


def test_the_same_file_on_both_sides_is_refused(plain: Small, run: Dq) -> None:
    assert_refused(run(plain, "--target", plain.snapshot("source")), 3, "source", "target", "the same snapshot")


def test_a_hard_link_is_the_same_file(plain: Small, run: Dq) -> None:
    plain.snapshot("target").unlink()
    os.link(plain.snapshot("source"), plain.snapshot("target"))
    shutil.copyfile(plain.folder / "source.manifest.json", plain.folder / "target.manifest.json")
    assert_refused(run(plain), 3, "the same snapshot")


def test_a_copy_of_the_source_is_no_target(plain: Small, run: Dq) -> None:
    shutil.copyfile(plain.snapshot("source"), plain.snapshot("target"))
    shutil.copyfile(plain.folder / "source.manifest.json", plain.folder / "target.manifest.json")
    plain.write_manifest("target", side="target", store="new")
    assert_refused(run(plain), 3, "the same snapshot")


def test_a_copy_of_the_source_that_differs_in_a_byte_nobody_reads_is_no_target(plain: Small, run: Dq) -> None:
    """The same rows in another file: the tables have other names in the other store, and that is what fails."""
    shutil.copyfile(plain.snapshot("source"), plain.snapshot("target"))
    with duckdb.connect(str(plain.snapshot("target"))) as connection:
        connection.execute("CREATE TABLE more (i INTEGER)")
    shutil.copyfile(plain.folder / "source.manifest.json", plain.folder / "target.manifest.json")
    plain.write_manifest("target", side="target", store="new")
    plain.match_file("target")
    said = run(plain)
    assert (said.status, plain.outcomes()["snapshot.target"]) == (3, "NOT PROVEN")


def test_a_bit_that_was_turned_anywhere_in_the_file_is_seen(plain: Small, run: Dq) -> None:
    file = plain.snapshot("source")
    dice = random.Random(SEED)  # noqa: S311 - no secret
    places = [*range(0, 24, 3), *(dice.randrange(HEADER, file.stat().st_size) for _ in range(52))]
    for place in places:
        bit = dice.randrange(8)
        flip(file, place, bit)
        said = run(plain)
        assert_refused(said, 3, "source.duckdb")
        flip(file, place, bit)
    assert (len(places), plain.litter()) == (60, [])
    assert run(plain).status == 0


def test_a_bit_turned_under_a_matching_manifest_is_no_pass(plain: Small, run: Dq) -> None:
    """Whoever rewrites the manifest too must still not be told that all is well where the engine reads damaged pages."""
    file = plain.snapshot("source")
    clean = file.read_bytes()
    dice = random.Random(SEED)  # noqa: S311 - no secret
    statuses = set()
    for _ in range(12):
        file.write_bytes(clean)
        flip(file, dice.randrange(HEADER, len(clean)), dice.randrange(8))
        plain.match_file("source")
        shutil.rmtree(plain.runs, ignore_errors=True)
        said = run(plain)
        assert said.status in (0, 3)  # 0: a byte that belongs to no row
        assert "Traceback" not in said.err
        statuses.add(said.status)
    assert 3 in statuses


@pytest.mark.parametrize("side", ["source", "target"])
def test_no_permission_to_read_is_said(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    """As root every file can be read, so the operating system's answer is put in its place."""
    opened = os.open

    def refuse(path: os.PathLike[str] | str, flags: int, *rest: int, **more: int) -> int:
        if Path(path).name == f"{side}.duckdb":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    assert_refused(run(plain), 3, f"{side} snapshot", f"{side}.duckdb", "permission denied")


def test_a_manifest_that_may_not_be_read_is_said(plain: Small, run: Dq, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text

    def refuse(self: Path, *args: object, **more: object) -> str:
        if self.name == "source.manifest.json":
            raise PermissionError(13, "Permission denied", str(self))
        return read(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "read_text", refuse)
    assert_refused(run(plain), 3, "source.manifest.json", "permission denied")


def test_a_name_that_no_file_can_have_is_wrong_usage(plain: Small, run: Dq) -> None:
    assert_refused(run(plain, "--source", "x" * 300 + ".duckdb"), 2, "source snapshot", "file name too long")
