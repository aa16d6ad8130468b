"""Influence: what replacing a token one by one gives, and that the subject's noun stands above the nouns between."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz import errors
from lstmviz.rerun.rerun import rerun_of
from support.cards import Card
from support.made_models import made_dump
from support.naive_stepwise import naive_run

pytestmark = pytest.mark.usefixtures("one_thread")

TEXT = "ab é\nba"
N_SENTENCES = 200


@pytest.fixture(scope="module", params=["lstm", "gru", "rnn"])
def made(request, tmp_path_factory):
    return lstmviz.open_dump(made_dump(tmp_path_factory.mktemp(request.param), n_layers=2, cell=request.param))


def read(dump, embedded=None, ids=None):
    """States of a source, and losses of the text's own next tokens, by a loop over cells; from ids or embeddings."""
    model, vocab = rerun_of(dump).module, list(dump.tokens.vocab)
    own = [vocab.index(token) for token in TEXT]
    with torch.no_grad():
        x = model.embedding(torch.tensor(own if ids is None else ids)) if embedded is None else embedded
        output, states = naive_run(model.rnn, x[:, None], [len(own)], {})
        scores = model.decoder(output[:, 0]).log_softmax(-1).double().numpy()
    return states, -scores[range(len(own) - 1), own[1:]], own, x


def frequencies(dump):
    counts = np.bincount(np.asarray(dump.first.tokens.ids[:], np.int64), minlength=len(dump.tokens.vocab))
    return counts / counts.sum()


@pytest.mark.parametrize("source", ["rnn.l0.h", "rnn.l1.h", "rnn.l0.c", "rnn.l1.c"])
def test_drawn_tokens_one_by_one(made, source):
    if source not in made.sources:
        assert source.endswith(".c")
        with pytest.raises(errors.UnknownName):
            made.influence(TEXT, source)
        return
    n, n_draws = len(TEXT), 3
    ours = made.influence(TEXT, source, n_draws=n_draws, seed=8)
    drawn = np.random.default_rng(8).choice(len(made.tokens.vocab), size=(n, n_draws), p=frequencies(made))
    view = torch.tanh if source.endswith(".c") else torch.clone
    states, losses, own, _ = read(made)
    for j in range(n):
        changes, rises = [], []
        for token in drawn[j]:
            other_states, other_losses, _, _ = read(made, ids=[*own[:j], int(token), *own[j + 1 :]])
            changes.append((view(other_states[source][:, 0]) - view(states[source][:, 0])).abs().numpy())
            rises.append(np.abs(other_losses - losses))
        np.testing.assert_allclose(ours.states[j], np.mean(changes, axis=0), atol=1e-5)
        np.testing.assert_allclose(ours.loss[j, :-1], np.mean(rises, axis=0), atol=1e-5)
        assert np.abs(ours.states[j, :j]).max(initial=0) < 1e-6
    assert np.isnan(ours.loss[:, -1]).all()
    assert ours.tokens == tuple(TEXT)


def test_the_mean_embedding_in_a_tokens_place(made):
    ours = made.influence(TEXT, "rnn.l1.h", units=[4, 1], n_draws=0)
    states, losses, _, x = read(made)
    with torch.no_grad():
        every = rerun_of(made).module.embedding.weight
        mean = torch.from_numpy(frequencies(made)).float() @ every
    for j in range(len(TEXT)):
        changed = x.clone()
        changed[j] = mean
        other, rises, _, _ = read(made, embedded=changed)
        expected = (other["rnn.l1.h"] - states["rnn.l1.h"]).abs()[:, 0, [4, 1]]
        np.testing.assert_allclose(ours.states[j], expected, atol=1e-5)
        np.testing.assert_allclose(ours.loss[j, :-1], np.abs(rises - losses), atol=1e-5)
    frame = ours.at(5, units=[1])
    assert frame["token"].tolist() == list(TEXT)
    np.testing.assert_array_equal(frame["states"], ours.states[:, 5, 1])
    np.testing.assert_allclose(ours.at(5)["states"], ours.states[:, 5].mean(axis=1))


def test_a_model_of_both_directions_is_changed_on_both_sides(tmp_path):
    path = made_dump(tmp_path, is_bidirectional=True, task="label", labels=("no", "yes"))
    dump = lstmviz.open_dump(path)
    influence = dump.influence("ab é", "rnn.l0.reverse.h", n_draws=4)
    assert (influence.states[2, :3] > 0).any()
    np.testing.assert_allclose(influence.states[2, 3:], 0, atol=1e-6)
    assert np.isnan(influence.loss).all()


