"""Artificial film reviews: each sentence has clauses with good and bad words, some negated by "not", and one label.

"the plot was not dull but the music seemed loud ." is negative: of its two clauses one speaks for the film ("not
dull"), one against ("loud"), and the last one settles a tie. The label is open until the last clause, so a network that
reads forward can only guess early on; one that also reads backward knows from the first word.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from lstmviz.training.automaton import Automaton, Move, State

LABELS: Final = ("negative", "positive")
SUBJECTS: Final = ("plot", "music", "cast", "ending", "script", "pace", "picture", "sound")
VERBS: Final = ("was", "felt", "seemed")
GOOD: Final = ("lovely", "bright", "moving", "clever", "warm", "fresh")
BAD: Final = ("dull", "loud", "weak", "clumsy", "cold", "stale")
JOINS: Final = ("and", "but")
P_NOT: Final = 0.25
P_MORE: Final = (0.8, 0.6, 0.4, 0.0)  # that another clause follows, after 1, 2, 3 and 4


def automaton() -> Automaton:
    """Return the sentences as an automaton.

    States carry (clauses so far, score so far, +1 or -1 of the last clause): ("the", ...), ("subject", ...),
    ("verb", ...), ("verdict", ..., is negated), ("join", ...).
    """
    start: State = ("the", 0, 0, 0)
    moves: dict[State, list[Move]] = {}
    open_states: list[State] = [start]
    while open_states:
        state = open_states.pop()
        if state in moves:
            continue
        moves[state] = _moves(state, start)
        open_states += [move.to for move in moves[state]]
    return Automaton(start, moves)


def label_of(score: int, last: int) -> str:
    """Return the label of a whole sentence; its last clause settles a tie."""
    return LABELS[(score or last) > 0]


def p_positive(automaton: Automaton) -> Mapping[State, float]:
    """Return the chance that the sentence will be positive, given all tokens so far, for the state after each token."""

    @cache
    def chance(state: State) -> float:
        total = 0.0
        for move in automaton.moves[state]:
            ends = move.to == automaton.start
            total += move.p * (_is_positive(state) if ends else chance(move.to))
        return total

    return {state: chance(state) for state in automaton.moves}


def exact_floor(automaton: Automaton) -> float:
    """Return the exact least loss of an observer who reads forward and predicts the label after each word, nats a word.

    It is the entropy of the label given the words so far, over all steps of a sentence; at the full stop it is 0.
    """
    chances = p_positive(automaton)
    total = sum(n * _entropy(chances[state]) for state, n in automaton.visits.items() if state != automaton.start)
    return total / sum(automaton.visits.values())


def _entropy(p: float) -> float:
    return -sum(q * math.log(q) for q in (p, 1 - p) if q > 0)


def _is_positive(state: Any) -> float:
    _, _, score, last = state
    return float(label_of(score, last) == LABELS[1])


def _moves(state: Any, start: State) -> list[Move]:
    part, n, score, last, *negated = state
    if part == "the":
        return [Move("the", 1.0, ("subject", n, score, last))]
    if part == "subject":
        return [Move(word, 1 / len(SUBJECTS), ("verb", n, score, last)) for word in SUBJECTS]
    if part == "verb":
        return [Move(word, 1 / len(VERBS), ("verdict", n, score, last, False)) for word in VERBS]
    if part == "verdict":
        return _verdicts(n, score, last, *negated)
    p_more = P_MORE[n - 1]
    more = [Move(word, p_more / len(JOINS), ("the", n, score, last)) for word in JOINS if p_more]
    return [*more, Move(".", 1 - p_more, start)]


def _verdicts(n: int, score: int, last: int, is_negated: bool) -> list[Move]:
    share = 1.0 if is_negated else 1 - P_NOT
    moves = []
    for words, sign in ((GOOD, 1), (BAD, -1)):
        worth = -sign if is_negated else sign
        for word in words:
            moves.append(Move(word, share / (len(GOOD) + len(BAD)), ("join", n + 1, score + worth, worth)))
    return moves if is_negated else [Move("not", P_NOT, ("verdict", n, score, last, True)), *moves]
