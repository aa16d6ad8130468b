"""The example notebooks run as they stand, and print what they show."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import lstmviz

FOLDER = Path(lstmviz.__file__).parent.parent / "docs" / "notebooks"
NAMES = ("corpus", "live", "own_model", "sample")
SHORT = ("corpus", "sample")  # in every run
MOST_LINES = 25  # of code, from an empty folder to a page of one's own model
MOST_BYTES = 100_000  # of a notebook with its outputs


def printed(notebook):
    """Return what each code cell has put out, as text: streams, and the plain form of its value."""
    return [
        "".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs if is_kept(out))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def is_kept(output):
    """Not a line for the one who runs it, nor the frame of a page: they are other ones each time."""
    return output.get("name") != "stderr" and "IFrame" not in output.get("data", {}).get("text/plain", "")


def test_these_are_all_notebooks():
    assert tuple(path.stem for path in sorted(FOLDER.glob("*.ipynb"))) == NAMES


@pytest.mark.parametrize("name", [*SHORT, *(pytest.param(n, marks=pytest.mark.long) for n in NAMES if n not in SHORT)])
def test_a_notebook_runs_and_prints_what_it_shows(name, tmp_path):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    shown = printed(notebook)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    again = printed(notebook)
    assert [bool(text) for text in again] == [bool(text) for text in shown], "run: make notebooks"
    if name == "own_model":  # trained here: another processor may train it a little differently
        assert "quoted" in again[-1]
        quoted = [line.split() for line in again[-2].splitlines() if "quoted" in line]
        share, base_rate = (float(number) for number in quoted[0][-2:])
        assert share > 2 * base_rate
    else:
        assert again == shown


def test_a_page_of_ones_own_model_takes_few_lines():
    notebook = nbformat.read(FOLDER / "live.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    upto, served, _ = code.partition("dump.serve(model=net")
    assert served
    assert "dump.add_track(" in upto  # with a label of one's own
    assert len([line for line in upto.splitlines() if line.strip()]) <= MOST_LINES


def test_notebooks_are_small_and_ask_for_nothing_outside():
    for path in FOLDER.glob("*.ipynb"):
        assert path.stat().st_size < MOST_BYTES, path.name
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                assert output.output_type != "error"
                html = str(output.get("data", {}).get("text/html", ""))
                assert "<script" not in html
                assert "http" not in html
