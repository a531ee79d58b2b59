"""The one place for copies of the notebooks with a run: executed on it, as .ipynb and as pages, readable by its owner alone.

They show keys and values, so they lie in the run's `restricted/`. A page asks for nothing from anywhere; only its own script may run in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from dq.errors import DqError, UsageError
from dq.lab.executing import kernel
from dq.lab.look import MIME
from dq.lab.vega import place_for, script
from dq.record import Record

COPIES: Final = Path("restricted") / "notebooks"
RUN: Final = "RUN"  # the parameter that every notebook on a run has
# JupyterLab's page of a notebook, without what it would fetch (requirejs, MathJax, Mermaid) and with its dark theme for readers whose system is dark.
_PAGE: Final = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
{{ resources.include_css("static/theme-dark.css") | replace('<style type="text/css">', '<style media="(prefers-color-scheme: dark)">') }}
<style>
:root { color-scheme: light dark; }
body.jp-Notebook { max-width: 68rem; margin: 0 auto; padding: 1rem; background: var(--jp-layout-color0); }
.jp-InputPrompt, .jp-OutputPrompt { display: none; }
.jp-RenderedHTMLCommon, .jp-OutputArea-output { overflow-x: auto; }
.jp-RenderedHTMLCommon a { color: var(--jp-content-link-color); }
.jp-InputArea-editor { border-color: transparent; opacity: .85; }
.dq-picture svg { max-width: 100%; height: auto; }
</style>
{%- endblock -%}
{%- block body_header -%}<body class="jp-Notebook"><main>{%- endblock -%}
"""


class NotebookError(DqError):
    """A notebook did not run to its end: exit 3."""


def source_notebooks() -> list[tuple[str, str]]:
    """Return name, without suffix, and text of every notebook that comes with dq, in order."""
    files = [item for item in resources.files("dq_notebooks").iterdir() if item.name.endswith(".ipynb")]
    found = sorted((item.name.removesuffix(".ipynb"), item.read_text(encoding="utf-8")) for item in files)
    if not found:
        raise UsageError("no notebook comes with this installation of dq")
    return found


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of the notebooks on a run: names, without suffix; of those that did not run to their end, or were left out, why, in one line."""

    ran: tuple[str, ...]
    failed: Mapping[str, str]
    left_out: Mapping[str, str]


def write_copies(folder: Path, record: Record, *, told: Callable[[str], None] = lambda _: None) -> Copied:
    """Execute the notebooks on a run and leave copies in its `restricted/notebooks`, in place of earlier ones.

    A notebook about entities that the run has not is left out. The copy of one that did not run to its end shows how far it came.

    Args:
        folder: the run's.
        record: its record.
        told: is told each notebook's name before it starts.

    Raises:
        UsageError: the copies cannot be written there.
    """
    target, failed, left_out, ran = folder / COPIES, {}, {}, []
    there = {item.entity for item in record.entities}
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".notebooks-", dir=target.parent))
    except OSError as error:
        raise UsageError(f"{target}: cannot be written to ({(error.strerror or 'no reason given').lower()})") from None
    try:
        with kernel() as running:
            for name, text in source_notebooks():
                told(name)
                notebook = nbformat.reads(text, as_version=4)
                if lacking := [entity for entity in notebook.metadata.get("dq", {}).get("entities", ()) if entity not in there]:
                    left_out[name] = f"the run has no {', '.join(lacking)}"
                    continue
                reason = running.execute(notebook, parameters={RUN: str(folder.resolve())})
                if reason is None:
                    ran.append(name)
                else:
                    failed[name] = reason
                _write(draft / f"{name}.ipynb", nbformat.writes(notebook))
                _write(draft / f"{name}.html", page_of(notebook, title=name))
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Copied(tuple(ran), failed, left_out)


def page_of(notebook: NotebookNode, *, title: str) -> str:
    """Return an executed notebook as one page without outside address; pictures are drawn by the page's own script."""
    shown = nbformat.from_dict(notebook)
    shown.metadata["title"] = title
    for data in _outputs(shown):
        if MIME in data:
            place = place_for(data.pop(MIME), data.get("text/plain", "A picture."))
            data.clear()
            data["text/html"] = place
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\w+)\.ipynb\)", r"](\1.html)", cell.source)
    html, _ = HTMLExporter(raw_template=_PAGE, embed_images=True).from_notebook_node(shown)
    drawing = script() if any("dq-picture" in data.get("text/html", "") for data in _outputs(shown)) else None
    return _closed(html, drawing)


def _closed(html: str, drawing: str | None) -> str:
    """Return a page whose policy lets nothing in or out but its own style and the one script."""
    allowed = (
        f"'sha256-{b64encode(hashlib.sha256(drawing.encode()).digest()).decode()}' 'unsafe-eval'" if drawing else "'none'"
    )  # Vega compiles its expressions
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {allowed}; base-uri 'none'; form-action 'none'"
    html = html.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">', 1)
    return html if drawing is None else "".join([*html.rpartition("</body>")[:1], f"<script>{drawing}</script></body>", html.rpartition("</body>")[2]])


def _outputs(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "data" in output:
                yield output.data


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
