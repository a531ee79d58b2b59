"""The one place that tells of a run who signed it: the report that begins with what verifying came to, as a page or on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dq.commands.arguments import moment
from dq.commands.console import progress, say, say_json
from dq.folder import read_record
from dq.past import find_run
from dq.report.language import ENGLISH, language_of


@dataclass(frozen=True, slots=True)
class Judged:
    """How signatures are judged, as the command line says."""

    policy: Path | None  # the roster; None: signers.toml in the contract's folder
    digest: str | None  # the SHA-256 that it must have; None: nobody says
    as_of: str | None  # sign-offs and keys count as of then; None: now


def tell_signed(run: str, judged: Judged, *, runs: Path, contract: Path, pdf: Path | None, language: str | None, as_json: bool) -> None:
    """Verify a run as `dq verify` does, write the report that begins with what that came to, and say the last line of it and where the page is.

    Args:
        run: as it is named, or 'latest': the latest that is attested.
        judged: by which roster, and as of when.
        runs: where run folders are kept.
        contract: where the run's contract may be.
        pdf: where a print copy goes instead of the page; None: the page, report.signed.html in the run's folder, written anew.
        language: of the page; None: English.
        as_json: print what `dq verify --json` does, and the page's path.

    Raises:
        UsageError: it cannot be written.
        ContractError: the roster is none.
    """
    from dq.pages import queries_at
    from dq.signoff.checked import STEPS
    from dq.signoff.parity import NAME
    from dq.signoff.pinned import agreed_digest
    from dq.signoff.policy import POLICY, read_roster
    from dq.signoff.telling import summary_of, told_of
    from dq.signoff.verifying import verify

    language, folder = language_of(language or ENGLISH).code, find_run(run, runs=runs, with_file=NAME)
    pin, at = agreed_digest(judged.digest), moment(judged.as_of) or datetime.now(tz=UTC)
    roster = read_roster(judged.policy or contract / POLICY)
    with progress(STEPS, what="verify", quiet=as_json) as told:
        found = verify(folder, roster, pin=pin, as_of=at, contract=contract, told=told)
    record = found.attested.record if found.attested is not None else read_record(folder)
    queries = queries_at(record, contract)
    if pdf is not None:
        from dq.report.pdf import write_pdf

        write_pdf(record, pdf, language=language, queries=queries, signed=found)
        written = pdf
    else:
        from dq.report.html import render_html

        html = render_html(record, language=language, queries=queries, signed=found)
        written = _put(folder, html, language=language)
    if as_json:
        say_json({**summary_of(found), "page": str(written)})
        return
    say(told_of(found)[-1])
    say(f"{'print copy' if pdf is not None else 'page'}: {written}")


def _put(folder: Path, html: str, *, language: str) -> Path:
    from dq.pages import put_page

    path = folder / ("report.signed.html" if language == ENGLISH else f"report.signed.{language}.html")
    put_page(path, html.encode())
    return path
