"""Labels from files: CoNLL-U, BIO and CSV, put onto the tokens of an axis by text or by step."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pandas as pd

from lstmviz.annotate.by_text import Aligned, Sentence, align
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError, reason_of

COLUMNS = ("form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")  # of CoNLL-U, after the id
MAX_BYTES = 2**30
MAX_COLUMNS = 1_000  # of a CSV file
MAX_DIGITS = 9  # of a word's number
WORD_COLUMNS, LABEL_COLUMNS = ("word", "token", "form", "text"), ("label", "value", "tag")

AnyPath = str | os.PathLike[str]


def read_conllu(axis: Axis, path: AnyPath, column: str = "upos") -> Aligned:
    r"""Put a column of a CoNLL-U file onto the tokens of an axis.

    Args:
        axis: The axis.
        path: The file.
        column: ``"lemma"``, ``"upos"``, ``"xpos"``, ``"feats"``, ``"head"``, ``"deprel"``, ``"deps"`` or ``"misc"``; or
            a feature or an entry of misc by its name, such as ``"Number"``. A word of several parts (``1-2``) gets
            their labels joined by ``+``.

    Returns:
        The labels, and what was not found in the text.

    Raises:
        InputError: The file cannot be read, is not CoNLL-U, or has no such column.

    Example:
        >>> from pathlib import Path
        >>> text = "1\t(\t_\tPUNCT\t_\t_\t0\troot\t_\t_\n2\t44444\t_\tNUM\t_\t_\t1\tdep\t_\t_\n\n"
        >>> _ = Path("parens.conllu").write_text(text)
        >>> print(lstmviz.annotate.read_conllu(dump.first, "parens.conllu"))
        2 of 2 words (100.0%) stand on 6 steps
    """
    sentences = [_of_conllu(block, column, Path(path)) for block in _blocks(Path(path), comments=True)]
    if not any(label is not None for sentence in sentences for label in sentence.labels):
        raise InputError(f"{path} has no value of {column!r}; its columns are {', '.join(COLUMNS[1:])}")
    return align(axis, sentences)


def read_bio(axis: Axis, path: AnyPath) -> Aligned:
    r"""Put the labels of a BIO file (CoNLL-2003 and its like) onto the tokens of an axis.

    Args:
        axis: The axis.
        path: The file: a word a line, its label last, with a blank line between two sentences.

    Returns:
        The labels, ``B-``, ``I-`` and ``O`` as the file has them, and what was not found in the text.

    Raises:
        InputError: The file cannot be read, or a line has no label.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("parens.bio").write_text("( O\n44444 B-FOUR\n")
        >>> aligned = lstmviz.annotate.read_bio(dump.first, "parens.bio")
        >>> sorted(aligned.values.dropna().unique())
        ['B-FOUR', 'I-FOUR', 'O']
    """
    sentences = []
    for block in _blocks(Path(path), comments=False):
        rows = [(line.split("\t") if "\t" in line else line.split(), number) for number, line in block]
        bad_line = next((number for row, number in rows if len(row) < 2), None)
        if bad_line is not None:
            raise InputError(f"{path}, line {bad_line}: a line is a word and its label; one of the two is missing")
        rows = [(row, number) for row, number in rows if row[0] != "-DOCSTART-"]
        if rows:
            words, labels = tuple(row[0] for row, _ in rows), tuple(row[-1].strip() for row, _ in rows)
            sentences.append(Sentence(words, labels, rows[0][1]))
    return align(axis, sentences)


def read_csv(axis: Axis, path: AnyPath, column: str | None = None) -> Aligned | pd.DataFrame | list[object]:
    r"""Read labels from a CSV file; its header says what it holds.

    - ``start``, ``stop``: stretches of steps, each with a label;
    - ``step``: single steps;
    - ``sequence``: one value for each of these sequences;
    - ``word`` (or token, form, text): words in the order of the text, put onto the tokens that spell them;
    - none of these: one value a step, or one a sequence.

    Args:
        axis: The axis.
        path: The file, in UTF-8, with a header.
        column: The column of the labels; by default ``label``, ``value`` or ``tag``, or the only other one.

    Returns:
        Labels for ``Dump.add_track``: words as what ``align`` returns, stretches as a frame, else a list of values.

    Raises:
        InputError: The file cannot be read, or has no such column.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("parens.csv").write_text("start,stop,label\n249,255,four\n")
        >>> lstmviz.annotate.read_csv(dump.first, "parens.csv")
           start  stop label
        0    249   255  four
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"{path} is larger than {MAX_BYTES:,} bytes; cut it into parts")
        lines = filter(bytes.strip, (match[0] for match in re.finditer(rb"[^\r\n]+", content)))
        first = islice(lines, 2)  # a wider second line would be an index of many levels
        n_columns = max((re.sub(rb'"[^"]*"', b"", line).count(b",") + 1 for line in first), default=0)
        if n_columns > MAX_COLUMNS:
            raise InputError(f"{path} has {n_columns:,} columns; at most {MAX_COLUMNS:,} can be read")
        frame = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    except InputError:
        raise
    except (OSError, ValueError, csv.Error) as err:
        raise InputError(f"{path} cannot be read as CSV ({reason_of(err)})") from err
    names = {str(name).strip().lower(): name for name in frame.columns}
    frame = frame.rename(columns={name: lower for lower, name in names.items()})
    keys = [name for name in ("start", "stop", "step", "sequence", *WORD_COLUMNS) if name in frame]
    values = frame[_label_column(frame, keys, column, Path(path))]
    if {"start", "stop"} <= set(keys):
        return pd.DataFrame({"start": frame["start"], "stop": frame["stop"], "label": values})
    if "step" in keys:
        return pd.DataFrame({"start": frame["step"], "stop": frame["step"] + 1, "label": values})
    if "sequence" in keys:
        return _by_sequence(axis, frame["sequence"], values, Path(path))
    word = next((name for name in WORD_COLUMNS if name in keys), None)
    if word is not None:
        words = ["" if text != text else str(text) for text in frame[word]]
        given = zip(words, _labels(values), range(2, len(words) + 2), strict=True)
        return align(axis, [Sentence((text,), (label,), line) for text, label, line in given])
    return [None if value != value else value for value in values.tolist()]


