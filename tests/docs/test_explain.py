"""docs/explain.md runs as it is written."""

from __future__ import annotations

import re
import subprocess
import sys

from support.paths import ROOT

PAGE = (ROOT / "docs" / "explain.md").read_text("utf-8")


def test_the_blocks_run_and_print_what_they_promise(tmp_path):
    script = tmp_path / "page.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)), "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for words in ("singular", "share_low"):
        assert words in done.stdout, words
