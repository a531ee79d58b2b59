"""The one place where a run begins: its contract read, its snapshots opened and hashed; what answers it is loaded meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.settings import Settings
from dq.stores.opening import Opened, find_snapshots, open_snapshots, snapshot_paths

if TYPE_CHECKING:
    from dq.asking import Command
    from dq.compare.evidence import Crash
    from dq.compare.signed import BatchSignOff, Carried
    from dq.judgement.countersigning import Countersigned
    from dq.record import Record
    from dq.signoff.keys import Signer

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made; nothing of it changes the record but `as_of` and the snapshots."""

    runs: Path = Path("runs")
    snapshots: Mapping[str, Path] = field(default_factory=dict)  # side to file, instead of the contract's
    as_of: datetime | None = None
    settings: Settings = field(default_factory=Settings)
    told: Told = lambda _: None  # called with what is done next
    only: tuple[str, ...] = ()  # compare these entities alone: nothing is proven then; none: all
    language: str = "en"  # of report.html
    signed: Countersigned = field(default_factory=dict)  # waiver to who signed for it: a gate needs those of its waivers
    show_values: bool = False  # write a page with values as well, for its owner alone
    signoffs: tuple[BatchSignOff, ...] = ()  # of every batch before the gate's, where the contract asks for them
    carries: bool = False  # take the digests of what stands in the target, to be signed
    signer: Signer | None = None  # the validator's key, which attests the run; None: nobody does
    lock: Path | None = None  # the lock file that the libraries were installed from, which the attestation names


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that was recorded."""

    record: Record
    folder: Path
    crashes: tuple[tuple[str, Crash], ...]
    page: Path  # the report in the language asked for; with values, where they were asked for
    carried: Carried | None = None  # what stands in the target of the batch; None where nobody asked, or it could not be told
    parity: Path | None = None  # the parity statement, where a validator's key was given


def run_contract(folder: Path | str, *, command: Command = "run", batch: int | None = None, options: Options | None = None) -> Finished:
    """Compare (run) or gate a batch, and publish the run's folder.

    Args:
        folder: the contract.
        command: `run` compares a batch, or all that has moved; `gate` asks whether a batch may start.
        batch: which; needed by `gate`.
        options: where and how.

    Raises:
        ContractError, UsageError: also of a snapshot in the options that is missing, or not what its manifest says (exit 2).
        SnapshotError: one that the contract names is missing, or not what its manifest says; one that is of another store, batch or time (exit 3).
        NotReproducedError: the same inputs gave another record before (exit 3).
    """
    options = options or Options()
    started = datetime.now(tz=UTC)
    contract = read_contract(folder)
    with opened_stores(contract, options, meanwhile=_load) as opened:
        from dq.publishing import answer_and_publish  # noqa: PLC0415 - loaded by now, see `_load`

        return answer_and_publish(contract, opened, command=command, batch=batch, options=options, started=started)


def steps_told(contract: Contract, *, command: Command) -> int:
    """Return how often `Options.told` is called at most: see `dq.publishing`, and twice for each entity in `dq.measuring`."""
    return 5 + 2 * len(contract.entities) + (1 if command == "gate" else 0)


@contextmanager
def opened_stores(contract: Contract, options: Options, *, meanwhile: Callable[[], object] = lambda: None) -> Iterator[dict[str, Opened]]:
    """Yield the snapshots, opened and hashed; they are let go at the end. Something else may be done while they are hashed."""
    paths = snapshot_paths(contract, options.snapshots)
    find_snapshots(paths, on_command_line=options.snapshots)
    options.told("digests of the snapshots")
    opened = open_snapshots(paths, on_command_line=options.snapshots, vouched=_vouching(contract), meanwhile=meanwhile)
    try:
        yield opened
    finally:
        for item in opened.values():
            item.close()


def _load() -> None:
    """Import what a run needs once its snapshots are hashed, and take the digest of our own code: the cores have time for both."""
    import_module("dq.publishing")
    import_module("dq.asking").versions()


def _vouching(contract: Contract) -> Callable[[Opened], None]:
    """Return what checks a snapshot's exporter, where there is a roster."""
    if not contract.has_roster:
        return lambda _: None
    from dq.signoff.exporter import vouching  # noqa: PLC0415 - the signature library loads only where something is signed

    return vouching(contract.folder)
