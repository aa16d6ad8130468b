"""docs/figures.md runs as it is written, and lists every figure there is."""

from __future__ import annotations

import re
import subprocess
import sys

from lstmviz import figures
from support.paths import ROOT

PAGE = (ROOT / "docs" / "figures.md").read_text("utf-8")


def test_the_blocks_run_and_write_what_they_promise(tmp_path):
    script = tmp_path / "page.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.S)), "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    begins = {"rows.svg": b"<svg", "rows.pdf": b"%PDF", "rows.png": b"\x89PNG", "view.html": b"<!doctype html>"}
    for name, start in begins.items():
        assert (tmp_path / name).read_bytes().startswith(start)


def test_every_function_is_told_of():
    for name in figures.__all__:
        assert f"figures.{name}(" in PAGE or f"`{name}`" in PAGE, name
        assert len(getattr(figures, name).__doc__) > 100
