"""The page's modules: no import in a circle or upward, none of a name that is not exported, none that nobody loads."""

from __future__ import annotations

import json
import posixpath
import re
import subprocess

import pytest

from lstmviz.system.paths import assets_dir
from support.graphs import circles, reached
from support.paths import ROOT

ENTRY = "main.mjs"
EARLY = "early.mjs"  # begins before it
LATE = (ENTRY, "rooms.mjs")  # who loads modules once something is to be seen, or when they are needed
# From the lowest folder up; a module imports of its own folder and of those before it. The views stand side by side:
# none imports another's modules. What several need lies below them, and what happened in one is told by a signal.
VIEWS = ("corpus", "units", "matches", "cards", "map", "typed", "survey", "pair", "start", "classroom")
LAYERS = (("lib",), ("dom",), ("store",), VIEWS, ("shell",), ("",))
LAYER = {folder: place for place, folders in enumerate(LAYERS) for folder in folders}

IMPORT = re.compile(r'^import (?:\* as (?P<whole>\w+)|\{(?P<names>[^}]*)\}) from "(?P<path>[^"]+)";', re.MULTILINE)
# What comes later.
LATER = re.compile(r'const \{(?P<names>[^}]*)\} = await import\("(?P<path>[^"]+)"\);')
# A type may stand between: export const /** @type {State} */ state.
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (?:/\*\*.*?\*/ )?(\w+)", re.MULTILINE)


def read(folder):
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.mjs"))}


def imports(name, text):
    """Each import of a module: (module, names), the names that it takes out of it."""
    body = IMPORT.sub("", text)
    for found in [*IMPORT.finditer(text), *LATER.finditer(text)]:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), found["path"]))
        if found.groupdict().get("whole"):
            yield target, set(re.findall(rf"(?<![\w.]){found['whole']}\.(\w+)", body))
        else:
            yield target, {one.split(" as ")[0].strip() for one in found["names"].split(",") if one.strip()}


def graph(modules):
    return {name: {target for target, _ in imports(name, text)} for name, text in modules.items()}


def upward(arrows):
    """The imports of a folder above, or of another view."""
    for name, targets in arrows.items():
        own = posixpath.dirname(name)
        for target in sorted(targets):
            other = posixpath.dirname(target)
            if other != own and LAYER[other] >= LAYER[own]:
                yield f"{name} -> {target}"


def unknown(modules):
    """The imports of a module that is not there, or of a name that it does not export."""
    exported = {name: set(EXPORT.findall(text)) for name, text in modules.items()}
    for name, text in modules.items():
        for target, names in imports(name, text):
            if target not in modules:
                yield f"{name}: no module {target}"
            else:
                yield from (f"{name}: {target} exports no {one}" for one in sorted(names - exported[target]))


@pytest.fixture(scope="module")
def modules():
    return read(assets_dir() / "page")


def test_every_import_is_read(modules):
    """Imports and exports are written in the one way that these tests read."""
    assert len(modules) > 100
    for name, text in modules.items():
        assert len(re.findall(r"^import\b", text, re.MULTILINE)) == len(IMPORT.findall(text)), name
        assert len(re.findall(r"^export\b", text, re.MULTILINE)) == len(EXPORT.findall(text)), name
        assert len(re.findall(r"\bimport\(", text)) == len(LATER.findall(text)), name
        assert bool(LATER.findall(text)) == (name in LATE), name


def test_no_module_imports_itself_by_a_circle(modules):
    assert circles(graph(modules)) == []


def test_no_module_imports_upward(modules):
    assert list(upward(graph(modules))) == []


def test_every_imported_name_is_exported(modules):
    assert list(unknown(modules)) == []


def test_every_module_is_loaded(modules):
    assert modules.keys() - reached(graph(modules), ENTRY) - reached(graph(modules), EARLY) == set()


def test_what_is_planted_is_found(modules, tmp_path):
    for name, text in modules.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def planted(name, line):
        changed = read(tmp_path)
        changed[name] = f"{line}\n{changed.get(name, '')}"
        return changed

    circle = planted("lib/scale.mjs", 'import { plural } from "./words.mjs";')
    assert {"lib/scale.mjs", "lib/words.mjs"} <= set(circles(graph(circle)))
    up = planted("lib/scale.mjs", 'import { state } from "../store/state.mjs";')
    assert list(upward(graph(up))) == ["lib/scale.mjs -> store/state.mjs"]
    beside = planted("map/stage.mjs", 'import { makePlot } from "../corpus/plot.mjs";')
    assert list(upward(graph(beside))) == ["map/stage.mjs -> corpus/plot.mjs"]
    nameless = planted("map/stage.mjs", 'import { noSuchName } from "../store/state.mjs";')
    assert list(unknown(nameless)) == ["map/stage.mjs: store/state.mjs exports no noSuchName"]
    whole = planted("map/stage.mjs", 'import * as geometry from "../store/geometry.mjs";\ngeometry.noSuchName();')
    assert list(unknown(whole)) == ["map/stage.mjs: store/geometry.mjs exports no noSuchName"]
    lonely = planted("map/lonely.mjs", "")
    assert lonely.keys() - reached(graph(lonely), ENTRY) - reached(graph(lonely), EARLY) == {"map/lonely.mjs"}


def test_an_error_of_types_is_found(tmp_path):
    """With the options of the project, whose own files `make check` looks through."""
    planted = tmp_path / "planted.mjs"
    planted.write_text('/** @type {Unit["unit"]} */\nexport const unit = "three";\nnoSuchName();\n')
    config = {"extends": str(ROOT / "tsconfig.json"), "include": [str(planted), str(ROOT / "assets/page/**/*.d.ts")]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    tsc = subprocess.run([ROOT / "node_modules/.bin/tsc", "--project", tmp_path], capture_output=True, text=True)
    assert tsc.returncode != 0
    assert "Type 'string' is not assignable to type 'number'" in tsc.stdout
    assert "Cannot find name 'noSuchName'" in tsc.stdout
