"""The one place for how pictures look, alike in a light and a dark notebook, and for how they reach it without any network.

JupyterLab 4 draws Vega-Lite 5 by itself; Altair 6 writes Vega-Lite 6 under a name that it does not know. What the pictures here use is the same in
both, so they go to the notebook as Vega-Lite 5. Source: JupyterLab 4.6.6, which brings Vega 5.33.0 and Vega-Lite 5.6.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Final

import altair as alt

MIME: Final = "application/vnd.vegalite.v5+json"
_SCHEMA: Final = "https:" + "//vega.github.io/schema/vega-lite/v5.json"  # a name, never fetched
WIDTH: Final = 620  # pixels, of a picture alone
# Middle tones, at least 3:1 against white and against a dark page.
QUIET, GOOD, BAD, WARN, COOL = "#7d8790", "#2f9a5f", "#d8574c", "#b97f14", "#4f86c6"
INK: Final = "currentColor"  # as the notebook writes: pictures are SVG, so it follows the theme
FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif"


@dataclass(frozen=True)
class Nothing:
    """A picture that would be empty, in a sentence."""

    sentence: str

    def __repr__(self) -> str:
        """Return the sentence."""
        return self.sentence

    def _repr_html_(self) -> str:
        return f'<p style="margin:.4rem 0;padding-left:.8rem;border-left:3px solid {GOOD}">{escape(self.sentence)}</p>'


Picture = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart | alt.FacetChart | Nothing


def _theme() -> alt.theme.ThemeConfig:
    text = {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": INK,
        "titleColor": INK,
        "labelOpacity": 0.8,
        "titleOpacity": 0.8,
        "titleFontWeight": "normal",
    }
    axis = {**text, "grid": False, "domainColor": "#a7aeb5", "tickColor": "#a7aeb5", "gridColor": "#8b949c", "gridOpacity": 0.25, "labelLimit": 420}
    config: dict[str, Any] = {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "header": text,
        "legend": {**text, "orient": "top", "symbolType": "square", "title": None},
        "title": {
            "font": FONT,
            "fontSize": 14,
            "fontWeight": 600,
            "color": INK,
            "anchor": "start",
            "offset": 12,
            "subtitleColor": INK,
            "subtitleFontSize": 12,
            "subtitlePadding": 5,
            "subtitleFont": FONT,
        },
        "text": {"font": FONT, "color": INK, "fontSize": 12},
        "bar": {"color": COOL},
        "line": {"color": COOL},
        "point": {"color": COOL, "filled": True},
        "rule": {"color": INK},
        "range": {"category": [COOL, WARN, GOOD, BAD, "#8d6fc0", "#3d97a5", QUIET]},
    }
    return alt.theme.ThemeConfig({"config": config})  # type: ignore[typeddict-item]


def _bundle(spec: dict[str, Any], **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a picture as JupyterLab draws it, its title for who reads text, and how it is drawn; it offers no page elsewhere to send its data to."""
    title = spec.get("title", "")
    words = title.get("text", "") if isinstance(title, dict) else title
    options = {"renderer": "svg", "actions": {"export": True, "source": False, "compiled": False, "editor": False}}
    return {MIME: {**spec, "$schema": _SCHEMA}, "text/plain": f"<picture: {words}>"}, {MIME: {"embed_options": options}}


alt.theme.register("dq", enable=True)(_theme)
alt.renderers.register("dq", _bundle)
alt.renderers.enable("dq")
