"""What happened in the model, done once more with the command line, in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dq.errors import DqError
from dq.signoff.file import SIGN_OFFS, add_sign_off, listing, read_sign_offs
from tests.cli.small import Dq, Said, Small
from tests.signoff.signed import World as Signing
from tests.signoff.signed import write_key

from .law import is_proven
from .states import ROLES, TARGETS, Action, Made, Run, State, actions
from .world import World, gate_at, signed_at

TYPED: Mapping[int, str] = {1: "ID 1", 2: "GB 2"}


@dataclass
class Replay:
    """A folder with the migration, and the command line."""

    world: World
    dq: Dq
    folder: Path

    def __post_init__(self) -> None:
        """Lay it out as the model begins."""
        small = self.world.small
        shutil.copytree(small.contract, self.small.contract)
        for side in ("source", "baseline"):
            for file in small.folder.glob(f"{side}.*"):
                shutil.copy2(file, self.folder / file.name)
        for name in ("ci", *ROLES):
            write_key(self.folder, name)
        self._export("one")

    @property
    def small(self) -> Small:
        """The migration."""
        return Small(self.folder, "batched")

    def act(self, action: Action, state: State) -> None:
        """Do what an action of the model is, in a state."""
        after = dict(actions(state))[action]
        match action:
            case ("export", name):
                self._export(name)
            case ("waive", name):
                self._waive(None if name == "no more" else name)
            case ("validate", batch):
                self._validate(Made(int(batch), state.target, state.waiver))
            case ("sign", batch, _, _):
                self._sign(next(run for run in reversed(after.runs) if run.made.batch == int(batch)))
            case ("forget", place):
                path = self._run(state.runs[int(place)]) / SIGN_OFFS
                path.write_bytes(listing(read_sign_offs(path.read_bytes(), where="")[:-1]))
            case ("swap", place, file, other):
                shutil.copyfile(self._run(state.runs[int(other)]) / file, self._run(state.runs[int(place)]) / file)
            case ("lose", place, file):
                (self._run(state.runs[int(place)]) / file).unlink()

    def gate(self, state: State) -> Said:
        """Ask whether the next batch may start."""
        roster, agreed = self.world.rosters[state.roster], self.world.rosters["agreed"]
        pin = agreed.digest if state.roster == "not the pinned one" else roster.digest
        pinned = ("--policy", roster.path, "--policy-digest", pin, "--as-of", gate_at(state).isoformat())
        return self._dq("gate", "--batch", TARGETS[state.target].stage + 1, *pinned)

    def _dq(self, command: str, *more: object) -> Said:
        return self.dq(command, "--contract", self.small.contract, "--runs", self.small.runs, *more)

    def _export(self, name: str) -> None:
        for file in (self.world.small.folder / name).iterdir():
            (self.folder / file.name).unlink(missing_ok=True)
            shutil.copy2(file, self.folder / file.name)

    def _waive(self, author: str | None) -> None:
        (self.small.contract / "waivers.toml").unlink(missing_ok=True)
        if author is not None:
            shutil.copy2(self.world.contracts[author].folder / "waivers.toml", self.small.contract)

    def _validate(self, made: Made) -> None:
        said = self._dq("run", "--batch", made.batch, "--key", self.folder / "ci")
        assert (said.status == 0) is is_proven(made)

    def _sign(self, run: Run) -> None:
        """Sign as `dq sign` does; where it refuses, as somebody would who has the key and another tool."""
        word, folder = run.words[-1], self._run(run)
        signing = Signing(self.small, self.folder, run=folder)
        try:
            signing.sign(word.person, ROLES[word.person], now=signed_at(word), reason="no" if word.decision == "reject" else None, typed=TYPED[run.made.batch])
        except DqError:
            add_sign_off(folder, self.world.envelope(run.made, word))

    def _run(self, run: Run) -> Path:
        """Return its folder, which has the name that the model's has: the same inputs, the same id."""
        return self.small.runs / self.world.run(run.made)[0].name
