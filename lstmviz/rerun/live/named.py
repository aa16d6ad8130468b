"""A live model by the name that the user gives on the command line: ``package.module:name``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from lstmviz.errors import ModelError
from lstmviz.rerun.live.model import LiveModel, as_live
from lstmviz.rerun.live.user_code import in_one_line

MOST_OFFERED = 8  # models that an error names


def named_model(name: str) -> LiveModel:
    """Import a model by its name: a LiveModel, a module, or a function without arguments that returns one.

    The folder in which the command was started is searched first. Raises ModelError in one line.
    """
    place, _, path = name.partition(":")
    if not place or not path:
        raise ModelError(f"{name[:80]!r} does not name a model; give package.module:name, such as train:model")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = _done(f"{place} cannot be imported", lambda: import_module(place))
    given = _done(f"{name} cannot be read", lambda: _attribute(module, path))
    if callable(given) and not isinstance(given, (LiveModel, nn.Module)):
        given = _done(f"{name} cannot be called", given)
    if not isinstance(given, (LiveModel, nn.Module)):
        raise ModelError(f"{name} is a {type(given).__name__}; name a torch module, a LiveModel, or what returns one")
    return as_live(given)


def _attribute(module: ModuleType, path: str) -> Any:
    try:
        return attrgetter(path)(module)
    except AttributeError:
        raise ModelError(f"{module.__name__} has no {path[:80]!r}; {_offered(module)}") from None


def _offered(module: ModuleType) -> str:
    """Say which models a module has by name, and what may be named."""
    models = [name for name, value in vars(module).items() if isinstance(value, (LiveModel, nn.Module))]
    if not models:
        return "it has no model by name; name a torch module, a LiveModel, or a function that returns one"
    more = ", ..." if len(models) > MOST_OFFERED else ""
    return f"its models are {', '.join(models[:MOST_OFFERED])}{more}"


def _done(problem: str, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except ModelError:
        raise
    except (Exception, SystemExit) as err:  # a script may end itself
        raise ModelError(f"{problem}: {in_one_line(err)}") from err
