"""From any text file to token ids: read, cut into characters or words, numbered; a bad file is rejected in one line."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regex
from numpy.typing import NDArray

from lstmviz.dump.joining import UNKNOWN
from lstmviz.errors import TextError
from lstmviz.training.model_config import Level

MAX_BYTES = 32 * 2**20  # of a text file; a small model reads no more in a few minutes
MIN_TOKENS = 1_000  # fewer are too few to learn from and to hold some out
MAX_WORDS = 10_000  # of a vocabulary of words; the rarer ones are unknown
MAX_CHARS = 1_000  # of a vocabulary of characters
MIN_COUNT: dict[Level, int] = {"char": 3, "word": 2}  # rarer ones are unknown, so that the unknown is learned too
MIN_DOCUMENTS = 20  # fewer are too few to hold some out
_WORD = regex.compile(
    r"\p{L}[\p{L}\p{M}'’-]{0,63}|\p{N}{1,64}|[^\s\p{L}\p{N}]|\n"
)  # a word, a number (both cut at 64 characters), one other sign, a line end


@dataclass(frozen=True)
class Encoder:
    """Turns text into ids of a vocabulary; a token that is not in it gets the id ``unknown`` (None: there is none)."""

    vocab: tuple[str, ...]
    level: Level
    unknown: int | None

    def tokens(self, text: str) -> list[str]:
        """Cut a text into tokens, known or not."""
        return cut(text, self.level)

    def ids(self, tokens: Sequence[str]) -> NDArray[np.int64]:
        """Return the id of each token; TextError where one is not known and nothing stands for the unknown."""
        known = {token: i for i, token in enumerate(self.vocab)}
        ids = [known.get(token, self.unknown) for token in tokens]
        if None in ids:
            unknown_token = tokens[ids.index(None)]
            raise TextError(
                f"the model does not know {unknown_token[:40]!r}; it knows {', '.join(map(repr, self.vocab[:12]))} ..."
            )
        return np.array(ids, np.int64)

    def as_written(self, tokens: Sequence[str]) -> list[str | None]:
        """Return each token that is not in the vocabulary, and None for one that is."""
        known = set(self.vocab)
        return [None if token in known else token for token in tokens]


def read_text(path: Path) -> str:
    """Return a text file with line feeds as line ends; TextError if it is missing, binary, empty or not UTF-8."""
    try:
        if path.exists() and not path.is_file():
            raise TextError(f"{path} is {'a folder' if path.is_dir() else 'not a plain file'}; give a text file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            size = path.stat().st_size / 2**20
            raise TextError(f"{path} has {size:,.0f} MiB; give a part of it, {MAX_BYTES // 2**20} MiB at most")
    except OSError as err:
        raise TextError(f"{path} cannot be read ({err.strerror or err}); give a text file") from err
    for mark, name in ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16")):
        if data.startswith(mark):
            raise TextError(f"{path} is {name}; save it as UTF-8")
    if b"\0" in data:
        raise TextError(f"{path} is binary (a zero byte at {data.index(0):,}); give a plain text file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data[: err.start].count(b"\n") + 1
        raise TextError(f"{path} is not UTF-8 (line {line}, byte {data[err.start]:#04x}); save it as UTF-8") from err
    if not text.strip():
        raise TextError(f"{path} is empty; give a text to learn from")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cut(text: str, level: Level) -> list[str]:
    """Cut a text into its characters, or into words, numbers, signs and line ends."""
    return list(text) if level == "char" else _WORD.findall(text)


def make_encoder(tokens: Iterable[str], level: Level) -> Encoder:
    """Number the tokens, the most frequent first; rare ones, and those beyond the largest vocabulary, are unknown.

    Raises TextError where no token is frequent enough.
    """
    most = MAX_CHARS if level == "char" else MAX_WORDS
    counts = Counter(tokens)
    counts.pop(UNKNOWN, None)
    frequent = [token for token, n in counts.items() if n >= MIN_COUNT[level]]
    if not frequent:
        unit = "character" if level == "char" else "word"
        raise TextError(f"no {unit} of the text occurs {MIN_COUNT[level]} times; give a text to learn from")
    ranked = sorted(frequent, key=lambda token: (-counts[token], token))
    return Encoder((UNKNOWN, *ranked[: most - 1]), level, 0)


def check_length(path: Path, n_tokens: int, level: Level) -> None:
    """Raise TextError where a text is too short to learn from."""
    if n_tokens < MIN_TOKENS:
        unit = "characters" if level == "char" else "words"
        raise TextError(f"{path} has {n_tokens:,} {unit}; at least {MIN_TOKENS:,} are needed to learn from")


def read_lines(path: Path) -> list[str]:
    """Return the lines of a file that holds a document, or a label, a line; TextError where it has fewer than two."""
    lines = read_text(path).rstrip().split("\n")
    if len(lines) < 2:
        raise TextError(f"{path} has one line only; give one document a line")
    return lines


def read_labels(path: Path, n_lines: int, documents: Sequence[int]) -> list[str]:
    """Return the label of each document, by the number of its line, of a text of ``n_lines`` lines.

    Raises TextError for another number of lines, a document without a label, too few labels, or the same for all.
    """
    by_line = [line.strip() for line in read_lines(path)]
    unlabelled = next((i + 1 for i in documents if i < len(by_line) and not by_line[i]), None)
    if unlabelled is not None:
        both = f"line {unlabelled} is empty, and line {unlabelled} of the text is not"
        raise TextError(f"{path}: {both}; give it a label")
    if len(by_line) != n_lines:
        raise TextError(f"{path} has {len(by_line):,} labels and the text {n_lines:,} lines; give one label a line")
    labels, n_documents = [by_line[i] for i in documents], len(documents)
    if n_documents < MIN_DOCUMENTS:
        raise TextError(f"there are {n_documents} labelled lines; at least {MIN_DOCUMENTS} are needed to learn from")
    different = set(labels)
    if len(different) < 2:
        raise TextError(f"{path} gives every line the label {labels[0][:40]!r}; at least two different ones are needed")
    if len(different) > n_documents // 2:
        raise TextError(f"{path} has {len(different):,} different labels for {n_documents:,} lines; labels must recur")
    return labels
