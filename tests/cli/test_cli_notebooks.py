"""`dq show --notebook`: copies with the run, for its owner alone; what did not run is said; a shut gate names the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from small import PERSONAL, Dq, Said, Small

from dq.lab import copies

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("notebooks"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),  # of the kernel's own libraries
]

Show = Callable[..., Said]


def _notebook(*code: str, entities: tuple[str, ...] = ()) -> str:
    cells = [v4.new_code_cell('RUN = "latest"', metadata={"tags": ["parameters"]}), *map(v4.new_code_cell, code)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}, "dq": {"entities": list(entities)}}
    return str(nbformat.writes(v4.new_notebook(cells=cells, metadata=metadata)))


READS = _notebook("from pathlib import Path", "shown = (Path(RUN) / 'report.json').exists(), 'own'", "shown")


@pytest.fixture
def executed(plain: Small, run: Dq, dq: Dq, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Run the small migration, and have these notebooks executed on it."""

    def call(notebooks: dict[str, str]) -> Said:
        monkeypatch.setattr(copies, "source_notebooks", lambda: sorted(notebooks.items()))
        run(plain)
        return dq("show", "--notebook", "--runs", plain.runs)

    return call


def _kept(small: Small) -> Path:
    (folder,) = [path for path in small.runs.iterdir() if not path.name.startswith(".")]
    return folder / "restricted" / "notebooks"


def test_copies_stay_with_the_run_and_are_their_owners_alone(executed: Show, plain: Small) -> None:
    said = executed({"01_one": READS, "02_two": _notebook("assert 'shown' not in globals()"), "03_three": _notebook(entities=("orders",))})
    kept = _kept(plain)
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines()[-3:] == ["03_three left out: the run has no orders", f"Copies, with keys and values: {kept}", "notebooks 2 of 2"]
    assert sorted(path.name for path in kept.iterdir()) == ["01_one.html", "01_one.ipynb", "02_two.html", "02_two.ipynb"]
    assert {path.stat().st_mode & 0o777 for path in kept.iterdir()} == {0o600}
    assert [folder.stat().st_mode & 0o777 for folder in (kept, kept.parent)] == [0o700, 0o700]
    assert "(True, 'own')" in (kept / "01_one.html").read_text()


def test_a_notebook_that_stops_is_said_in_a_line_and_its_copy_shows_how_far_it_came(executed: Show, plain: Small) -> None:
    said = executed({"01_one": _notebook("print('so far')", "raise ValueError('too\\nfar')"), "02_two": READS})
    assert said.status == 3
    assert said.out.splitlines()[-3] == "01_one stopped: ValueError: too"
    assert said.last == "notebooks 1 of 2"
    assert said.err == "dq: 1 of 2 notebooks did not run to their end\n"
    assert "so far" in (_kept(plain) / "01_one.html").read_text()
    assert PERSONAL not in said.out