def _label_column(frame: pd.DataFrame, keys: Sequence[str], column: str | None, path: Path) -> str:
    if column is not None:
        if column.strip().lower() not in frame:
            raise InputError(f"{path} has no column {column!r}; it has {', '.join(map(str, frame.columns))}")
        return column.strip().lower()
    others = [str(name) for name in frame.columns if name not in keys]
    named = [name for name in LABEL_COLUMNS if name in others]
    if not named and len(others) != 1:
        raise InputError(f"{path} has the columns {', '.join(map(str, frame.columns))}; say which one is the label")
    return named[0] if named else others[0]


def _by_sequence(axis: Axis, numbers: pd.Series[int], values: pd.Series[str], path: Path) -> list[object]:
    n_sequences = len(axis.starts)
    given: list[object] = [None] * n_sequences
    for line, (number, value) in enumerate(zip(numbers.tolist(), values.tolist(), strict=True), 2):
        if not isinstance(number, int) or not 0 <= number < n_sequences:
            raise InputError(f"{path}, line {line}: no sequence {number}; they are numbered 0 to {n_sequences - 1}")
        given[number] = None if value != value else value
    return given


def _labels(values: pd.Series[str]) -> list[str | None]:
    return [None if value != value else str(value) for value in values.tolist()]


def _blocks(path: Path, *, comments: bool) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines of each sentence, with their numbers; a blank line stands between two."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is larger than {MAX_BYTES:,} bytes; cut it into parts")
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"{path} cannot be read as text in UTF-8 ({reason_of(err)})") from err
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], 1):
        if comments and line.startswith("#"):
            continue
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []


def _of_conllu(block: Sequence[tuple[int, str]], column: str, path: Path) -> Sentence:
    words: list[str] = []
    labels: list[str | None] = []
    covered = 0  # words up to this number are parts of the one before
    for number, line in block:
        cells = line.split("\t")
        if len(cells) != 10:
            raise InputError(f"{path}, line {number}: CoNLL-U has 10 columns with tabs between them, not {len(cells)}")
        id, value = cells[0], _value(cells, column)
        if "." in id:
            continue  # a word that is not in the text
        if "-" in id:
            covered = _last(id, path, number)
            words.append(cells[1])
            labels.append(None)
        elif _last(id, path, number) > covered:
            words.append(cells[1])
            labels.append(value)
        elif value is not None:
            labels[-1] = value if labels[-1] is None else f"{labels[-1]}+{value}"
    return Sentence(tuple(words), tuple(labels), block[0][0])


def _last(id: str, path: Path, number: int) -> int:
    last = id.rpartition("-")[2]
    if not last.isdecimal() or len(last) > MAX_DIGITS or int(last) < 1:
        raise InputError(f"{path}, line {number}: {id[:20]!r} is not the number of a word")
    return int(last)


def _value(cells: Sequence[str], column: str) -> str | None:
    if column.lower() in COLUMNS:
        value = cells[1 + COLUMNS.index(column.lower())]
        return None if value == "_" else value
    entries = (entry.partition("=") for cell in (cells[5], cells[9]) for entry in cell.split("|"))
    return next((value for name, _, value in entries if name == column), None)
