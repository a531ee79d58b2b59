"""The one place for peers: a description each in `peers/`, as data, and an environment each, installed from its own lock file with hashes."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import Ended

DESCRIPTIONS = Path(__file__).with_name("peers")
FOLDER = Path(__file__).with_name(".peers")
KINDS = ("files", "databases", "script")  # compares Parquet files; tables of a database; a script written for this benchmark
_CLOCK = re.compile(r"^\[[\d:]+\] ")  # a log line's time


class PeerError(Exception):
    """A peer that cannot be installed, or that gave no answer."""


@dataclass(frozen=True)
class Peer:
    """How a peer is called with two sides and a key, and how its answer reads."""

    name: str  # with its version
    says: str  # what it is, in a sentence
    kind: str  # of KINDS
    lock: str  # its lock file and its environment's folder
    requires: tuple[str, ...]  # what the lock file is made from; the first is the peer
    command: tuple[str, ...]  # {bin}, {here}, {source}, {target} (Parquet), {pair} (DuckDB with both as tables), {keys}
    each_key: tuple[str, ...]  # added for each column of the key, {key}
    each_value: tuple[str, ...]  # added for each other column, {column}
    differ: int  # the exit status by which it says that something differs
    equal: str | None  # what it prints, as a pattern, where nothing differs and it prints no numbers
    counts: tuple[str, ...]  # patterns of the numbers of rows changed, missing and extra
    often: bool  # run in every round, not only in the first

    @property
    def environment(self) -> Path:
        """Its virtual environment's folder."""
        return FOLDER / self.lock

    @property
    def needs_pair(self) -> bool:
        """Whether both sides must stand in one database."""
        return any("{pair}" in part for part in self.command)

    def arguments(self, *, source: Path, target: Path, pair: Path | None, keys: Sequence[str], values: Iterable[str]) -> tuple[str, ...]:
        """Return the command for two sides."""
        parts = [*self.command, *(part.replace("{key}", key) for key in keys for part in self.each_key)]
        parts += [part.replace("{column}", column) for column in values for part in self.each_value]
        places = {"bin": self.environment / "bin", "here": DESCRIPTIONS, "source": source, "target": target, "pair": pair, "keys": ",".join(keys)}
        for name, value in places.items():
            parts = [part.replace(f"{{{name}}}", str(value)) for part in parts]
        return tuple(parts)

    def answer(self, ended: Ended) -> int:
        """Return how many rows it found that differ. Raises PeerError where it gave no answer."""
        if self.equal and re.search(self.equal, ended.output):
            return 0
        found = [re.search(pattern, ended.output, re.DOTALL) for pattern in self.counts]
        if ended.status not in {0, self.differ} or not all(found):
            said = _CLOCK.sub("", (ended.errors.strip() or ended.output.strip() or "nothing was said").splitlines()[-1])[:200]
            raise PeerError(f"no answer, exit status {ended.status}: {said}")
        return sum(int(match[1].replace(",", "")) for match in found if match)


def read_peers(folder: Path | None = None) -> tuple[Peer, ...]:
    """Return every peer that is described, the ones that run in every round first."""
    peers = [_read(file) for file in sorted((folder or DESCRIPTIONS).glob("*.toml"))]
    return tuple(sorted(peers, key=lambda peer: (not peer.often, KINDS.index(peer.kind), peer.name)))


def install(peer: Peer, *, tell: Callable[[str], None] = print) -> None:
    """Install a peer where its lock file is not installed yet. Raises PeerError with pip's last line."""
    lock = DESCRIPTIONS / f"{peer.lock}.lock"
    done = peer.environment / "installed.lock"
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return
    tell(f"installing {peer.requires[0]}, once")
    pip = ("pip", "--python", str(peer.environment), "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(lock))
    for arguments in (("venv", "--clear", "--without-pip", str(peer.environment)), pip):
        made = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
        if made.returncode:
            raise PeerError(f"not installed: {(made.stderr.strip().splitlines() or ['no reason given'])[-1][:200]}")
    done.write_bytes(lock.read_bytes())


def _read(file: Path) -> Peer:
    told: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    _, version = told["requires"][0].split("==")
    return Peer(
        name=told["name"].format(version=version),
        says=told["says"],
        kind=told["kind"],
        lock=told.get("lock", file.stem),
        requires=tuple(told["requires"]),
        command=tuple(told["command"]),
        each_key=tuple(told.get("each_key", ())),
        each_value=tuple(told.get("each_value", ())),
        differ=told["differ"],
        equal=told.get("equal"),
        counts=tuple(told[count] for count in ("changed", "missing", "extra")),
        often=told.get("often", False),
    )
