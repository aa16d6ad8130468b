"""The user's own code, called so that whatever goes wrong in it is one line, without a path of this machine."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from lstmviz.errors import LstmvizError, reason_with_class

T = TypeVar("T")


def called(
    name: str, error: type[LstmvizError], function: Callable[..., T], *arguments: Any, remedy: str = "fix it"
) -> T:
    """Return what a function of the user returns; ``error`` in one line where it raises something of its own."""
    try:
        return function(*arguments)
    except LstmvizError:
        raise
    except Exception as err:
        raise error(f"{name} failed: {in_one_line(err)}; {remedy}") from err


def in_one_line(err: BaseException) -> str:
    """Return an error with its class, and the last line of a file where it was raised."""
    frames = traceback.extract_tb(err.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{reason_with_class(err)}{place}"
