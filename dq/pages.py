"""The one place for a run's pages beside its record: in the language that was asked for, and one with values for those who may see them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from dq.contract.models import Contract
from dq.contract.reading import read_contract
from dq.errors import UsageError
from dq.explaining import queries_of
from dq.folder import FINDINGS
from dq.record import Record
from dq.report.language import ENGLISH, language_of

PAGE: Final = "report.html"
RESTRICTED: Final = Path("restricted") / PAGE


def queries_behind(record: Record, contract: Contract) -> Mapping[str, str]:
    """Return check id to its query, of the checks that are broken or not proven; none where the contract is not the record's."""
    if contract.digest != record.contract:
        return {}
    return queries_of(contract, [check.id for check in record.checks if check.outcome.exit_status])


def queries_at(record: Record, contract: Path) -> Mapping[str, str]:
    """Return what `queries_behind` does, of the contract in a folder; none where there is no contract that can be read: a page has none, then."""
    with suppress(UsageError):
        return queries_behind(record, read_contract(contract))
    return {}


def keep_page(folder: Path, content: str, *, language: str) -> Path:
    """Return where the page stands in a run's folder; where report.html is another, it is written beside it, named by its language.

    Raises:
        UsageError: it cannot be written.
    """
    written, beside = content.encode(), folder / f"report.{language}.html"
    for path in (folder / PAGE, beside):
        if path.is_file() and path.read_bytes() == written:
            return path
    put_page(beside, written)
    return beside


def put_page(path: Path, written: bytes) -> None:
    """Write a page that everybody may read, all of it or nothing. Raises UsageError where it cannot be written there."""
    left = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".page-", delete=False) as file:
            left = Path(file.name)
            file.write(written)
        left.chmod(0o644)
        left.replace(path)
    except OSError as error:
        if left is not None:
            left.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written ({(error.strerror or 'no reason given').lower()})") from None


def page_again(folder: Path, record: Record, *, language: str | None, show_values: bool, contract: Path) -> Path:
    """Return a run's page, made again where another language or its values are asked for.

    Args:
        folder: the run's.
        record: the run's.
        language: of the page; None: as it stands in the folder.
        show_values: with keys and values, for its owner alone.
        contract: where the run's contract may be, which has the queries.
    """
    if language is None and not show_values:
        return folder / PAGE
    from dq.report.html import render_html  # noqa: PLC0415 - only where a page is made

    language = language_of(language or ENGLISH).code
    queries = queries_at(record, contract)
    if show_values:
        return write_restricted(folder, record, language=language, queries=queries)
    return keep_page(folder, render_html(record, language=language, queries=queries), language=language)


def write_restricted(folder: Path, record: Record, *, language: str, queries: Mapping[str, str]) -> Path:
    """Write the page with keys and values of the examples, for its owner alone (mode 0600), and return where it stands.

    Raises:
        UsageError: the findings are not there, or it cannot be written.
    """
    from dq.report.exports import private_file  # noqa: PLC0415 - only where values are asked for
    from dq.report.html import render_html  # noqa: PLC0415
    from dq.report.values import read_values  # noqa: PLC0415

    path = folder / RESTRICTED
    content = render_html(record, language=language, queries=queries, values=read_values(folder / FINDINGS, record))
    with private_file(path) as file:
        file.write(content.encode())
    return path
