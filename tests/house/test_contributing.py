"""CONTRIBUTING's walks through the code name files and functions that are there."""

from __future__ import annotations

import re

import pytest

from support.paths import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
WALKS = [walk.splitlines() for walk in re.findall(r"(?:^\d+\. .+\n)+", PAGE, re.M)]
PYTHON = r"^\s*(?:async )?(?:def|class) {}\b"
MODULE = r"^(?:export )?(?:async )?(?:function|const|let|class) {}\b"
ROUTE = re.compile(r"/|PATH")  # an address, or a file of a recording


def faults_of(line):
    """What a line of a walk names that is not there: `file`: `name`, `name` ... up to the next `file`."""
    file, source = None, ""
    for named in re.findall(r"`([^`]+)`", line):
        if re.search(r"\.(py|mjs)$", named):
            file = ROOT / named if named.startswith("assets/") else ROOT / "lstmviz" / named
            if not file.is_file():
                yield f"no file {named}"
                return
            source = file.read_text("utf-8")
        elif not ROUTE.search(named):
            if file is None:
                yield f"{named} stands before any file"
                return
            pattern = PYTHON if file.suffix == ".py" else MODULE
            yield from (
                f"no {part} in {file.name}"
                for part in named.split(".")
                if not re.search(pattern.format(part), source, re.M) and f"import {part}" not in source
            )


def test_there_are_three_walks_of_five_to_twelve_lines():
    assert [5 <= len(walk) <= 12 for walk in WALKS] == [True, True, True]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk[0][:60])
def test_every_file_and_name_of_a_walk_is_there(walk):
    assert [fault for line in walk for fault in faults_of(line)] == []


def test_a_name_that_is_not_there_is_found():
    assert list(faults_of("1. `dump/writer.py`: `DumpWriter.appendix`")) == ["no appendix in writer.py"]
    assert list(faults_of("1. `dump/nowhere.py`: `x`")) == ["no file dump/nowhere.py"]
