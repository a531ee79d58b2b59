"""The one place that catches everything: a step that crashes becomes a fact (`Crash`), and the other steps go on.

What a person must act on (contract, usage, snapshot, a machine that is too small) is no crash and passes through; so does an interrupt.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from dq.compare.evidence import Crash
from dq.errors import DqError, EngineError, ResourceError
from dq.interrupts import raise_if_ended

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(slots=True)
class Attempts:
    """Runs steps and remembers those that crashed."""

    crashes: list[tuple[str, Crash]] = field(default_factory=list)

    def __call__(self, step: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | Crash:
        """Return what the function returns, or a `Crash` with one line that holds no row's values."""
        try:
            found = function(*args, **kwargs)
        except ResourceError as error:
            raise ResourceError(f"{error} Give it more with --memory, or a disk with more room to --runs.", sql=error.sql) from error
        except EngineError as error:
            crash = Crash(f"the engine could not answer ({error})", detail=f"{traceback.format_exc()}\n{error.sql or ''}")
        except DqError:
            raise
        except Exception as error:  # noqa: BLE001 - see the module
            place = traceback.extract_tb(error.__traceback__)[-1]
            crash = Crash(f"the check crashed ({type(error).__name__} in {Path(place.filename).name}, line {place.lineno})", detail=traceback.format_exc())
        else:
            raise_if_ended()
            return found
        raise_if_ended()
        self.crashes.append((step, crash))
        return crash
