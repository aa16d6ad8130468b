"""Made languages: drawn as a naive walk would, with the exact floor of any number of rounds or steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lstmviz.training.automaton import Automaton, Move

# A round is a, then b any number of times, then c or d.
SMALL = Automaton(
    "start",
    {
        "start": [Move("a", 1.0, "inside")],
        "inside": [Move("b", 0.5, "inside"), Move("c", 0.2, "start"), Move("d", 0.3, "start")],
    },
)


def walk(automaton, draws, n_steps=None, n_rounds=None):
    """One sequence by the book: a uniform number a step picks the first move whose summed probability is beyond it."""
    state, steps, rounds = automaton.start, [], 0
    for u in draws:
        total = 0.0
        for move in automaton.moves[state]:
            total += move.p
            if u < total:
                break
        state = move.to
        steps.append((move.token, state, -math.log(move.p)))
        rounds += state == automaton.start
        if len(steps) == n_steps or rounds == n_rounds:
            return steps
    return None


@pytest.mark.parametrize("length", [{"n_steps": 9}, {"n_rounds": 3}])
def test_sequences_are_drawn_as_a_naive_walk_draws_them(length):
    made = SMALL.draw(np.random.default_rng(3), 50, **length)
    draws = np.random.default_rng(3).random((made.tokens.shape[1], 50))
    for i in range(50):
        steps = walk(SMALL, draws[:, i], **length)
        n = made.lengths[i]
        assert [SMALL.vocab[t] for t in made.tokens[i, :n]] == [token for token, _, _ in steps]
        assert [SMALL.states[s] for s in made.states[i, :n]] == [state for _, state, _ in steps]
        np.testing.assert_allclose(made.surprisals[i, :n], [cost for _, _, cost in steps])
        assert (made.tokens[i, n:] == -1).all()
        assert (made.surprisals[i, n:] == 0).all()


@pytest.mark.parametrize(("n", "length"), [(1, "n_rounds"), (4, "n_rounds"), (2, "n_steps"), (15, "n_steps")])
def test_the_floor_is_what_who_knows_the_process_pays(n, length):
    floor = SMALL.floor_of_rounds(n) if length == "n_rounds" else SMALL.floor_of_steps(n)
    truths = [SMALL.draw(np.random.default_rng(seed), 2000, **{length: n}).ideal_loss for seed in range(20)]
    assert abs(np.mean(truths) - floor) <= 4 * np.std(truths) / math.sqrt(20)


def test_the_floor_of_a_round_by_hand():
    inside = -(0.5 * math.log(0.5) + 0.2 * math.log(0.2) + 0.3 * math.log(0.3))
    assert SMALL.visits == pytest.approx({"start": 1.0, "inside": 2.0})
    assert SMALL.floor_of_rounds(1) == pytest.approx(2 * inside / 2)
    assert SMALL.floor_of_steps(2) == pytest.approx(inside)


@pytest.mark.parametrize(
    "moves",
    [
        {"start": [Move("a", 0.5, "start")]},
        {"start": [Move("a", 1.0, "elsewhere")]},
        {"start": [Move("a", 0.5, "start"), Move("a", 0.5, "start")]},
        {"start": [Move("a", 1.0, "start"), Move("b", 0.0, "start")]},
    ],
)
def test_a_process_that_is_none_is_refused(moves):
    with pytest.raises(ValueError, match=r"do not add up to 1|emits a token twice"):
        Automaton("start", moves)
