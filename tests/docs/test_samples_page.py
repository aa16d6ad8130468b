"""The Python blocks of docs/samples.md run as they are written, and print what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

from support.paths import ROOT

PAGE = (ROOT / "docs" / "samples.md").read_text("utf-8")


def test_the_blocks_run_and_print_what_the_page_says(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", textwrap.dedent(PAGE.replace("\n   ", "\n")), re.S)
    assert len(blocks) == 2
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = dict(re.findall(r"unit (\d+): (KL .*)", done.stdout))
    assert printed == {"88": "KL 0.088, p 0.05", "60": "KL 0.000, p 0.90", "83": "KL 0.000, p 0.65"}
    assert re.search(r"KL \.088, p \.05: .*60 and 83 are not \(\.000, p \.90 and \.65\)", PAGE, re.S)
