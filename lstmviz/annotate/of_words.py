"""What each token is, by its own text: kind of character, capitals, numbers, punctuation marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstmviz.annotate.encode import categorical
from lstmviz.annotate.texts import Part, each_part
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError

KINDS = ("letter", "digit", "punctuation", "symbol", "space", "other")
_KIND_OF = {"L": 0, "M": 0, "N": 1, "P": 2, "S": 3, "Z": 4}  # by the first letter of Unicode's category
_NUMBER = re.compile(r"[+-]?(\d[\d.,:/]*|[.,]\d+)%?")


def kind_of_character(axis: Axis) -> pd.Categorical:
    """Tell the kind of each token's first character that is no space.

    Args:
        axis: The axis.

    Returns:
        ``"letter"``, ``"digit"``, ``"punctuation"``, ``"symbol"``, ``"space"`` or ``"other"`` for each step.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.kind_of_character(dump.first)[249:252].tolist()
        ['punctuation', 'digit', 'digit']
    """
    return categorical(each_part(axis, _kinds), list(KINDS))


def capital(axis: Axis) -> pd.Categorical:
    """Tell how each token is capitalized.

    Args:
        axis: The axis.

    Returns:
        ``"no"``, ``"first"`` (its first letter) or ``"all"`` (two letters or more) for each step.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> set(lstmviz.annotate.capital(dump.first))
        {'no'}
    """
    return _of_words(axis, _capital, ["no", "first", "all"])


def number(axis: Axis) -> pd.Categorical:
    """Tell which tokens are numbers in digits, such as ``7``, ``3.5`` or ``-1,000``.

    Args:
        axis: The axis.

    Returns:
        ``"no"`` or ``"yes"`` for each step.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.number(dump.first)[249:252].tolist()
        ['no', 'yes', 'yes']
    """
    return _of_words(axis, lambda word: int(_NUMBER.fullmatch(word) is not None), ["no", "yes"])


def punctuation(axis: Axis) -> pd.Categorical:
    """Tell which tokens are punctuation marks only.

    Args:
        axis: The axis.

    Returns:
        ``"no"`` or ``"yes"`` for each step.

    Raises:
        InputError: The axis has no tokens.

    Example:
        >>> lstmviz.annotate.punctuation(dump.first)[249:252].tolist()
        ['yes', 'no', 'no']
    """

    def is_marks(word: str) -> int:
        return int(bool(word) and all(unicodedata.category(c).startswith("P") for c in word))

    return _of_words(axis, is_marks, ["no", "yes"])


def _kinds(part: Part) -> NDArray[Any]:
    if not part.text:
        return np.full(len(part), KINDS.index("other"), np.int8)
    different, place = np.unique(part.characters[part.leading], return_inverse=True)
    kinds = np.array([_kind(chr(c)) for c in different.tolist()], np.int8)[place]
    return np.where(part.ends > part.begins, kinds, KINDS.index("other")).astype(np.int8)


def _kind(character: str) -> int:
    if character.isspace():
        return KINDS.index("space")
    return _KIND_OF.get(unicodedata.category(character)[0], KINDS.index("other"))


def _capital(word: str) -> int:
    letters = [c for c in word if c.isalpha()]
    if not letters or not (letters[0].isupper() or letters[0].istitle()):
        return 0
    return 2 if len(letters) > 1 and all(c.isupper() for c in letters) else 1


def _of_words(axis: Axis, code: Callable[[str], int], labels: list[str]) -> pd.Categorical:
    """Label each token by a function of its text without the spaces around it; each text is looked at once."""
    if axis.tokens is None:
        raise InputError(f"axis {axis.name!r} has no tokens, so nothing can be read off its text")
    ids, vocab = axis.tokens.as_written.ids[:], axis.tokens.as_written.vocab
    if vocab is None:
        different, place = np.unique(ids, return_inverse=True)
        return categorical(np.array([code(str(i)) for i in different.tolist()], np.int8)[place], labels)
    return categorical(np.array([code(word.strip()) for word in vocab], np.int8)[ids], labels)
