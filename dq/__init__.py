"""Proves that one store was moved into another without losing a coupon, a point, an order or a review.

```python
import dq

run = dq.run("expectations", batch=1)
run                          # shows itself in Jupyter
run["coupons"].findings()    # a Polars frame: keys and values, for those who may see them
run.causes()                 # why, with rows and people
```
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dq.result import Run

__version__ = "0.1.0"
__all__ = ["gate", "open_run", "run"]


def run(
    contract: Path | str = "expectations",
    *,
    batch: int | None = None,
    runs: Path | str = "runs",
    snapshots: dict[str, Path | str] | None = None,
    as_of: datetime | None = None,
) -> Run:
    """Compare a batch, or all that has moved, and return the recorded run.

    Args:
        contract: the contract's folder.
        batch: a batch, from 1; None: all that has moved.
        runs: where run folders are kept.
        snapshots: side to file, instead of the contract's.
        as_of: judge time as of then, with offset; None: the target snapshot's moment.

    Raises:
        dq.errors.UsageError: wrong usage, or a contract that does not hold together.
        dq.errors.SnapshotError: a snapshot is missing, or is not what its manifest says.
    """
    from dq.result import recorded  # noqa: PLC0415 - the engine loads when it is needed

    return recorded("run", contract, batch=batch, runs=runs, snapshots=snapshots, as_of=as_of)


def gate(
    batch: int,
    contract: Path | str = "expectations",
    *,
    runs: Path | str = "runs",
    snapshots: dict[str, Path | str] | None = None,
    as_of: datetime | None = None,
) -> Run:
    """Ask whether a batch may start: the source is fit, and everything before it is proven. Takes and raises what `run` does."""
    from dq.result import recorded  # noqa: PLC0415 - as above

    return recorded("gate", contract, batch=batch, runs=runs, snapshots=snapshots, as_of=as_of)


def open_run(folder: Path | str) -> Run:
    """Return a run that was recorded before. Raises dq.errors.UsageError where the folder holds none."""
    from dq.folder import read_record  # noqa: PLC0415 - as above
    from dq.result import Run  # noqa: PLC0415

    return Run(Path(folder), read_record(Path(folder)))
