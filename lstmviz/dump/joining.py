"""How tokens become text: what joins two of them, and what a piece of a word adds.

A tokenizer that cuts words (byte-level BPE, WordPiece, SentencePiece) marks in the spelling of the pieces where a word
begins or ends. The rules are "bytes" (GPT-2's alphabet, each letter of which stands for one byte), "prefix:##" (it
continues a word), "suffix:@@" (the next one continues it), "end:</w>" (the word ends here) and "space:▁" (a space).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import regex

MOSTLY_SINGLE, ENOUGH_SINGLE = 0.9, 10  # share and number of single characters that make a vocabulary of characters
SINGLE_BESIDE_PAIRS = 0.75  # the share where all others are two letters, such as Cl and Br among atoms
FEW = 0.01  # least share of a vocabulary that bears the mark of its pieces
FEW_SPACED = 0.05  # least share of a byte-level vocabulary that begins with a space
MAX_SINGLE = 32  # code points; a longer entry is no single character, however many marks are on it
_BYTE_TOKEN = regex.compile(r"<0x([0-9A-Fa-f]{2})>")  # SentencePiece's byte, for what it has no piece for
_SPECIAL_NAMES = "pad|padding|unk|unknown|oov|bos|eos|sos|start|end|stop|go|mask|cls|sep|blank|s|/s"
_SPECIAL = regex.compile(
    rf"<\|[^\s<>]+\|>|<[^\s<>]+>|\[[A-Z][A-Z0-9_ ]*\]|\[unused\s?\d+\]|PAD|UNK|BOS|EOS|SOS"
    rf"|(?i:[\[({{<_-]+/?(?:{_SPECIAL_NAMES})\d*[\])}}>_-]*)"
)


UNKNOWN = "\N{REPLACEMENT CHARACTER}"  # in the vocabularies of lstmviz's own models: what is not in them
_UNKNOWN_NAMES = regex.compile(r"unk|unknown|oov", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Joining:
    """What joins two tokens of a text, and the rule by which pieces spell it ("" for whole tokens)."""

    join: str = " "
    pieces: str = ""

    def shown(self, word: str) -> str:
        """Return a token as it is shown: as text, where its spelling is not one that people read."""
        if self.pieces == "bytes" or self.pieces.startswith(("space:", "end:")):
            return self.piece(word).decode("utf-8", "backslashreplace")
        return word

    def piece(self, word: str) -> bytes:
        """Return what a token adds to the text, in UTF-8; a byte-level piece may be a part of a letter."""
        return _PIECES[self.pieces.partition(":")[0]](word, self.pieces.partition(":")[2])

    def trimmed(self, text: str) -> str:
        """Return a text without the space that its first or last piece brought along."""
        if self.pieces.startswith(("prefix:", "space:")):
            return text.removeprefix(" ")
        return text.removesuffix(" ") if self.pieces.startswith(("suffix:", "end:")) else text


def is_special(word: str) -> bool:
    """Tell whether an entry looks like a special token, such as ``<bos>``, ``[CLS]`` or ``</s>``."""
    return _SPECIAL.fullmatch(word) is not None and _BYTE_TOKEN.fullmatch(word) is None


def is_unknown(word: str) -> bool:
    """Tell whether a token stands for all that a vocabulary does not have, such as ``<unk>`` or ``[UNK]``."""
    return word == UNKNOWN or (is_special(word) and _UNKNOWN_NAMES.search(word) is not None)


def unknown_of(vocab: Sequence[str]) -> int | None:
    """Return the id of the first token that stands for those that a vocabulary does not have; None without one."""
    return next((i for i, word in enumerate(vocab) if is_unknown(word)), None)


def cut_text(text: str, join: str) -> list[str]:
    """Cut a text into tokens where ``join`` stands between them: into characters where nothing does."""
    if not join:
        return list(text)
    return text.split(join) if join.strip() else text.split()


def in_place_of_unknown(cut: Sequence[str], tokens: Sequence[str], is_known: Sequence[bool]) -> list[str | None] | None:
    """Return what stood in a text at each unknown token, None at the others; None where the known ones disagree."""
    if len(cut) != len(tokens):
        return None
    rows = list(zip(cut, tokens, is_known, strict=True))
    agrees = all(word.casefold() == token.casefold() for word, token, is_one in rows if is_one)
    return [None if is_one else word for word, _, is_one in rows] if agrees else None


def guess_joining(vocab: Sequence[str] | None) -> Joining:
    """Guess how the tokens of a vocabulary are joined; special tokens do not count.

    Pieces of words are joined by the marks in their spelling; characters, and tokens of a vocabulary in which the space
    is a token itself, by nothing; words by a space.
    """
    words = [word for word in vocab or () if word and not is_special(word)]
    if not words:
        return Joining()
    pieces = _guess_pieces(words)
    if pieces:
        return Joining("", pieces)
    n_single = sum(map(_is_single, words))
    are_pairs = all(len(word) < 3 and word.isalpha() for word in words if not _is_single(word))
    least = SINGLE_BESIDE_PAIRS if are_pairs else MOSTLY_SINGLE
    is_by_character = n_single == len(words) or (n_single >= ENOUGH_SINGLE and n_single >= least * len(words))
    return Joining("" if is_by_character or " " in words else " ")


def read_joining(join: Any, vocab: Any, words: Sequence[str] | None) -> tuple[str | None, str]:
    """Return ``join`` and the rule of the pieces for a vocabulary as it was given, and as ``words``.

    A ``join`` that was given counts; with "" the pieces of a tokenizer keep their rule. (None, ""): they are guessed
    when the vocabulary is complete.
    """
    tokenizer_joining = joining_of(vocab)
    if join is not None:
        return join, tokenizer_joining.pieces if tokenizer_joining is not None and join == "" else ""
    if tokenizer_joining is None and words is None:
        return None, ""
    joining = guess_joining(words) if tokenizer_joining is None else tokenizer_joining
    return joining.join, joining.pieces


def joining_of(vocab: Any) -> Joining | None:
    """Return how a tokenizer's own decoder joins its tokens; None for anything else, or where it does not say."""
    tokenizer = getattr(vocab, "backend_tokenizer", vocab)
    if not hasattr(tokenizer, "to_str") or not hasattr(tokenizer, "get_vocab"):
        return None
    try:
        parts = json.loads(tokenizer.to_str())
    except (ValueError, TypeError):
        return None
    for name in ("decoder", "pre_tokenizer"):
        steps = _steps(parts.get(name))
        rules = (_RULES_OF[step["type"]](step) for step in steps if step.get("type") in _RULES_OF)
        rule = next(filter(None, rules), "")
        if rule:
            return Joining("", rule)
    return None


