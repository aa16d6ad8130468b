"""Public names that are imported when they are first used, so that nothing heavy is loaded before."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(package: str, init_file: str) -> tuple[Callable[[str], Any], list[str]]:
    """Return a package's ``__getattr__`` and its public names, listed once: in ``__init__.pyi`` beside it.

    Each line of that stub is ``from MODULE import NAME as NAME``, which type checkers read too. The module is imported
    when the name is first asked for.
    """
    stub = ast.parse(Path(init_file).with_suffix(".pyi").read_text("utf-8"))
    imports = [line for line in stub.body if isinstance(line, ast.ImportFrom)]
    modules = {alias.name: line.module or package for line in imports for alias in line.names}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if modules[name] == package:  # the name is a module itself
            return import_module(f"{package}.{name}")
        return getattr(import_module(modules[name]), name)

    return get, sorted(modules)
