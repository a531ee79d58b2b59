"""Calls of the command line that are ended from outside: by a signal in the middle of a query, or killed at a random moment."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable

from small import environment

SEED = 20241212
TIMES = 12
SLOW = "SELECT sum(hash(i)) FROM range(1000000000000) AS t(i)"

# Imports everything once and forks: each child is a call of the command line that is ended somewhere, or left alone.
DRIVER = f"""
import json, os, random, signal, sys, threading, time
import dq.cli, dq.publishing, dq.result, dq.report.html, dq.stores.duckdb_file, polars, pyarrow
from dq.commands.lazily import load_all
from dq.engine import Engine
from dq.sql import Query

load_all()
plain = Engine.execute

def forked(call):
    pid = os.fork()
    if pid == 0:
        sys.stdout = open(os.devnull, "w")
        signal.alarm(60)  # one that hangs is a failure, and ends
        call()
    return pid

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def counted(arguments):
    '''How many queries a call takes, told by its exit status.'''
    calls = []
    def execute(self, query):
        calls.append(1)
        return plain(self, query)
    Engine.execute = execute
    dq.cli.status_of(arguments)
    os._exit(min(len(calls), 255))

def signalled(arguments, at, number):
    calls = []
    def execute(self, query):
        calls.append(1)
        if len(calls) == at:
            threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
            plain(self, Query({SLOW!r}, step=query.step))
        return plain(self, query)
    Engine.execute = execute
    dq.cli.main(arguments)

for line in sys.stdin:
    what, arguments, *rest = json.loads(line)
    if what == "count":
        found = ended(forked(lambda: counted(arguments)))
    elif what == "signal":
        found = ended(forked(lambda: signalled(arguments, *rest)))
    elif what == "time":
        started = time.monotonic()
        status = ended(forked(lambda: dq.cli.main(arguments)))
        found = [status, time.monotonic() - started]
    else:
        pid = forked(lambda: dq.cli.main(arguments))
        time.sleep(rest[0])
        os.kill(pid, signal.SIGKILL)
        found = ended(pid)
    print(json.dumps(found), flush=True)
"""


class Driver:
    """Calls of the command line, each in a process of its own that can be ended anywhere."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        )

    def ask(self, what: str, arguments: tuple[object, ...], *rest: object) -> object:
        """Make a call, end it, and return its exit status; see DRIVER."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([what, [str(argument) for argument in arguments], *rest]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> str:
        """End it and return all that its children said on standard error."""
        return self.process.communicate(timeout=60)[1]


def kill(driver: Driver, arguments: tuple[object, ...], after: Callable[[], None], *, times: int = TIMES) -> None:
    """Kill a call at random moments, and look each time."""
    took = min(_seconds(driver, arguments) for _ in range(3))  # the machine may have been busy with something else
    dice = random.Random(SEED)  # noqa: S311 - no secret
    statuses = []
    for _ in range(times):
        statuses.append(driver.ask("kill", arguments, dice.uniform(0, 1.1 * took)))
        after()
    assert statuses.count(-signal.SIGKILL) > times // 4


def _seconds(driver: Driver, arguments: tuple[object, ...]) -> float:
    took = driver.ask("time", arguments)
    assert isinstance(took, list)
    return float(took[1])
