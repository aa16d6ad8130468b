"""Standard output and error as they are: in any encoding, closed, or read by a program that ends first."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

BROKEN_PIPE = 141  # 128 + SIGPIPE: the exit code of a program whose reader ended, as of ``| head``


def make_writable() -> None:
    """Let standard output and error take any text: what their encoding lacks is written as its escape."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None or stream.closed:  # started with ``>&-``, or without a console
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  it stays open
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def is_unicode(stream: TextIO | None) -> bool:
    """Tell whether a stream takes every character as it is."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith(("utf8", "utf16"))


def flush() -> int:
    """Write what is still buffered; return the exit code of a failure: 141 where nobody reads it, 1 on a full disk."""
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except OSError as err:
        return give_up(err)
    return 0


def give_up(err: OSError) -> int:
    """Write no more after an error of writing, and say which, if there is a reader; return the exit code."""
    discard_output()
    if isinstance(err, BrokenPipeError):
        return BROKEN_PIPE
    print(f"lstmviz: the output cannot be written ({err.strerror})", file=sys.stderr)
    return 1


def discard_output() -> None:
    """Discard what is still buffered, so that the interpreter does not complain at exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
