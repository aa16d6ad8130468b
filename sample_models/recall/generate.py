"""A key, a gap of filler signs, then a question whose answer is the key: how long can a network hold it?

Such as "C x v w ? C": one of eight keys, 1 to 20 random filler signs, the question mark, the key again.
(The memory test of Hochreiter and Schmidhuber, 1997, section 5, with a random gap.)
"""

from __future__ import annotations

from typing import Final

from lstmviz.training.automaton import Automaton, Move, State

KEYS: Final = tuple("ABCDEFGH")
FILLER: Final = tuple("uvwxyz")
QUESTION: Final = "?"
MAX_GAP: Final = 20  # signs between key and question in training; all lengths from 1 on are equally likely


def automaton(max_gap: int = MAX_GAP, min_gap: int = 1) -> Automaton:
    """Return the task as an automaton, with gaps of ``min_gap`` to ``max_gap`` signs, each length equally likely.

    States: ("key",); ("gap", key, signs so far); ("answer", key).
    """
    moves: dict[State, list[Move]] = {("key",): [Move(key, 1 / len(KEYS), ("gap", key, 0)) for key in KEYS]}
    for key in KEYS:
        for n in range(max_gap + 1):
            p_ends = 0.0 if n < min_gap else 1 / (max_gap - n + 1)
            p_sign = (1 - p_ends) / len(FILLER)
            moves["gap", key, n] = [
                *(Move(sign, p_sign, ("gap", key, n + 1)) for sign in FILLER if n < max_gap),
                *([Move(QUESTION, p_ends, ("answer", key))] if p_ends else []),
            ]
        moves["answer", key] = [Move(key, 1.0, ("key",))]
    return Automaton(("key",), moves)
