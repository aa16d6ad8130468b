"""docs/pairs.md runs as it is written, and what it says of the model that it trains is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import lstmviz
from support.commands import run
from support.paths import ROOT

PAGE = (ROOT / "docs" / "pairs.md").read_text("utf-8")


def test_the_blocks_run_and_the_model_looks_at_the_letter_that_it_writes(tmp_path):
    script = tmp_path / "page.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)), "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    dump = lstmviz.open_dump(tmp_path / "reversed.h5")
    attention = dump.attention["attention"]
    places = [attention[i].argmax(axis=1) for i in range(len(attention))]
    assert sum((p == range(len(p) - 1, -1, -1)).mean() for p in places) > 0.8 * len(places)
    (command,) = re.findall(r"```sh\nlstmviz (.*?)\n```", PAGE, re.S)
    answer = run(*shlex.split(command.replace("reversed.h5", str(tmp_path / "reversed.h5"))), "--format", "csv")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[0].endswith(",text,pair,attended")
