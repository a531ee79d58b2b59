"""What is asked aside is answered as if it had been asked at once, in another thread where a core is left over; nothing of it outlives the asking."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from threading import Event, get_ident

import pytest

from dq.answering import attached
from dq.aside import aside
from dq.engine import Engine, open_engine
from dq.errors import EngineError
from dq.settings import Settings
from dq.sql import Query

SLOW = Query("SELECT sum(hash(i)) FROM range(1000000000000) AS t(i)", step="slow")

PANDAS = """
import sys
from dq.aside import aside
from dq.engine import open_engine
from dq.settings import Settings
from dq.sql import Query

def many(engine):
    return [engine.one(Query("SELECT $1", (number,))) for number in range(500)]

engine = open_engine({}, settings=Settings(threads=1))
engine.spares = True
with aside(engine) as later:
    answer = later(many)
    assert many(engine) == answer()
print(["pandas" in sys.modules])
"""


@pytest.fixture(params=[False, True])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = open_engine({}, settings=Settings(threads=1))
    engine.spares = request.param
    yield engine
    engine.close()


def _asked(engine: Engine, sql: str, *, step: str = "") -> tuple[object, int]:
    return engine.one(Query(sql, step=step))[0], get_ident()


def test_what_is_asked_aside_sees_what_was_made_before_and_is_answered_by_another_thread_where_a_core_is_left(engine: Engine) -> None:
    engine.execute(Query("CREATE TABLE made AS SELECT 7 AS n"))
    with aside(engine) as later:
        first = later(_asked, "SELECT n FROM made", step="first")
        second = later(_asked, "SELECT n + 1 FROM made")
        assert (second()[0], first()[0]) == (8, 7)
        assert second.__name__ == "_asked"  # a crash is told by its step and its function
        assert (first()[1] != get_ident()) == engine.spares
    assert "first" in [step for step, _ in engine.profile]


@pytest.mark.parametrize(("cores", "threads", "spares"), [(2, None, True), (1, None, False), (2, 1, False)])
def test_a_core_is_left_over_where_tables_are_worth_fewer_and_nobody_said_how_many(
    cores: int, threads: int | None, *, spares: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
    with attached({}, settings=Settings(threads=threads)) as engine:
        assert engine.spares == spares


def test_an_error_is_raised_where_the_answer_is_wanted(engine: Engine) -> None:
    with aside(engine) as later:
        answer = later(_asked, "SELECT 1 FROM missing", step="a step")
        with pytest.raises(EngineError, match="a step: Catalog Error: Table with name missing"):
            answer()


def test_who_fails_meanwhile_waits_for_nothing(engine: Engine) -> None:
    begun = Event()

    def slow(engine: Engine) -> None:
        begun.set()
        engine.execute(SLOW)

    def fail() -> None:
        with aside(engine) as later:
            later(slow)
            later(_asked, "SELECT 1", step="never")
            assert begun.wait(60) == engine.spares if engine.spares else not begun.is_set()
            engine.execute(Query("SELECT count(*) FROM range(1000000)"))  # long enough for the slow one to have begun in the engine
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert "never" not in [step for step, _ in engine.profile]


def test_two_threads_that_bind_values_keep_pandas_away_until_both_are_done() -> None:
    done = subprocess.run([sys.executable, "-c", PANDAS], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[False]\n", "")
