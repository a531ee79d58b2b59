"""The one door to jinja2: templates of this package, in which every value is made visible, cut and escaped."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from base64 import b64encode
from contextlib import suppress
from functools import lru_cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup, escape

from dq.report import blocks
from dq.report.checkview import check_view
from dq.report.facts import cause_view
from dq.report.language import current, say
from dq.report.retelling import retold
from dq.report.visible import clip, visible

_POLICY: Final = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
_LONGEST: Final = 1_000  # characters of any one text, whatever a template forgets to cut


def page(template: str, *, sheet: str, **values: object) -> str:
    """Return a whole page of this package: one file without script or outside address, whose policy lets nothing in but its own style sheet."""
    look = style(sheet)
    policy = _POLICY.format(b64encode(hashlib.sha256(look.encode()).digest()).decode())
    return rendered(template, style=look, policy=policy, **values) + "\n"


def rendered(template: str, **values: object) -> str:
    """Return a template of this package with its values, without the blank lines that templates leave."""
    text = _environment().get_template(template).render(**values)
    return "\n".join(line for line in text.splitlines() if line.strip())


@lru_cache(maxsize=4)
def style(template: str) -> Markup:
    """Return a style sheet of this package; no value ever stands in one."""
    return Markup(rendered(template))  # noqa: S704 - our own file


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Return the templates' environment; an unknown name in a template is an error."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("dq.report"),
        bytecode_cache=_Compiled(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(clip=clip, visible=visible)
    templates.globals.update(
        cause_view=cause_view,
        check_view=check_view,
        count=blocks.count,
        counted=blocks.counted,
        largest_first=blocks.largest_first,
        marks=blocks.MARKS,
        moment=blocks.moment,
        moneys=blocks.moneys,
        language=current,
        retold=retold,
        say=say,
    )
    return templates


class _Compiled(jinja2.BytecodeCache):
    """Keeps compiled templates where Python keeps its own modules': of the tenth of a second that a page costs, most is compiling.

    What was compiled is of this source, this module and this jinja2, or it is compiled anew. Where nothing can be written, nothing is kept.
    """

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Load a template, if it is there."""
        with suppress(OSError), self._file(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep a template, all of it or nothing."""
        if sys.dont_write_bytecode:
            return
        file = self._file(bucket)
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".template-", delete=False) as written:
                bucket.write_bytecode(written)
            Path(written.name).replace(file)

    def get_source_checksum(self, source: str) -> str:
        """Return what a compiled template is of: its source, and how this module has it compiled."""
        return hashlib.sha256(f"{_own_source()}{source}".encode()).hexdigest()

    def _file(self, bucket: jinja2.bccache.Bucket) -> Path:
        return Path(cache_from_source(__file__)).with_name(f"template-{bucket.key}.{sys.implementation.cache_tag}.jinja")


@lru_cache(maxsize=1)
def _own_source() -> str:
    return Path(__file__).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    """Return a value as HTML holds it: text visible, cut and escaped; `//` as entities, so that no address can stand there."""
    if isinstance(value, Markup):
        return value
    return Markup(str(escape(visible(clip(str(value), _LONGEST)))).replace("//", "&#47;&#47;"))  # noqa: S704 - escaped here
