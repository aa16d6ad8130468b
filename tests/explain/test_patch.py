"""Patching: what a loop over cells gives, and who carries the number past other nouns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz import Window, errors
from lstmviz.explain.causes.patch import patch_logits
from lstmviz.rerun.rerun import rerun_of
from support.cards import Card
from support.made_models import made_dump
from support.naive_causes import log_p

pytestmark = pytest.mark.usefixtures("one_thread")

N_PAIRS = {1: 120, 2: 108, 3: 72}  # by the nouns between, as often as the sample has them


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return lstmviz.open_dump(made_dump(tmp_path_factory.mktemp("made"), n_layers=2))


@pytest.mark.parametrize("donor", ["éba  ab", "éb"])
def test_the_predictions_are_those_of_a_loop_over_cells(made, donor):
    text, window, units = "ab é\nba", Window(1, 2), {"rnn.l0.c": [1, 4], "rnn.l1.h": [0]}
    model, vocab = rerun_of(made).module, list(made.tokens.vocab)
    ids, donor_ids = ([vocab.index(token) for token in one] for one in (text, donor))
    plain, _ = log_p(model, ids, {})
    given, states = log_p(model, donor_ids, {})
    held = {(s, t, u): float(states[s][t, 0, u]) for s, of in units.items() for u in of for t in range(1, 2)}
    expected, _ = log_p(model, ids, held)
    patched = made.patch(text, donor, units, window)
    for ours, theirs in ((patched.text, plain), (patched.donor, given), (patched.patched, expected)):
        np.testing.assert_allclose(ours, np.exp(theirs), atol=1e-5)
    n = min(len(text), len(donor))
    steps = patched.steps
    p = np.exp
    np.testing.assert_allclose(steps["kl_from_text"], (p(plain) * (plain - expected)).sum(1), atol=1e-5)
    from_donor = (p(given[:n]) * (given[:n] - expected[:n])).sum(1)
    np.testing.assert_allclose(steps["kl_from_donor"][:n], from_donor, atol=1e-5)
    assert steps["kl_from_donor"][n:].isna().all()
    losses = [-expected[t, ids[t + 1]] for t in range(len(ids) - 1)]
    np.testing.assert_allclose(steps["loss_patched"][:-1], losses, atol=1e-5)
    np.testing.assert_allclose(steps["loss"][:-1], [-plain[t, i] for t, i in enumerate(ids[1:])], atol=1e-5)
    assert np.isnan(steps["loss_patched"].iloc[-1])
    assert steps["is_patched"].tolist() == [t == 1 for t in range(len(text))]
    assert steps["donor_token"].tolist() == [*donor[:n], *[""] * (len(text) - n)]
    chance = patched.chance(["a", "b"])
    np.testing.assert_allclose(
        chance["patched"], p(expected)[:, [vocab.index("a"), vocab.index("b")]].sum(1), atol=1e-5
    )
    assert chance["donor"].notna().sum() == n


def test_all_units_of_all_layers_at_all_steps_are_the_donor(made):
    everything = {name: range(6) for name in ("rnn.l0.c", "rnn.l0.h", "rnn.l1.c", "rnn.l1.h")}
    patched = made.patch("ab é", "é\nba", everything, Window(0, 4))
    np.testing.assert_allclose(patched.patched, patched.donor, atol=1e-6)
    pattern = lstmviz.Pattern("text", (lstmviz.PatternUnit("rnn.l1.c", 2),), (("rnn.l1.c", 0.3),), 1)
    one = made.patch("ab é", "é\nba", pattern, Window(1, 3))
    np.testing.assert_allclose(one.patched, made.patch("ab é", "é\nba", {"rnn.l1.c": [2]}, Window(1, 3)).patched)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"window": Window(2, 9)}, errors.WindowError, "ends after the text of 4 tokens, or the donor of 3"),
        ({"units": {"rnn.l0.f": [0]}}, errors.PatternError, "is a gate"),
        ({"units": {"rnn.l0.c": [9]}}, errors.PatternError, "has no unit 9"),
        ({"units": {"rnn.l5.c": [0]}}, errors.UnknownName, "rnn.l5.c"),
        ({"units": {}}, errors.PatternError, "units is empty"),
        ({"donor": ""}, errors.InputError, "no token"),
    ],
)
def test_what_cannot_be_patched_is_said_in_one_line(made, asked, error, words):
    given = {"text": "ab é", "donor": "éba", "units": {"rnn.l0.c": [0]}, "window": Window(0, 2)}
    with pytest.raises(error) as caught:
        made.patch(**{**given, **asked})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_token_that_the_model_does_not_read_is_refused(parens):
    with pytest.raises(errors.InputError, match="no entry for 'x'"):
        parens.patch("0(x1", "0((1", {"rnn.l0.c": [0]}, Window(0, 2))
    patched = parens.patch("0(11", "0((2", {"rnn.l0.c": [0]}, Window(0, 2))
    with pytest.raises(errors.PatternError, match="does not choose from 'q'"):
        patched.chance(["q"])


@pytest.fixture(scope="module")
def turned(sample_dump):
    """The share of verbs that follow the donor of a minimal pair, when units of c are put in at a window of steps."""
    grammar, rng = Card("agreement").part("generate"), np.random.default_rng(5)

    def phrase():
        number = rng.choice(["singular", "plural"])
        return [
            rng.choice(grammar.PREPOSITIONS),
            rng.choice(grammar.DETERMINERS[number]),
            rng.choice(grammar.NOUNS[number]),
        ]

    pairs = []  # of texts of one length, by number of the subject
    for n_phrases, n_pairs in N_PAIRS.items():
        tails = [[word for _ in range(n_phrases) for word in phrase()] for _ in range(n_pairs)]
        nouns = rng.integers(len(grammar.NOUNS["singular"]), size=n_pairs)
        pairs.append(
            {
                number: [["the", words[noun], *tail] for noun, tail in zip(nouns, tails, strict=True)]
                for number, words in grammar.NOUNS.items()
            }
        )

    def share(variant, units, start, stop=None):
        """Both ways; the window ends with the text where ``stop`` is None."""
        dump, is_turned = sample_dump("agreement", variant), []
        runner = rerun_of(dump)
        ids = {token: i for i, token in enumerate(runner.vocab)}
        verbs = {number: [ids[verb] for verb in grammar.VERBS[number]] for number in grammar.VERBS}
        for some in pairs:
            texts = {number: torch.tensor([[ids[word] for word in text] for text in of]) for number, of in some.items()}
            window = Window(start, stop or texts["singular"].shape[1])
            for own, other in (("singular", "plural"), ("plural", "singular")):
                with runner.alone():
                    logits = patch_logits(dump, runner, texts[own], texts[other], {"rnn.l0.c": units}, window)
                assert votes(logits.text, verbs, own).mean() > 0.98
                is_turned.append(votes(logits.patched, verbs, other))
        return np.concatenate(is_turned).mean()

    return share


def votes(logits, verbs, number):
    """Whether verbs of a number are more likely than the others, after the last word."""
    p = logits[:, -1].softmax(-1)
    other = next(n for n in verbs if n != number)
    return (p[:, verbs[number]].sum(1) > p[:, verbs[other]].sum(1)).numpy()


def test_one_unit_turns_the_verbs_of_1x50(turned):
    shares = [turned("1x50", (unit,), 1) for unit in range(50)]
    assert shares[23] >= 0.97
    assert max(share for unit, share in enumerate(shares) if unit != 23) <= 0.10


def test_four_units_turn_the_verbs_of_1x100_together(turned):
    assert turned("1x100", (88, 83, 96, 66), 3, 4) >= 0.98  # two words behind the noun
    assert turned("1x100", (88,), 3, 4) <= 0.30


def test_the_public_question_is_that_of_the_batch(sample_dump):
    dump = sample_dump("agreement", "1x50")
    patched = dump.patch("the key near the doors", "the keys near the doors", {"rnn.l0.c": [23]}, Window(1, 5))
    plural = patched.chance(["are", "were", "seem", "remain"]).iloc[-1]
    singular = patched.chance(["is", "was", "seems", "remains"]).iloc[-1]
    assert plural["text"] < singular["text"]
    assert plural["patched"] > singular["patched"]
    last = patched.steps.iloc[-1]
    assert last["kl_from_donor"] < last["kl_from_text"]
