"""Pages of the docs, whose Python blocks run in the test's process: a new interpreter loads torch for seconds."""

from __future__ import annotations

import re
import runpy
import warnings
from contextlib import chdir, redirect_stdout
from io import StringIO

from support.paths import ROOT


def page(name):
    """Return the text of a page of the docs."""
    return (ROOT / "docs" / name).read_text("utf-8")


def blocks(text):
    """Return the Python blocks of a page as one program."""
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))


def run_python(code, folder):
    """Run a program in a folder, with the warnings of a program of its own; return what it printed."""
    script, printed = folder / "page.py", StringIO()
    script.write_text(code, "utf-8")
    with chdir(folder), redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("default")
        runpy.run_path(str(script), run_name="__main__")
    return printed.getvalue()
