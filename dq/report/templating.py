"""The one door to jinja2: templates of this package, in which every value is made visible, cut and escaped."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import jinja2
from markupsafe import Markup, escape

from dq.report import blocks
from dq.report.checkview import check_view
from dq.report.facts import cause_view
from dq.report.visible import clip, visible

_LONGEST: Final = 1_000  # characters of any one text, whatever a template forgets to cut


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
    )
    return templates


def _shown(value: object) -> object:
    """Return a value as HTML holds it: text visible, cut and escaped; `//` as entities, so that no address can stand there."""
    if isinstance(value, Markup):
        return value
    return Markup(str(escape(visible(clip(str(value), _LONGEST)))).replace("//", "&#47;&#47;"))  # noqa: S704 - escaped here
