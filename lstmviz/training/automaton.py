"""An artificial language whose truth is known: a finite automaton that emits a token a move, and its exact entropy.

Its state is a function of the tokens so far, so the best possible prediction at each step is the distribution of the
next token in that state, and the least possible loss is the entropy of those, averaged over the states as they are
visited (chain rule; Cover and Thomas, Elements of Information Theory, section 2.5; visits to transient states from
the fundamental matrix, Kemeny and Snell 1960).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

State = Hashable


@dataclass(frozen=True, slots=True)
class Move:
    """One way out of a state: the token it emits, its probability, and the state that follows."""

    token: str
    p: float
    to: State


@dataclass(frozen=True)
class SampledSequences:
    """Sampled sequences, one a row, padded with -1 (surprisals: 0) after ``lengths`` (n_sequences,).

    ``tokens``: ids in ``Automaton.vocab``; ``states``: the state after each token, by its index in
    ``Automaton.states``; ``surprisals``: of each token under the true automaton, in nats. All (n_sequences, n_steps).
    """

    tokens: NDArray[np.int64]
    states: NDArray[np.int64]
    surprisals: NDArray[np.float64]
    lengths: NDArray[np.int64]

    @property
    def ideal_loss(self) -> float:
        """Mean loss of the ideal observer on these sequences, in nats a token, without the first token of each."""
        return float(self.surprisals[:, 1:].sum() / (self.lengths - 1).sum())


@dataclass(frozen=True)
class _Tables:
    """The moves as arrays (n_states, most moves of any state); ``cumulative``: their probabilities, added up."""

    cumulative: NDArray[np.float64]
    tokens: NDArray[np.int64]
    to: NDArray[np.int64]
    surprisals: NDArray[np.float64]


@dataclass(frozen=True)
class Automaton:
    """An automaton by its moves; a round begins in ``start`` and ends when it comes back there.

    Raises ValueError where the moves of a state do not add up to 1, lead nowhere, or emit one token twice (then the
    state would not be a function of the tokens).
    """

    start: State
    moves: Mapping[State, Sequence[Move]]

    def __post_init__(self) -> None:
        for state, moves in self.moves.items():
            tokens = [move.token for move in moves]
            if abs(sum(move.p for move in moves) - 1.0) > 1e-9 or min(move.p for move in moves) <= 0:
                raise ValueError(f"the moves of state {state!r} do not add up to 1")
            if len(set(tokens)) < len(tokens) or any(move.to not in self.moves for move in moves):
                raise ValueError(f"state {state!r} emits a token twice, or leads to a state without moves")

    @cached_property
    def vocab(self) -> tuple[str, ...]:
        """Every token that can be emitted, sorted."""
        return tuple(sorted({move.token for moves in self.moves.values() for move in moves}))

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Every state, in the order of ``moves``."""
        return tuple(self.moves)

    @cached_property
    def _tables(self) -> _Tables:
        number = {state: i for i, state in enumerate(self.states)}
        ids = {token: i for i, token in enumerate(self.vocab)}
        shape = (len(self.moves), max(map(len, self.moves.values())))
        p, tokens, to = np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for i, moves in enumerate(self.moves.values()):
            for k, move in enumerate(moves):
                p[i, k], tokens[i, k], to[i, k] = move.p, ids[move.token], number[move.to]
        cumulative = p.cumsum(axis=1)
        cumulative /= cumulative[:, -1:]  # exactly 1 from the last move on: no draw from [0, 1) goes past it
        return _Tables(cumulative, tokens, to, -np.log(p, out=np.zeros(shape), where=p > 0))

    def draw(
        self, rng: np.random.Generator, n_sequences: int, n_steps: int | None = None, n_rounds: int | None = None
    ) -> SampledSequences:
        """Draw sequences of ``n_steps`` tokens or of ``n_rounds`` whole rounds, each from ``start``.

        One uniform number a sequence and step; the same seed gives the same sequences.
        """
        tables, start = self._tables, self.states.index(self.start)
        state, rounds_left = np.full(n_sequences, start), np.full(n_sequences, n_rounds or 0)
        lengths = np.zeros(n_sequences, np.int64)
        tokens, states, surprisals = [], [], []
        is_on = np.ones(n_sequences, np.bool_)
        while is_on.any():
            move = (tables.cumulative[state] <= rng.random(n_sequences)[:, None]).sum(axis=1)
            tokens.append(np.where(is_on, tables.tokens[state, move], -1))
            surprisals.append(np.where(is_on, tables.surprisals[state, move], 0.0))
            state = tables.to[state, move]
            states.append(np.where(is_on, state, -1))
            lengths += is_on
            rounds_left -= state == start
            is_on &= (rounds_left > 0) if n_steps is None else (lengths < n_steps)
        return SampledSequences(np.stack(tokens, 1), np.stack(states, 1), np.stack(surprisals, 1), lengths)

    def entropy(self, state: State) -> float:
        """Return the entropy of the next token in a state, in nats."""
        p = np.array([move.p for move in self.moves[state]])
        return float(-(p * np.log(p)).sum())

    @cached_property
    def visits(self) -> Mapping[State, float]:
        """How often each state is expected to be left in one round."""
        index = {state: i for i, state in enumerate(self.moves)}
        transient = np.zeros((len(index), len(index)))
        for state, moves in self.moves.items():
            for move in moves:
                if move.to != self.start:
                    transient[index[state], index[move.to]] += move.p
        begin = np.zeros(len(index))
        begin[index[self.start]] = 1.0
        expected = np.linalg.solve((np.eye(len(index)) - transient).T, begin)
        return {state: float(expected[i]) for state, i in index.items()}

    def floor_of_rounds(self, n_rounds: int) -> float:
        """Return the least expected loss, in nats a token, on sequences of ``n_rounds``, without their first token.

        It is the expected loss of all predicted tokens over their expected number.
        """
        total = sum(n * self.entropy(state) for state, n in self.visits.items())
        length = sum(self.visits.values())
        return (n_rounds * total - self.entropy(self.start)) / (n_rounds * length - 1)

    def floor_of_steps(self, n_steps: int) -> float:
        """Return the same on sequences of ``n_steps`` tokens, from the exact distribution of the state at each."""
        entropies = np.array([self.entropy(state) for state in self.states])
        tables = self._tables
        p = np.diff(tables.cumulative, axis=1, prepend=0.0)
        at = np.zeros(len(self.states))  # the probability of each state
        at[self.states.index(self.start)] = 1.0
        total = 0.0
        for _ in range(n_steps - 1):
            following = np.zeros(len(at))
            np.add.at(following, tables.to, at[:, None] * p)
            at = following
            total += float(at @ entropies)
        return total / (n_steps - 1)
