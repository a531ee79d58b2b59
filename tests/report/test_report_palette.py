"""The palettes' colours can be read: WCAG AA on paper and on the tint of each outcome, light and dark."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from dq.report.blocks import MARKS

PALETTES = ("palette_light.css", "palette_dark.css")
OUTCOMES = ("passed", "waived", "failed", "unproven")
TEXT, GRAPHIC = 4.5, 3.0  # Source: WCAG 2.2, 1.4.3 and 1.4.11
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "soft", "link") for ground in ("paper", "raised")),
    *((ink, f"{outcome}-tint", TEXT) for outcome in OUTCOMES for ink in ("ink", "soft", outcome)),
    *((outcome, "paper", TEXT) for outcome in OUTCOMES),
    *(("on-fill", outcome, GRAPHIC) for outcome in OUTCOMES),
]


def palette(name: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", files("dq.report").joinpath("templates", name).read_text()))


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_every_pair_of_colours_that_meets_can_be_read(name: str, ink: str, ground: str, least: float) -> None:
    colours = palette(name)
    assert contrast(colours[ink], colours[ground]) >= least


def test_both_palettes_name_the_same_colours() -> None:
    assert set(palette(PALETTES[0])) == set(palette(PALETTES[1]))


def test_each_outcome_has_its_colour() -> None:
    assert {mark.slug for mark in MARKS.values()} == set(OUTCOMES)
