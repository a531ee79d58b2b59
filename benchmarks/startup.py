"""The one place for how long the commands take that a person waits for: help, verifying a signed run, and the gate, on the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import data
from benchmarks.bench import Bench, Entry, race
from benchmarks.contenders import Command
from benchmarks.measure import Opener
from benchmarks.table import Race
from tests.story.people import VALIDATOR, make_keys, write_roster

HELP, VERIFY, GATE = "dq --help", "dq verify, signed run of the demo", "dq gate, demo"
LIMITS = {HELP: 0.3, VERIFY: 1.5, GATE: 8.0}


def startup(bench: Bench) -> Race:
    """Whole processes, from their start to their end."""
    folder = signed_demo(tell=bench.tell)
    dq = _dq()
    contenders: dict[str, Opener] = {
        HELP: Command((dq, "--help"), exits=0),
        VERIFY: Command((dq, "verify", "latest"), exits=0, within=folder),
        GATE: Command((dq, "gate", "--batch", "2", "--runs", "{folder}", "--contract", "contract"), exits=0, within=folder),
    }
    return race(bench, Entry("start-up", contenders, dict.fromkeys(contenders, "dq"), HELP, seconds=LIMITS))


def signed_demo(*, tell: Callable[[str], None] = print, accounts: int = 2000) -> Path:
    """Return a folder with the demo's snapshots, two contracts (`expectations` has signers, `contract` has none), and batch 1 run and signed; made once."""
    done = data.FOLDER / f"demo-{accounts}"
    if done.exists():
        return done
    tell("making the demo, and signing its first batch, once")
    folder = done.with_name(f"{done.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _call(folder, "demo", "--snapshots", "snapshots", "--accounts", str(accounts))
    ours = Path(__file__).parent.parent / "expectations"
    for name in ("expectations", "contract"):
        shutil.copytree(ours, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.py", "signers.toml"))
    roster = folder / "expectations" / "signers.toml"
    write_roster(roster, make_keys(folder / "keys"))
    roster.write_text(roster.read_text(encoding="utf-8").partition("\n\n[[exporters]]")[0] + "\n", encoding="utf-8")  # `dq demo` seals without a key
    _call(folder, "run", "--batch", "1", "--key", f"keys/{VALIDATOR}")
    for person, role in (("sri", "data-owner"), ("budi", "business-owner")):
        _call(folder, "sign", "latest", "--role", role, "--key", f"keys/{person}", said="ID 1\n")
    folder.rename(done)
    return done


def _call(folder: Path, *arguments: str, said: str = "") -> None:
    done = subprocess.run([_dq(), *arguments], cwd=folder, input=said, text=True, capture_output=True, check=False, env={**os.environ, "COLUMNS": "200"})
    if done.returncode:
        raise RuntimeError(f"dq {arguments[0]}: exit status {done.returncode}: {done.stderr.strip() or done.stdout.strip()[-500:]}")


def _dq() -> str:
    return str(Path(sys.executable).with_name("dq"))
