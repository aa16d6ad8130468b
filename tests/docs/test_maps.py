"""docs/maps.md runs as it is written."""

from __future__ import annotations

import re
import subprocess
import sys

from support.paths import ROOT

PAGE = (ROOT / "docs" / "maps.md").read_text("utf-8")


def test_the_blocks_run(tmp_path):
    script = tmp_path / "page.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)), "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "parens-projector" / "tensors.tsv").stat().st_size > 1_000_000
