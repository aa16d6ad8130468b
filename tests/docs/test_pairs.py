"""docs/pairs.md runs as it is written, and what it says of the model that it trains is so."""

from __future__ import annotations

import re
import shlex

import lstmviz
from support.commands import run
from support.pages import blocks, page, run_python

PAGE = page("pairs.md")


def test_the_blocks_run_and_the_model_looks_at_the_letter_that_it_writes(tmp_path):
    run_python(blocks(PAGE), tmp_path)
    dump = lstmviz.open_dump(tmp_path / "reversed.h5")
    attention = dump.attention["attention"]
    places = [attention[i].argmax(axis=1) for i in range(len(attention))]
    assert sum((p == range(len(p) - 1, -1, -1)).mean() for p in places) > 0.8 * len(places)
    (command,) = re.findall(r"```sh\nlstmviz (.*?)\n```", PAGE, re.S)
    answer = run(*shlex.split(command.replace("reversed.h5", str(tmp_path / "reversed.h5"))), "--format", "csv")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[0].endswith(",text,pair,attended")