def _steps(part: Any) -> list[dict[str, Any]]:
    """Return the steps of a decoder or pre-tokenizer, which may be a sequence of them."""
    if not isinstance(part, dict):
        return []
    inner = part.get("decoders") or part.get("pretokenizers")
    return [step for each in inner for step in _steps(each)] if inner else [part]


def _replacing(step: dict[str, Any]) -> str:
    """Return the rule of a step that puts a space in place of a mark, or ""."""
    mark = (step.get("pattern") or {}).get("String")
    return f"space:{mark}" if mark and mark != " " and step.get("content") == " " else ""


_RULES_OF: dict[str, Callable[[dict[str, Any]], str]] = {
    "ByteLevel": lambda step: "bytes",
    "WordPiece": lambda step: f"prefix:{step.get('prefix') or '##'}",
    "Metaspace": lambda step: f"space:{step.get('replacement') or '▁'}",
    "Replace": lambda step: _replacing(step),
    "BPEDecoder": lambda step: f"end:{step.get('suffix') or '</w>'}",
}


def _guess_pieces(words: Sequence[str]) -> str:
    """Return the rule that the spelling of a vocabulary follows, or ""."""
    words = [word for word in words if not _BYTE_TOKEN.fullmatch(word)] or words
    least = max(1, FEW * len(words))
    if sum(len(w) > 2 and w.startswith("##") and w[2].isalnum() for w in words) >= least:
        return "prefix:##"
    for rule, is_marked in (
        ("space:▁", lambda w: len(w) > 1 and w.startswith("▁")),
        ("suffix:@@", lambda w: len(w) > 2 and w.endswith("@@")),
        ("end:</w>", lambda w: w.endswith("</w>")),
    ):
        if sum(map(is_marked, words)) >= least:
            return rule
    return "bytes" if _is_byte_level(words) else ""


def _is_byte_level(words: Sequence[str]) -> bool:
    """Tell whether words are spelled in GPT-2's alphabet: all of its letters are there, or spaces begin many words."""
    n_odd = sum(not _LETTERS.keys() >= set(word) for word in words)
    if n_odd > FEW * len(words):
        return False
    is_whole = _LETTERS.keys() <= {word for word in words if len(word) == 1}
    return is_whole or sum(word[0] == _SPACE for word in words) >= max(1, FEW_SPACED * len(words))


def _is_single(word: str) -> bool:
    return len(word) == 1 or (len(word) <= MAX_SINGLE and regex.fullmatch(r"\X", word) is not None)


def _byte_letters() -> dict[str, int]:
    """Return the byte that each letter of GPT-2's alphabet stands for.

    Printable bytes of Latin-1 stand for themselves; the others, in order, take the letters from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


_LETTERS = _byte_letters()
_SPACE = "Ġ"


def _of_bytes(word: str, _: str) -> bytes:
    if not _LETTERS.keys() >= set(word):  # a token that was added as it is
        return encoded(word)
    return bytes(_LETTERS[letter] for letter in word)


def _of_prefix(word: str, mark: str) -> bytes:
    is_rest = word.startswith(mark) and len(word) > len(mark)
    return encoded(word.removeprefix(mark) if is_rest else f" {word}")


def _of_suffix(word: str, mark: str) -> bytes:
    is_begun = word.endswith(mark) and len(word) > len(mark)
    return encoded(word.removesuffix(mark) if is_begun else f"{word} ")


def _of_end(word: str, mark: str) -> bytes:
    return encoded(f"{word.removesuffix(mark)} " if word.endswith(mark) or is_special(word) else word)


def _of_space(word: str, mark: str) -> bytes:
    byte = _BYTE_TOKEN.fullmatch(word)
    if byte is not None:
        return bytes.fromhex(byte[1])
    return encoded(f" {word}" if is_special(word) else word.replace(mark, " "))


def encoded(text: str) -> bytes:
    """Return a text as UTF-8; a lone surrogate becomes its escape."""
    return text.encode("utf-8", "backslashreplace")


_PIECES: dict[str, Callable[[str, str], bytes]] = {  # by the kind of a rule
    "": lambda word, _: encoded(word),
    "bytes": _of_bytes,
    "prefix": _of_prefix,
    "suffix": _of_suffix,
    "end": _of_end,
    "space": _of_space,
}


def is_rule(pieces: str) -> bool:
    """Tell whether a text is a rule of pieces that this lstmviz knows ("": whole tokens)."""
    kind, _, mark = pieces.partition(":")
    return kind in _PIECES and bool(mark) == (kind not in ("", "bytes"))
