"""Text of nested parentheses whose digits give the level, with the true depth and the exact entropy floor.

At each step the automaton is at a depth from 0 to 4 and emits the digit of that depth (and stays), an opening
parenthesis (and goes one deeper) or a closing one (and comes back). After a digit the next token depends on that digit
alone; after a parenthesis it depends on the depth, which takes a memory of all tokens before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lstmviz.training.automaton import Automaton, Move

MAX_DEPTH: Final = 4

P_BRACKET_INSIDE: Final = 0.2  # of "(" and of ")" each at depths 1 to 3: runs of 2.5 steps, brackets in 4 steps of 10
P_BRACKET_EDGE: Final = 0.25  # of the one bracket possible at depths 0 and 4: runs of 4 steps, 17 % of steps at depth 4


def automaton() -> Automaton:
    """Return the text as an automaton; its states are the depths 0 to 4, which are also their indices."""
    return Automaton(0, {depth: list(_moves(depth)) for depth in range(MAX_DEPTH + 1)})


def _moves(depth: int) -> Iterator[Move]:
    p = P_BRACKET_INSIDE if 0 < depth < MAX_DEPTH else P_BRACKET_EDGE
    n_brackets = 0
    for bracket, to in (("(", depth + 1), (")", depth - 1)):
        if 0 <= to <= MAX_DEPTH:
            n_brackets += 1
            yield Move(bracket, p, to)
    yield Move(str(depth), 1.0 - n_brackets * p, depth)
