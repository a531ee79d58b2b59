"""The one place that asks the engine two things at once: what needs no answer yet is asked aside, where a core is left over.

Tables of fewer rows than one core reads at a time leave the other cores idle. Larger ones keep all cores and the memory busy: what would be
asked aside is then asked when its answer is wanted, and the answer is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from dq.engine import Engine

T = TypeVar("T")
P = ParamSpec("P")

_PATIENCE = 0.05  # seconds that a query has to end by itself


class Aside(Protocol):
    """Asks one thing after the other; what has been made in the engine is there, but for temporary tables."""

    def __call__(self, function: Callable[Concatenate[Engine, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        """Return what waits for the function's answer, and raises what it raised."""


@contextmanager
def aside(engine: Engine) -> Iterator[Aside]:
    """Yield what asks aside; what has no answer at the end is given up."""
    if not engine.spares:
        yield lambda function, /, *args, **kwargs: _answering(function, partial(function, engine, *args, **kwargs))
        return
    other = engine.beside()
    pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
    asked: list[Future[Any]] = []

    def later(function: Callable[Concatenate[Engine, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        answer = pool.submit(function, other, *args, **kwargs)
        asked.append(answer)
        return _answering(function, answer.result)

    try:
        yield later
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while wait([answer for answer in asked if not answer.cancelled()], timeout=_PATIENCE).not_done:
            other.interrupt()  # again and again: between two queries it is lost
        other.close()


def _answering(function: Callable[..., T], told: Callable[[], T]) -> Callable[[], T]:
    """Return what answers for a function, by the function's name."""

    @wraps(function)
    def answer() -> T:
        return told()

    return answer
