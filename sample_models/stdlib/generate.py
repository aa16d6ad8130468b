"""The standard library of the Python that runs this, as characters, with each one's kind from ``tokenize``.

Its docstrings are left out: they are English, which a small network would learn in place of Python.
"""

from __future__ import annotations

import ast
import io
import sysconfig
import tokenize
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lstmviz.dump.joining import UNKNOWN

VOCAB: Final = (UNKNOWN, "\n", *map(chr, range(32, 127)))  # line end and printable ASCII; all else is unknown
KINDS: Final = ("code", "string", "comment")
HELD_OUT_OF: Final = 10  # a module in ten is held out, by a hash of its name: the same ones in every Python
_OPENS: Final = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")} - {-1}  # from 3.12 on
_CLOSES: Final = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")} - {-1}

_WITH_DOCSTRING: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_IDS: Final = {char: i for i, char in enumerate(VOCAB)}


@dataclass(frozen=True)
class Truth:
    """What is true after each character of a module, (n_chars,) each.

    ``kind``: the index in KINDS. A string begins with its first quote and is over with its last; a comment goes from #
    to its last character. ``indent``: the number of blocks around the character's line, by INDENT and DEDENT.
    ``is_leading``: the character is a space with only spaces before it in its line.
    """

    kind: NDArray[np.int64]
    indent: NDArray[np.int64]
    is_leading: NDArray[np.bool_]


def modules(folder: Path | None = None, is_held_out: bool = False) -> dict[str, str]:
    """Return the texts of the top modules of the standard library by name, sorted: those to learn from or the others.

    Their docstrings are left out, and modules that are not UTF-8 or not Python. ``folder``: of modules in place of the
    local Python's.
    """
    where = folder or Path(sysconfig.get_path("stdlib"))
    texts = {}
    for path in sorted(where.glob("*.py")):
        if (zlib.crc32(path.stem.encode()) % HELD_OUT_OF == 0) is not is_held_out:
            continue
        try:
            texts[path.stem] = without_docstrings(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, SyntaxError):
            continue
    return texts


def without_docstrings(text: str) -> str:
    """Return a module without the lines of its docstrings; SyntaxError where it is not Python."""
    lines = text.splitlines(keepends=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # about an odd escape in a string of the library
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            docstring = node.body[0]
            first, last = docstring.lineno, int(docstring.end_lineno or docstring.lineno)
            lines[first - 1 : last] = [""] * (last - first + 1)
    return "".join(lines)


def ids(text: str) -> NDArray[np.int64]:
    """Return the id of each character."""
    return np.array([_IDS.get(char, 0) for char in text], np.int64)


def truth(text: str) -> Truth:
    """Return what is true after each character of a module, by ``tokenize``; raises what it raises for bad Python."""
    lines = text.splitlines(keepends=True)
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    kind, indent = np.zeros(len(text), np.int64), np.zeros(len(text), np.int64)
    depth, since = 0, 0
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begin = int(starts[min(token.start[0] - 1, len(lines))]) + token.start[1]
        end = int(starts[min(token.end[0] - 1, len(lines))]) + token.end[1]
        if token.type == tokenize.STRING:
            kind[begin + _prefix(token.string) : end - 1] = KINDS.index("string")
        elif token.type in _OPENS:
            opened.append(begin + _prefix(token.string))
        elif token.type in _CLOSES:
            kind[opened.pop() : end - 1] = KINDS.index("string")
        elif token.type == tokenize.COMMENT:
            kind[begin:end] = KINDS.index("comment")
        elif token.type in (tokenize.INDENT, tokenize.DEDENT):
            line = int(starts[min(token.start[0] - 1, len(lines))])
            indent[since:line] = depth
            since = line
            depth += 1 if token.type == tokenize.INDENT else -1
    indent[since:] = depth
    return Truth(kind, indent, _leading(text))


def _prefix(token: str) -> int:
    return min(token.index(quote) for quote in "'\"" if quote in token)


def _leading(text: str) -> NDArray[np.bool_]:
    is_leading, is_start = np.zeros(len(text), np.bool_), True
    for i, char in enumerate(text):
        is_start = char == "\n" or (is_start and char == " ")
        is_leading[i] = is_start and char == " "
    return is_leading
