"""A copy's page in a browser: its pictures are drawn, from itself alone, in light and in dark; what data says is never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from nbformat import v4
from playwright.sync_api import Browser, sync_playwright

from dq.lab import pictures
from dq.lab.copies import page_of

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

HOSTILE = "</script><script>document.title = 'run'</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a notebook with two pictures and something hostile in data and output."""
    flows = pl.DataFrame({"source": [HOSTILE, "2"], "target": ["2", HOSTILE], "rows": [3, 1]})
    differences = pl.DataFrame({"region": [HOSTILE, "GB"], "source": [1, 2], "target": [3, 900]})
    outputs = []
    for picture in (pictures.flows(flows), pictures.differences(differences)):
        data, metadata = picture._repr_mimebundle_()  # type: ignore[union-attr]
        outputs.append(v4.new_output("display_data", data, metadata=metadata))
    outputs.append(v4.new_output("display_data", {"text/html": f"<p>{HOSTILE[9:]}</p><img src='http://example.invalid/x.png'>"}))
    notebook = v4.new_notebook(cells=[v4.new_code_cell("flows", outputs=outputs)], metadata={"language_info": {"name": "python"}})
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(page_of(notebook, title="page"))
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_drawn_and_nothing_is_asked_for_or_run(browser: Browser, page: Path, scheme: str) -> None:
    opened = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    answers: list[str] = []
    opened.on("response", lambda response: answers.append(response.url))
    opened.goto(page.as_uri())
    opened.wait_for_selector(".dq-picture svg >> nth=1")
    assert (errors, answers, opened.title()) == ([], [page.as_uri()], "page")
    ink, paper = opened.evaluate("() => [getComputedStyle(document.querySelector('.dq-picture')).color, getComputedStyle(document.body).backgroundColor]")
    assert (_light(ink), _light(paper)) == ((False, True) if scheme == "light" else (True, False))
    opened.close()


def _light(colour: str) -> bool:
    numbers = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(numbers) > 3 * 128
