"""The one place for whose word goes with a run, in Python as on the command line: the validator's who attests it, and those of the people before a gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dq.contract import read_contract
from dq.errors import UsageError
from dq.running import Options
from dq.signoff.chain import Past, countersigned, signed_past
from dq.signoff.keys import Ask, read_signer
from dq.signoff.parity import check_validator
from dq.signoff.pinned import Pin, pinned_roster
from dq.signoff.policy import POLICY, read_roster

LOCK = Path("requirements") / "run.lock"


def attested_by(options: Options, contract: Path, *, key: Path | None, lock: Path | None, ask: Ask) -> Options:
    """Return how a run is made that a validator's key attests; as they are where no key is given. Nothing has cost time yet.

    Args:
        options: how it is made otherwise.
        contract: its folder, with the roster that names the validators; any key attests where there is none.
        key: the file with the private key; None: nobody attests it.
        lock: the lock file of the libraries; None: requirements/run.lock where it is there.
        ask: called for the passphrase where the key is encrypted.

    Raises:
        UsageError: the key cannot be read or is no validator's, or there is no such lock file (exit 2).
    """
    if key is None:
        if lock is not None:
            raise UsageError("--lock: means nothing without --key")
        return options
    if lock is not None and not lock.is_file():
        raise UsageError(f"--lock: {lock}: no such file")
    signer = read_signer(key, ask=ask)
    check_validator(signer, read_roster(contract / POLICY) if (contract / POLICY).exists() else None)
    return replace(options, signer=signer, lock=lock or (LOCK if LOCK.is_file() else None))


def after_signed(options: Options, contract: Path, *, batch: int, pin: Pin) -> Options:
    """Return how a gate is asked that looks for what people signed of the batches before; as they are where there is no roster.

    Args:
        options: how it is asked otherwise; its runs are where the signed ones lie.
        contract: its folder.
        batch: the batch that is to start.
        pin: what says that the roster is the one that was agreed on.

    Raises:
        UsageError: nothing pins the roster (exit 2).
        ContractError: it is no roster (exit 2).
    """
    roster = pinned_roster(contract, pin)
    if roster is None:
        return options
    past = Past(options.runs, roster, pin.digest or roster.digest, options.as_of or datetime.now(tz=UTC))
    links = signed_past(read_contract(contract), past, before=batch)
    return replace(options, signoffs=tuple(link.sign_off for link in links), signed=countersigned(links))
