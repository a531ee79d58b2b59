"""The one place for the print copy of a report: a PDF made by a Chromium that is there. It is for paper, never evidence."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from dq.errors import UsageError

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 120
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def print_report(report: Path, target: Path) -> None:
    """Print report.html to a PDF. Raises UsageError where no Chromium is there, or it cannot."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise UsageError(f"a PDF needs Chromium, and none of {', '.join(_NAMES)} is there; print {report.name} from a browser instead")
    if target.suffix != ".pdf":
        raise UsageError(f"{target}: a print copy's name ends in .pdf")
    with tempfile.TemporaryDirectory(prefix="dq-print-") as profile:
        draft = Path(profile) / "report.pdf"
        call = [program, *_FLAGS, f"--user-data-dir={profile}", "--no-pdf-header-footer", f"--print-to-pdf={draft}", report.resolve().as_uri()]
        try:
            subprocess.run(call, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603 - a program from the path, our own arguments
            shutil.copyfile(draft, target)
        except (subprocess.SubprocessError, OSError) as error:
            raise UsageError(f"{target}: the print copy could not be made ({type(error).__name__})") from None
