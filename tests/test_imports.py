"""The stages keep to themselves: what each loads, and that the public names are there without it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lstmviz

PACKAGE = Path(lstmviz.__file__).parent
# What a stage may import of lstmviz, besides errors and types.
ALLOWED = {
    "dump": {"dump", "cache"},
    "recording": {"recording", "dump"},
    "training": {"training", "recording", "dump"},
    "match": {"match", "dump"},
    "explain": {"explain", "match", "dump", "training", "recording", "cache"},
    "figures": {"figures", "explain", "match", "dump"},
    "ui": {"ui", "explain", "figures", "match", "dump", "places", "offers"},
}


def loaded_after(code):
    show = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_lstmviz_loads_nothing_heavy():
    assert not loaded_after("import lstmviz; dir(lstmviz)") & {"torch", "dash", "h5py", "pandas", "numpy", "plotly"}


def test_reading_and_matching_load_neither_torch_nor_dash():
    assert not loaded_after("from lstmviz import open_dump, write_dump, Pattern") & {"torch", "dash", "flask"}


def test_plotly_is_loaded_with_the_figures_and_the_browser_for_images_not_before_one_is_drawn():
    assert "plotly" not in loaded_after("from lstmviz import open_dump, write_dump, Pattern")
    drawn = loaded_after("import lstmviz; lstmviz.figures.units")
    assert "plotly" in drawn
    assert not drawn & {"torch", "dash", "flask", "kaleido", "IPython"}


def test_serving_does_not_load_torch_and_no_public_name_loads_either():
    assert "torch" not in loaded_after("import lstmviz.ui.serve, lstmviz.cli")
    assert not loaded_after("from lstmviz import *") & {"torch", "dash", "flask"}


@pytest.mark.parametrize("name", lstmviz.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert len(getattr(lstmviz, name).__doc__) > 60


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'recorder'"):
        lstmviz.recorder  # noqa: B018


def imported(tree):
    """Every module that a file names, ``from lstmviz import x`` as lstmviz.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "lstmviz":
            yield from (f"lstmviz.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", sorted(PACKAGE.glob("*/**/*.py")), ids=lambda f: str(f.relative_to(PACKAGE)))
def test_a_stage_imports_only_what_comes_before_it(file):
    stage = file.relative_to(PACKAGE).parts[0]
    for name in imported(ast.parse(file.read_text("utf-8"))):
        if name.startswith("lstmviz.") and stage in ALLOWED:
            part = name.split(".")[1]
            assert part in ALLOWED[stage] | {"errors", "types", "shown", "child", "__version__"}, name
        if name.split(".")[0] == "torch":
            assert stage in ("recording", "training", "explain"), name
        if name.split(".")[0] == "kaleido":
            assert stage == "figures", name
        if name.split(".")[0] == "plotly":
            assert stage in ("figures", "training", "ui"), name


@pytest.mark.parametrize(("folder", "before"), [("states", set()), ("batch", {"states"})])
def test_the_recorder_s_folders_stand_in_the_data_s_way(folder, before):
    for file in sorted((PACKAGE / "recording" / folder).glob("*.py")):
        for name in imported(ast.parse(file.read_text("utf-8"))):
            if name.startswith("lstmviz.recording."):
                assert name.split(".")[2] in before | {folder}, f"{file.name}: {name}"