def test_a_token_that_is_not_read_has_no_influence(parens):
    influence = parens.influence("0(x1", "rnn.l1.c", n_draws=2)
    assert np.isnan(influence.states[2]).all()
    assert np.isnan(influence.states[:, 2]).all()
    whole = parens.influence("0(1", "rnn.l1.c", n_draws=2)
    np.testing.assert_allclose(influence.states[np.ix_([0, 1, 3], [0, 1, 3])], whole.states, atol=1e-6)
    with pytest.raises(errors.InputError, match="no entry for any token"):
        parens.influence("xx", "rnn.l1.c")


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"n_draws": -1}, errors.PatternError, "n_draws=-1 is out of range"),
        ({"source": "rnn.l9.c"}, errors.UnknownName, "rnn.l9.c"),
        ({"units": [50]}, errors.PatternError, "has no unit 50"),
        ({"text": "0" * 1_999}, errors.InputError, "shorten the text or name fewer units"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(parens, asked, error, words):
    with pytest.raises(error) as caught:
        parens.influence(**{"text": "0(1)0", "source": "rnn.l1.c", **asked})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_step_or_unit_that_is_not_there_is_said(parens):
    influence = parens.influence("0(1)0", "rnn.l1.c", units=[3], n_draws=0)
    with pytest.raises(errors.PatternError, match="step 5 is not one of the text's 0 to 4"):
        influence.at(5)
    with pytest.raises(errors.PatternError, match="unit 4 was not asked for"):
        influence.at(2, units=[4])


def sentences(dump):
    """Sentences whose subject's number the noun alone tells, because of "the", with at least one noun behind it."""
    grammar = Card("agreement").part("generate")
    nouns, verbs = ({word for words in part.values() for word in words} for part in (grammar.NOUNS, grammar.VERBS))
    for words in " ".join(dump.tokens[:]).split(" . "):
        words = [*words.split(), "."]
        verb = next((i for i, word in enumerate(words) if word in verbs), 0)
        places = [i for i, word in enumerate(words[:verb]) if word in nouns]
        if words[0] == "the" and len(places) > 1:
            yield words, verb, places


def is_above(values, places):
    """Whether the subject's noun stands above every other noun."""
    return values[places[0]] > max(values[place] for place in places[1:])


@pytest.mark.parametrize(("variant", "units"), [("1x50", [23]), ("1x100", [88, 83, 96, 66])])
def test_the_subjects_noun_stands_above_every_distractor(sample_dump, variant, units):
    dump = sample_dump("agreement", variant)
    model, vocab = rerun_of(dump).module, list(dump.tokens.vocab)
    by_unit, by_loss, by_mean, by_gradient = [], [], [], []
    for words, verb, places in list(sentences(dump))[:N_SENTENCES]:
        text = " ".join(words[: verb + 1])
        influence = dump.influence(text, "rnn.l0.c", units)
        by_unit.append(is_above(influence.at(verb - 1)["states"], places))
        by_loss.append(is_above(influence.loss[:, verb - 1], places))
        by_mean.append(is_above(dump.influence(text, "rnn.l0.c", units, n_draws=0).at(verb - 1)["states"], places))
        ids = torch.tensor([[vocab.index(word) for word in words[: verb + 1]]])
        x = model.embedding(ids).detach().requires_grad_()
        torch.nn.functional.cross_entropy(model.decoder(model.rnn(x)[0])[0, verb - 1], ids[0, verb]).backward()
        by_gradient.append(is_above(x.grad[0].norm(dim=1), places))
    assert len(by_unit) == N_SENTENCES
    assert np.mean(by_unit) >= 0.98
    assert np.mean(by_loss) >= 0.98
    assert np.mean(by_mean) >= 0.95
    assert np.mean(by_gradient) < 0.5


def test_rows_run_in_parts_give_the_same(parens, monkeypatch):
    whole = parens.influence("0(11(2)1", "rnn.l1.c", [3, 9], n_draws=5)
    monkeypatch.setattr("lstmviz.explain.causes.influence.MAX_VALUES", 200)  # a few rows at a time, across tokens
    parts = parens.influence("0(11(2)1", "rnn.l1.c", [3, 9], n_draws=5)
    np.testing.assert_allclose(parts.states, whole.states, atol=1e-6)
    np.testing.assert_allclose(parts.loss, whole.loss, atol=1e-5)
