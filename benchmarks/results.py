"""The one place for measured races as files: each is written when it is done, so that a run which was killed goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import code, machine, versions
from benchmarks.measure import Timing
from benchmarks.table import Race

FOLDER = Path(__file__).with_name(".results")
_UNDERWAY = "underway.json"


@dataclass(frozen=True)
class Result:
    """A race, and where and when it was run."""

    race: Race
    about: Mapping[str, Any]  # machine, versions, command, rounds, at


@dataclass(frozen=True)
class Results:
    """The results of one number of rows, a file a race."""

    folder: Path

    def begin(self, settings: Mapping[str, Any], wanted: list[str]) -> list[str]:
        """Begin a run, or go on with one that was killed, and return the races of it that are done."""
        settings = {**settings, "code": code(), "wanted": wanted}
        underway = self.folder / _UNDERWAY
        if not underway.exists() or json.loads(underway.read_text(encoding="utf-8")) != settings:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in wanted:
                self._file(name).unlink(missing_ok=True)
            _write(underway, settings)
        return [name for name in wanted if self._file(name).exists()]

    def end(self) -> None:
        """End a run: the next one measures everything anew."""
        (self.folder / _UNDERWAY).unlink()

    def measured(self, name: str, run: Callable[[], Race], *, about: Mapping[str, Any]) -> Race:
        """Return a race: as it was measured in this run, or by running it now."""
        now = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M")
        self.once(name, lambda: {"race": _plain(run()), "about": {"machine": machine(), "versions": versions(), "at": now, **about}})
        return self.read()[name].race

    def once(self, name: str, run: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Return what was found in this run, as JSON keeps it, or find it now."""
        if not self._file(name).exists():
            _write(self._file(name), run())
        return self.found(name)

    def found(self, name: str) -> Mapping[str, Any]:
        """Return what was found the last time, as JSON keeps it; nothing where it was not looked for."""
        file = self._file(name)
        told: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return told

    def read(self) -> dict[str, Result]:
        """Return every race that has been measured, by name."""
        told = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(self.folder.glob("*.json"))}
        return {name: _result(found) for name, found in told.items() if "race" in found}

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _plain(race: Race) -> dict[str, Any]:
    """Return a race as JSON takes it; what the contenders answered has been judged, and is left out."""
    return asdict(replace(race, timings={name: replace(timing, answer=None) for name, timing in race.timings.items()}))


def _result(told: dict[str, Any]) -> Result:
    timings = {name: Timing(**{**timing, "seconds": tuple(timing["seconds"]), "cpu": tuple(timing["cpu"])}) for name, timing in told["race"]["timings"].items()}
    return Result(Race(**{**told["race"], "timings": timings}), told["about"])


def _write(file: Path, content: Mapping[str, Any]) -> None:
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    draft.rename(file)
