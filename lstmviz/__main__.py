"""``python -m lstmviz`` is the command line, where the scripts of an environment are not on the PATH."""

from __future__ import annotations

from lstmviz.cli import main

main()
