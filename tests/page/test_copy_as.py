"""What is copied really runs, and finds the same matches."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lstmviz
from lstmviz.match import Brush, Excluded, Part, brushed, with_unit
from lstmviz.types import Filter, PatternUnit
from lstmviz.ui.copy_as import as_command, as_python, as_region, plain_brush
from support import commands

ON_TOKENS = (Filter.tokens(("(", "4")), Filter.regex("[^0-3]"), Filter.regex(r"\(+4*", over="characters"))
BRUSH = Brush(parts=(Part("rnn.l1.c"),), start=249, stop=255)


@pytest.fixture(scope="module")
def patterns(parens):
    """Patterns of every kind, with the brush that says them where one does."""
    window = brushed(parens, BRUSH)
    deep = (Filter("depth", low=2, high=4), Filter("depth", low=None, high=4.5))
    low = Brush(parts=(Part("rnn.l1.h", "low", 0.6),), start=249, stop=255, off_before=0, off_after=2)
    several = Brush(
        parts=(Part("rnn.l1.c", "both", 0.7), Part("rnn.l0.h", "high", 0.5)),
        start=249,
        stop=255,
        excluded=(Excluded("rnn.l1.c", 15),),
        pinned=(PatternUnit("rnn.l0.c", 3, "low", -0.125),),
    )
    return {
        "window": (window, plain_brush(BRUSH)),
        "bounded": (replace(window, min_length=3, max_length=9, filters=deep), plain_brush(BRUSH)),
        "tokens": (replace(window, filters=ON_TOKENS), plain_brush(BRUSH)),
        "low": (brushed(parens, low), plain_brush(low)),
        "several": (brushed(parens, several), plain_brush(several)),
        "by hand": (with_unit(replace(window, filters=deep), "rnn.l0.h", 7, threshold=0.1 + 0.2), None),
        "empty": (replace(window, units=()), None),
    }


NAMES = ["window", "bounded", "tokens", "low", "several", "by hand", "empty"]


@pytest.mark.parametrize("name", NAMES)
def test_copied_python_runs_and_finds_the_same(parens, patterns, name):
    pattern, brush = patterns[name]
    code = as_python(str(parens.path), pattern, brush)
    assert ("dump.select(" in code) == (brush is not None)
    ran = {}
    exec(compile(code, "copied", "exec"), ran)
    assert ran["pattern"] == pattern
    assert ran["matches"].equals(parens.match(pattern, 100_000))
    assert all(len(line) < 200 for line in code.splitlines())


def test_copied_python_keeps_the_order_and_the_shared_units(parens, patterns):
    pattern, brush = patterns["window"]
    ran = {}
    exec(as_python(str(parens.path), pattern, brush, "step", 3), ran)
    every = parens.match(pattern, 100_000, order="step", min_shared=3)
    assert ran["matches"].equals(every)
    exec(as_python(str(parens.path), pattern, brush, "step", 3, 3), ran)
    assert ran["matches"].equals(every.query("n_shared == 3"))


@pytest.mark.parametrize("filters", [(), (Filter("depth", low=2, high=4), Filter("depth", high=3))])
@pytest.mark.parametrize("source", ["rnn.l1.c", "embedding"])
def test_a_copied_region_runs_and_finds_the_same(parens, source, filters):
    mapped = parens.project(source)
    low, high = mapped.points.min(axis=0).tolist(), mapped.points.max(axis=0).tolist()
    corners = [(low[0], low[1]), (high[0] / 3, low[1]), (0.1 + 0.2, high[1]), (low[0], high[1])]
    ran = {}
    exec(as_region(str(parens.path), source, "pca", corners, filters), ran)
    region = parens.region(mapped, corners, filters)
    assert 0 < len(region.steps) < parens.n_steps
    assert ran["region"].steps.tolist() == region.steps.tolist()


@pytest.mark.parametrize("name", ["bounded", "low", "several"])
def test_a_copied_command_runs_in_a_shell_and_finds_the_same(parens, patterns, name):
    pattern, brush = patterns[name]
    command = as_command(str(parens.path), pattern, brush)
    assert ("--pattern -" in command) == (brush is None)
    assert run(command, Path.cwd()).equals(read(parens.match(pattern)))


@pytest.mark.parametrize("order", ["step", "-length", "track:depth", "-track:depth"])
@pytest.mark.parametrize("name", ["bounded", "several"])
def test_a_copied_command_keeps_the_order_and_the_shared_units(parens, patterns, name, order):
    pattern, brush = patterns[name]
    command = as_command(str(parens.path), pattern, brush, order, 2)
    assert run(command, Path.cwd()).equals(read(parens.match(pattern, order=order, min_shared=2)))


def read(frame):
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)), keep_default_na=False)


def run(command, folder):
    """Have a shell read a copied command, and run what it makes of it, asked for CSV."""
    said = """lstmviz() { shift; for word; do printf '%s\\0' "$word"; done > "$0"; cat > "$0.in"; }\n"""
    with tempfile.TemporaryDirectory() as place:
        words = Path(place) / "words"
        done = subprocess.run(
            [shutil.which("sh"), "-c", said + command, words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert done.returncode == 0, done.stderr
        *arguments, end = words.read_bytes().decode().split("\0")
        given = Path(f"{words}.in").read_text("utf-8")
    assert end == ""
    with contextlib.chdir(folder):
        answer = commands.run("match", "--format", "csv", *arguments, stdin=given)
    assert answer.exit_code == 0, answer.output
    return pd.read_csv(io.StringIO(answer.stdout), keep_default_na=False)


def test_names_that_mean_something_to_a_shell_or_to_python_stay_names(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / 'it\'s $HOME `x` "q"\n;&'
    folder.mkdir()
    name, track = "r'$(id)\"\u202e.l0.h", "tr'ack=; rm"
    labels = np.array(["a'b", "$x", "c=d"])[rng.integers(0, 3, 60)]
    path = folder / "-dump.h5"
    lstmviz.write_dump(path, states={name: rng.uniform(-1, 1, (60, 3))}, tracks={track: labels, "t": labels})
    dump = lstmviz.open_dump(path)
    brush = Brush(parts=(Part(name, "high", 0.2),), start=5, stop=6, off_before=0)
    for filters in ((), (Filter(track, ("a'b", "$x")),), (Filter("t", ("c=d", "$x")),)):
        pattern = replace(brushed(dump, brush), filters=filters)
        ran = {}
        exec(as_python(str(path), pattern, plain_brush(brush)), ran)
        assert ran["matches"].equals(dump.match(pattern))
        assert len(ran["matches"])
        for given in (plain_brush(brush), None):
            assert run(as_command(str(path), pattern, given), tmp_path).equals(read(dump.match(pattern)))
    relative = as_command("-dump.h5", pattern, plain_brush(brush))
    assert run(relative, folder).equals(read(dump.match(pattern)))


def test_two_filters_on_labels_of_one_track_are_not_made_one(parens, patterns):
    pattern = replace(patterns["window"][0], filters=(Filter("t", ("a", "b")), Filter("t", ("b", "c"))))
    command = as_command("run.h5", pattern, plain_brush(BRUSH))
    (line,) = command.splitlines()[1:-1]
    assert json.loads(line)["pattern"]["filters"][1]["labels"] == ["b", "c"]
