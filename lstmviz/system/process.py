"""A process of lstmviz's own, for what this one must survive, or must be able to end."""

from __future__ import annotations

import sys
from pathlib import Path


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``main`` of a module of lstmviz in a process of its own.

    It imports from where this process does, in the same order; -m would put the working folder first.
    """
    places = [*(p for p in sys.path if isinstance(p, str)), str(Path(__file__).resolve().parents[2])]
    code = f"import sys; sys.path[:] = {places!r}; from {module} import main; sys.exit(main())"
    return [sys.executable, "-c", code, *arguments]
