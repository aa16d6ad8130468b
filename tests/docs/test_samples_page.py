"""The Python blocks of docs/samples.md run as they are written, and print what the page says."""

from __future__ import annotations

import re
import textwrap

from support.pages import blocks, page, run_python

PAGE = page("samples.md")


def test_the_blocks_run_and_print_what_the_page_says(tmp_path):
    printed = run_python(blocks(textwrap.dedent(PAGE.replace("\n   ", "\n"))), tmp_path)
    told = dict(re.findall(r"unit (\d+): (KL .*)", printed))
    assert told == {"88": "KL 0.088, p 0.05", "60": "KL 0.000, p 0.90", "83": "KL 0.000, p 0.65"}
    assert re.search(r"KL \.088, p \.05: .*60 and 83 are not \(\.000, p \.90 and \.65\)", PAGE, re.S)
