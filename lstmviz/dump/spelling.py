"""The tokens of a vocabulary as they are shown, and the text that they make."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cached_property

from lstmviz.dump.joining import Joining, encoded, is_unknown


class Spelling:
    """What the tokens of a vocabulary are shown as, and what each adds to the text.

    ``texts`` are without what ``joining.join`` puts between two; ``cut`` are the bytes of those that are no whole
    letters.
    """

    def __init__(self, joining: Joining, words: Sequence[str]) -> None:
        self.joining = joining
        self.words = tuple(words)  # as the model's tokenizer spells them
        self.shown = tuple(map(joining.shown, words)) if joining.pieces else self.words
        self.cut: dict[int, bytes] = {}
        self.texts = self.shown
        if joining.pieces:
            data = list(map(joining.piece, words))
            self.texts = tuple(each.decode("utf-8", "backslashreplace") for each in data)
            self.cut = {i: each for i, each in enumerate(data) if not _is_utf8(each)}

    @cached_property
    def unknown(self) -> list[int]:
        """The ids of the tokens that stand for all that the vocabulary does not have, as far as their names tell."""
        return [i for i, word in enumerate(self.words) if is_unknown(word)]

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of some tokens in a row."""
        if not self.cut.keys().isdisjoint(ids):
            whole = b"".join(self.cut[i] if i in self.cut else encoded(self.texts[i]) for i in ids)
            return self.joining.trimmed(whole.decode("utf-8", "backslashreplace"))
        return self.joining.trimmed(self.joining.join.join([self.texts[i] for i in ids]))

    def letters(self, ids: Sequence[int]) -> tuple[list[str], list[int]]:
        """Return what each token adds, and the first token of the letters it completes (itself, unless they were cut).

        The token that completes a letter has it all; those before it add "".
        """
        texts, firsts, begun = [], [], 0
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        for place, i in enumerate(ids):
            if not decoder.getstate()[0]:
                begun = place
            texts.append(decoder.decode(self.cut[i] if i in self.cut else encoded(self.texts[i])))
            firsts.append(begun)
        return texts, firsts


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
