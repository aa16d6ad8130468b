"""Part of speech of English words, by the tagger of the textblob package, which brings its model along."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from lstmviz.annotate.encode import categorical, fill_spans
from lstmviz.annotate.texts import Part, parts
from lstmviz.dump.reader import Axis
from lstmviz.errors import InputError

KINDS = (
    *("noun", "name", "verb", "adjective", "adverb", "pronoun", "determiner", "preposition", "conjunction"),
    *("number", "particle", "punctuation", "other"),
)
_KIND_OF = {  # of the tags of the Penn Treebank
    **dict.fromkeys(("NN", "NNS", "NP"), "noun"),
    **dict.fromkeys(("NNP", "NNPS"), "name"),
    **dict.fromkeys(("MD", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ"), "verb"),
    **dict.fromkeys(("JJ", "JJR", "JJS"), "adjective"),
    **dict.fromkeys(("RB", "RBR", "RBS", "WRB"), "adverb"),
    **dict.fromkeys(("PRP", "PRP$", "WP", "WP$"), "pronoun"),
    **dict.fromkeys(("DT", "PDT", "WDT", "EX"), "determiner"),
    **dict.fromkeys(("POS", "RP", "TO"), "particle"),
    "IN": "preposition",
    "CC": "conjunction",
    "CD": "number",
}
_WORD = re.compile(r"n't\b|['’](?:s|re|ve|ll|d|m)\b|\w+?(?=n't\b)|\w+(?:-\w+)*|[^\w\s]", re.IGNORECASE)


def part_of_speech(axis: Axis) -> pd.Categorical:
    """Tell the part of speech of the word that each token belongs to, for English.

    It takes ``pip install "lstmviz[annotate]"``: the tagger of textblob, which looks words up in its lexicon and
    corrects them by the words around. It errs more than a neural tagger does.

    Args:
        axis: The axis.

    Returns:
        ``"noun"``, ``"name"``, ``"verb"``, ``"adjective"``, ``"adverb"``, ``"pronoun"``, ``"determiner"``,
        ``"preposition"``, ``"conjunction"``, ``"number"``, ``"particle"``, ``"punctuation"`` or ``"other"`` for each
        step; missing at spaces.

    Raises:
        InputError: The axis has no tokens, or textblob is not installed.

    Example:
        >>> lstmviz.annotate.part_of_speech(dump.first)[249:252].tolist()
        ['punctuation', 'number', 'number']
    """
    tagger = _tagger()
    return categorical(np.concatenate([_codes(part, tagger) for part in parts(axis)]), list(KINDS))


def is_installed() -> bool:
    """Tell whether the tagger is there; it is not loaded, which takes seconds."""
    return find_spec("textblob") is not None


@lru_cache(maxsize=1)
def _tagger() -> Any:
    try:
        from textblob.en import parser
    except ImportError as err:
        raise InputError('part of speech needs textblob; install it with: pip install "lstmviz[annotate]"') from err
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # textblob does not close the files of its model
        parser.find_tags(["word"])
    return parser


def _codes(part: Part, tagger: Any) -> Any:
    codes = np.full(len(part), -1, np.int8)
    starts = np.flatnonzero(part.sentence_starts | part.sequence_starts)
    edges = np.append(part.begins[starts], len(part.text)).tolist()
    by_character = np.full(len(part.text) + 1, -1, np.int8)
    spans: list[tuple[int, int]] = []
    kinds: list[int] = []
    for start, stop in zip(edges, edges[1:], strict=False):
        hits = list(_WORD.finditer(part.text, start, stop))
        tags = tagger.find_tags([hit[0] for hit in hits])
        spans += [hit.span() for hit in hits]
        kinds += [_kind(word, tag) for word, tag in tags]
    if spans:
        bounds = np.array(spans, np.int64)
        fill_spans(by_character, bounds[:, 0], bounds[:, 1], np.array(kinds, np.int8))
        codes = np.where(part.is_blank, -1, by_character[part.leading]).astype(np.int8)
    return codes


def _kind(word: str, tag: str) -> int:
    if not any(c.isalnum() for c in word):
        return KINDS.index("punctuation")
    return KINDS.index(_KIND_OF.get(tag.partition("|")[0], "number" if word.isdecimal() else "other"))
