"""`python -m tests.mutants`: mutants of what compares and judges, one line for each that no test notices, and how many were killed of those tried.

Nothing is written to the package: a mutant lives in the memory of one process.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutants.making import Mutant, mutants_of
from tests.mutants.putting import source_of
from tests.mutants.trying import Tried, Trying

MODULES = (
    "dq/compare/*.py",
    "dq/judgement/*.py",
    "dq/record.py",
    "dq/recording.py",
    "dq/canaries/result.py",
    "dq/measuring.py",
    "dq/ground.py",
    "dq/attempts.py",
    "dq/fit.py",
    "dq/coverage.py",
    "dq/dating.py",
)
"""What compares, and what decides an outcome."""

TESTS = (
    "tests/compare",
    "tests/canaries",
    "tests/contract",
    "tests/diagnose",
    "tests/judgement",
    "tests/oracle/test_oracle_agrees.py",
    "tests/cli/test_cli_check.py",
    "tests/cli/test_cli_contents.py",
    "tests/cli/test_cli_export.py",
    "tests/cli/test_cli_identity.py",
    "tests/cli/test_cli_running.py",
    "tests/test_countdown.py",
    "tests/test_run.py",
)
"""What should notice, and runs in one process."""


def main(arguments: Sequence[str]) -> int:
    """Try what is asked for; return 0 where everything was tried, whatever survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--number", type=int, default=400, help="mutants that are drawn, as many of each module as its share is; 0: all")
    parser.add_argument("--seed", type=int, default=4711)
    parser.add_argument("--modules", nargs="*", default=[], help="files, or patterns of them, below this folder; else all that decide")
    parser.add_argument("--names", nargs="*", default=[], help="mutants by name, as a line says it, instead of drawing any")
    parser.add_argument("--tests", nargs="*", default=TESTS)
    parser.add_argument("--slow", action="store_true", help="ask slow tests too")
    parser.add_argument("--budget", type=float, default=45, help="seconds of tests for one mutant")
    parser.add_argument("--slowest", type=float, default=30, help="seconds: a test that takes longer is not asked")
    parser.add_argument("--seconds", type=float, default=0, help="try nothing new after so many seconds; 0: try all")
    parser.add_argument("--kept", type=Path, help="a folder that keeps which test runs which line, for the next time")
    parser.add_argument("--killed", action="store_true", help="tell the killed ones too")
    asked = parser.parse_args(arguments)
    files = modules(asked.modules or MODULES)
    every = [mutant for module in files for mutant in mutants_of(module, source_of(module))]
    drawn = named(every, asked.names) if asked.names else draw(every, asked.number, seed=asked.seed)
    say(f"{len(drawn):,} of {len(every):,} mutants, seed {asked.seed}")

    def told(one: Tried) -> None:
        if one.killer is None:
            say(f"SURVIVED {one.mutant}  ({f'{one.asked} tests' if one.asked else 'no test runs it'}, {one.seconds:.0f} s)")
        elif asked.killed:
            say(f"killed {one.mutant}  ({one.how}: {one.killer}, {one.asked} tests, {one.seconds:.1f} s)")

    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the temporary folder goes
    trying = Trying(drawn, told, slowest=asked.slowest, budget=asked.budget, seconds=asked.seconds, modules=files, kept=asked.kept)
    pytest.main(["-qq", "-p", "no:cacheprovider", "-m", "not browser" if asked.slow else "not browser and not slow", *asked.tests], plugins=[trying])
    for name in trying.failing:
        say(f"fails without a mutant: {name}")
    for line in table(trying.tried):
        say(line)
    say(f"{time.monotonic() - started:.0f} s")
    return 0 if trying.tried and not trying.failing else 1


def say(line: str) -> None:
    """Write a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def modules(patterns: Sequence[str]) -> list[str]:
    """Return the modules that patterns name, by name."""
    return sorted({path.as_posix() for pattern in patterns for path in Path().glob(pattern)})


def named(every: Sequence[Mutant], names: Sequence[str]) -> list[Mutant]:
    """Return mutants by their names, in that order. Raises KeyError."""
    by_name = {mutant.name: mutant for mutant in every}
    return [by_name[name] for name in names]


def draw(every: Sequence[Mutant], number: int, *, seed: int) -> list[Mutant]:
    """Return so many mutants, the same for the same seed; each is as likely as any other, so that a larger module has more."""
    if not number or number >= len(every):
        return list(every)
    return random.Random(seed).sample(every, number)  # noqa: S311 - it chooses what is tried


def table(tried: Sequence[Tried]) -> list[str]:
    """Return killed of tried, for each module and for all."""
    of: Counter[str] = Counter(one.mutant.module for one in tried)
    killed: Counter[str] = Counter(one.mutant.module for one in tried if one.killer is not None)
    lines = [f"{module:32} {killed[module]:5,} of {of[module]:5,}" for module in sorted(of)]
    sql = [one for one in tried if one.mutant.is_sql]
    lines.append(f"{'in SQL':32} {sum(one.killer is not None for one in sql):5,} of {len(sql):5,}")
    return [*lines, f"killed {killed.total():,} of {of.total():,}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
