"""LSTMVis's dictionary files: each line is ``word id``; the line of the space is two spaces and its id.

LSTMVis splits each line at white space, reads a line that begins with a space and has only an id as the space, and
skips every other line without a word. Here such a line is either read as its writer meant it, or is a fault.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lstmviz.lstmvis.faults import Faults

MAX_ID = 2**24  # ids become indices of a table of words
MAX_BYTES = 2**30
EMPTY = "∅"
VISIBLE = {" ": "␣", "\t": "␉", "\n": "␤", "\r": "␍", "\x0b": "␋", "\x0c": "␌"}


@dataclass(frozen=True)
class Dictionary:
    """The words of a dictionary file by id, and notes on how doubtful lines were read."""

    words: Mapping[int, str]
    notes: tuple[str, ...] = ()
    file: str = field(default="", compare=False)

    @property
    def size(self) -> int:
        """One more than the largest id."""
        return max(self.words, default=-1) + 1

    def table(self) -> tuple[str, ...]:
        """The words in the order of their ids, "" for an id without a word."""
        return tuple(self.words.get(i, "") for i in range(self.size))


def read_dictionary(path: Path, name: str, faults: Faults) -> Dictionary:
    """Read a dictionary file; ``name`` goes into messages. Each broken line becomes a fault with its number."""
    words: dict[int, str] = {}
    notes: dict[str, str] = {}
    if path.stat().st_size > MAX_BYTES:
        faults.add(name, f"is larger than {MAX_BYTES} bytes; a dictionary holds one line a word")
        return Dictionary({}, (), name)
    is_after_blank = False
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).rstrip(b"\r\n")
            entry = _entry(line, is_after_blank)
            is_after_blank = not line
            if entry is None:
                continue
            if isinstance(entry, str):
                faults.add(name, f"line {number} {entry}; write a word, a space and its id")
                continue
            word, word_id, note = entry
            if words.get(word_id, word) != word:
                note = f"id {word_id} has more than one word; the last one, line {number}, counts, as in LSTMVis"
            if note:
                notes.setdefault(note.split(";")[-1], f"{name}: line {number}: {note}")
            words[word_id] = word
    if not words:
        faults.add(name, "holds no entry; write a word, a space and its id on each line")
    return Dictionary(words, tuple(notes.values()), name)


def _entry(line: bytes, is_after_blank: bool) -> tuple[str, int, str] | str | None:
    """Return (word, id, note), or what is wrong with the line, or None for an empty line."""
    parts = line.split()
    if not parts:
        return None if not line else "holds only white space"
    if not parts[-1].isdigit():
        return f"ends in {_text(parts[-1])[:40]!r}, which is not an id"
    word_id = int(parts[-1][:12])
    if word_id >= MAX_ID:
        return f"has id {word_id}, and ids up to {MAX_ID - 1} are read"
    if len(parts) > 1:
        word, note = line.rsplit(None, 1)[0], ""
        if len(parts) > 2:
            note = "the word has white space in it, and LSTMVis skips such a line; it is read up to the last space"
    elif line[:1] == b" ":
        word, note = b" ", ""
        if is_after_blank and line[:2] != b"  ":
            word, note = b"\n", "read as the line break, which its writer put on the line before"
    elif line[:1].isspace():
        word, note = line[:1], "LSTMVis skips such a line; its first character is read as the word"
    else:
        return f"holds {_text(parts[0])[:40]!r} alone"
    if _is_utf8(word):
        return word.decode("utf-8"), word_id, note
    return word.decode("latin-1"), word_id, "not UTF-8, as some words are; those are read as Latin-1"


def dictionary_lines(words: Sequence[str]) -> str:
    """Return the text of a dictionary file; what the format cannot hold gets a visible stand-in."""
    return "".join(f"{' ' if word == ' ' else stand_in(word)} {i}\n" for i, word in enumerate(words))


def stand_in(word: str) -> str:
    """Return a word with visible signs for white space; never empty."""
    return "".join(VISIBLE.get(c, c) for c in word).encode("utf-8", "backslashreplace").decode("utf-8") or EMPTY


def is_plain(words: Sequence[str]) -> bool:
    """Tell whether a dictionary file can hold these words exactly."""
    return all(word == " " or word == stand_in(word) for word in words)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
