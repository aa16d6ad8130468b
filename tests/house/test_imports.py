"""The stages keep to themselves: what each loads, and that the public names are there without it."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import lstmviz
import lstmviz.recording
from support.graphs import circles
from support.paths import ROOT

PACKAGE = Path(lstmviz.__file__).parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
BELOW_ALL = {"errors", "checks", "types", "visible", "_version", "system"}


def allowed(page):
    """What each room may import besides itself and those below all, as CONTRIBUTING's table of rooms says it."""
    table = page.partition("| room |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {
        room.strip("`"): {"*"} if others == "everything" else set(filter(None, others.split(", ")))
        for room, _, others in rows
    }


ALLOWED = allowed(PAGE)
# Who may load what is heavy.
LOADS = {
    "torch": {"recording", "training", "rerun", "explain.causes"},
    "plotly": {"figures", "training", "ui"},
    "kaleido": {"figures"},
    "h5py": {"dump", "lstmvis", "doctor"},
    "dash": {"ui"},
    "dask": {"match"},
    "distributed": {"match"},
}
# Inside a room, what a folder may import of the others; "" stands for the files that lie in the room itself.
FOLDERS = {
    "dump": {"": set(), "journal": {""}, "corpus": {""}},
    "recording": {
        "recompute": set(),
        "follow": set(),
        "hooks": {"follow", "recompute"},
        "batch": {"follow", "hooks", "recompute"},
        "": {"batch", "follow", "hooks", "recompute"},
        "corpus": {"", "batch"},
        "snapshots": {"", "corpus"},
    },
    "explain": {"evidence": set(), "causes": {"evidence"}, "": {"evidence", "causes"}},
    "rerun": {"stepwise": set(), "": {"stepwise"}, "live": {"", "stepwise"}},
    "match": {
        "index": set(),
        "engine": {"index", "text"},
        "text": set(),
        "corpus": {"engine", "text"},
        "order": {"corpus", "engine"},
        "pattern": {"engine", "index"},
        "card": {"engine", "index", "summary"},
        "summary": {"order", "corpus", "engine"},
    },
}


LAZY = "lstmviz.system.lazy"


@cache
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


def test_every_public_name_is_there_and_documented():
    assert [name for name in lstmviz.__all__ if len(getattr(lstmviz, name).__doc__) <= 60] == []


@pytest.mark.parametrize("package", [lstmviz, lstmviz.recording])
def test_every_name_of_a_stub_is_there_and_stands_once(package):
    names = [name.rpartition(".")[2] for name in imported(Path(package.__file__)) if not name.startswith(LAZY)]
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(package, name)] == []
    assert set(package.__all__) <= set(names) <= {*package.__all__, "__version__", "errors", "Batch", "Recording"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'lstmviz' has no attribute 'recorder'"):
        lstmviz.recorder  # noqa: B018


def modules(package=PACKAGE):
    """Every module of a package by its dotted name, with its file."""
    names = {".".join(("lstmviz", *f.relative_to(package).with_suffix("").parts)): f for f in package.rglob("*.py")}
    return {name.removesuffix(".__init__"): file for name, file in names.items()}


@cache
def imported(file):
    """Every name that a file or its stub imports, wherever in it: lazily, or for the type checker alone."""
    stub, names = file.with_suffix(".pyi"), []
    for node in ast.walk(ast.parse("\n".join(f.read_text("utf-8") for f in (file, stub) if f.exists()))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def graph(package=PACKAGE):
    """The modules that each module imports."""
    known = modules(package)
    arrows = {}
    for name, file in known.items():
        targets = (target if target in known else target.rpartition(".")[0] for target in imported(file))
        arrows[name] = {target for target in targets if target in known} - {name}
    return arrows


def room_of(name):
    return [*name.split("."), "__init__"][1]


def test_no_file_imports_itself_by_a_circle_however_late():
    assert circles(graph()) == []


def test_a_circle_that_is_planted_is_found(tmp_path):
    (tmp_path / "match").mkdir()
    (tmp_path / "types.py").write_text("def f():\n    from lstmviz.match import find\n")
    (tmp_path / "match" / "find.py").write_text("from lstmviz.types import f\n")
    (tmp_path / "match" / "__init__.py").write_text("")
    (tmp_path / "errors.py").write_text("")
    assert circles(graph(tmp_path)) == ["lstmviz.match.find", "lstmviz.types"]


def upward(arrows):
    """The imports that go against the table of rooms, or against the order of the folders in a room."""
    for name, targets in arrows.items():
        room, *rest = name.split(".")[1:] or ["__init__"]
        for target in targets:
            other, *further = target.split(".")[1:] or ["__init__"]
            if other != room and other not in BELOW_ALL | ALLOWED[room] and "*" not in ALLOWED[room]:
                yield f"{name} -> {target}"
            folders = FOLDERS.get(room, {})
            folder, other_folder = (path[0] if path and path[0] in folders else "" for path in (rest, further))
            if other == room and other_folder not in {*folders.get(folder, folders), folder}:
                yield f"{name} -> {target}"


def test_a_room_imports_only_what_stands_before_it():
    assert sorted(upward(graph())) == []


def test_an_upward_arrow_that_is_planted_is_found():
    between_rooms = {"lstmviz.dump.reader": {"lstmviz.match.engine.find"}}
    between_folders = {"lstmviz.match.index.codes": {"lstmviz.match.text.regex"}}
    assert list(upward(between_rooms)) == ["lstmviz.dump.reader -> lstmviz.match.engine.find"]
    out_of_a_folder = {"lstmviz.dump.reader": {"lstmviz.dump.corpus.reader"}}
    assert list(upward(between_folders)) == ["lstmviz.match.index.codes -> lstmviz.match.text.regex"]
    assert list(upward(out_of_a_folder)) == ["lstmviz.dump.reader -> lstmviz.dump.corpus.reader"]


def test_every_room_stands_in_the_table_and_only_rooms_do():
    rooms = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert rooms == ALLOWED.keys()
    assert set().union(*ALLOWED.values()) - {"*"} <= rooms


def test_what_is_heavy_is_loaded_where_it_is_needed():
    wrong = [
        f"{name} loads {heavy}"
        for name, file in modules().items()
        for heavy in {target.split(".")[0] for target in imported(file)} & LOADS.keys()
        if not LOADS[heavy] & {room_of(name), ".".join(name.split(".")[1:3])}
    ]
    assert wrong == []
