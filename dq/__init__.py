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
    key: Path | str | None = None,
    lock: Path | str | None = None,
) -> Run:
    """Compare a batch, or all that has moved, and return the recorded run.

    Args:
        contract: the contract's folder.
        batch: a batch, from 1; None: all that has moved.
        runs: where run folders are kept.
        snapshots: side to file, instead of the contract's.
        as_of: judge time as of then, with offset; None: the target snapshot's moment.
        key: a validator's private key, which attests the run: parity.intoto.json, and of a batch carried.json; its passphrase is asked for where it has one.
        lock: with `key`, the lock file of what is installed; None: requirements/run.lock if it is there.

    Raises:
        dq.errors.UsageError: wrong usage, a contract that does not hold together, or a key that is no validator's.
        dq.errors.SnapshotError: a snapshot that the contract names is missing, or is not what its manifest says; of one named here it is a UsageError.
        dq.signoff.parity.NotAttestedError: the run is there, but cannot be attested.
    """
    from getpass import getpass  # noqa: PLC0415 - as below

    from dq.attesting import attested_by  # noqa: PLC0415 - the engine loads when it is needed
    from dq.result import options_of, recorded  # noqa: PLC0415

    options = attested_by(
        options_of(runs=runs, snapshots=snapshots, as_of=as_of),
        Path(contract),
        key=None if key is None else Path(key),
        lock=None if lock is None else Path(lock),
        ask=lambda: getpass(f"Passphrase of {key}: "),
    )
    return recorded("run", contract, batch=batch, options=options)


def gate(
    batch: int,
    contract: Path | str = "expectations",
    *,
    runs: Path | str = "runs",
    snapshots: dict[str, Path | str] | None = None,
    as_of: datetime | None = None,
    policy: Path | str | None = None,
    policy_digest: str | None = None,
    policy_ref: str | None = None,
) -> Run:
    """Ask whether a batch may start: the source is fit, everything before it is proven and, where there is a roster, signed and still as signed.

    Takes and raises what `run` does; nothing of it is attested.

    Args:
        batch: the batch that is to start, from 1.
        contract: the contract's folder.
        runs: where run folders are kept, those of the signed batches before among them.
        snapshots: side to file, instead of the contract's.
        as_of: judge time, sign-offs and keys as of then, with offset; None: the target snapshot's moment, and now for those who signed.
        policy: the roster; None: signers.toml in the contract's folder, where there is one.
        policy_digest: the SHA-256 that the roster must have; it or `policy_ref` is needed where there is a roster.
        policy_ref: the git ref at which the roster is read instead.
    """
    from dq.attesting import after_signed  # noqa: PLC0415 - as above
    from dq.result import options_of, recorded  # noqa: PLC0415
    from dq.signoff.pinned import Pin, agreed_digest  # noqa: PLC0415

    pin = Pin(None if policy is None else Path(policy), agreed_digest(policy_digest), policy_ref)
    options = after_signed(options_of(runs=runs, snapshots=snapshots, as_of=as_of), Path(contract), batch=batch, pin=pin)
    return recorded("gate", contract, batch=batch, options=options)


def open_run(folder: Path | str) -> Run:
    """Return a run that was recorded before. Raises dq.errors.UsageError where the folder holds none."""
    from dq.folder import read_record  # noqa: PLC0415 - as above
    from dq.result import Run  # noqa: PLC0415

    return Run(Path(folder), read_record(Path(folder)))
