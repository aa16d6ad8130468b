"""A typed text with units held: its states, predictions and loss are those of the model with these units held."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import lstmviz
from lstmviz import Intervention, Window, errors
from lstmviz.training.model import load
from lstmviz.training.model_config import model_beside
from support import cards

pytestmark = pytest.mark.usefixtures("one_thread")

SENTENCE = "the keys near a door beside these lamps are old ."


@pytest.fixture(scope="module")
def agreement(tmp_path_factory):
    return lstmviz.open_dump(cards.built("agreement", "1x50", tmp_path_factory.mktemp("agreement") / "a.h5"))


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    path = tmp_path_factory.mktemp("sentiment") / "s.h5"
    return lstmviz.open_dump(cards.built("sentiment", "bidirectional-1x32", path))


def held_logits(dump, tokens, units, window=None):
    """The model's logits for a text with units held, by ``lstmviz.intervene``."""
    model = load(model_beside(dump.path))
    ids = torch.tensor([[model.description.vocab.index(token) for token in tokens]])
    lengths = torch.tensor([len(tokens)]) if model.description.is_bidirectional else None
    with torch.no_grad(), lstmviz.intervene(model, units, window):
        return model(ids, None, lengths)[0][0], ids[0]


def test_predictions_and_loss_are_those_with_the_units_held(agreement):
    mean = agreement.states("rnn.l0.c")[:, 23].astype(float).mean()
    typed = agreement.rerun(SENTENCE, [Intervention("rnn.l0.c", (23,))])
    logits, ids = held_logits(agreement, SENTENCE.split(), {"rnn.l0.c": {23: mean}})
    loss = torch.nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none").numpy()
    np.testing.assert_allclose(typed.tracks["loss"][:-1], loss, atol=1e-4)
    told = [typed.tracks["top1"].labels[i] for i in typed.tracks["top1"][:]]
    assert told == [agreement.tokens.vocab[i] for i in logits.argmax(-1).tolist()]
    assert (typed.states("rnn.l0.c")[:, 23] == np.float16(mean)).all()
    plain = agreement.rerun(SENTENCE)
    assert plain.uuid == agreement.rerun(SENTENCE, ()).uuid != typed.uuid
    assert typed.tracks["loss"][7] > plain.tracks["loss"][7] + 0.1  # of "are", past two distractors


def test_several_are_held_each_in_its_window_the_later_one_last(agreement):
    held = [
        Intervention("rnn.l0.c", (23, 4), to=0.5, window=Window(2, 5)),
        Intervention("rnn.l0.c", (23,), to="zero", window=Window(4, 6)),
        Intervention("rnn.l0.h", (7,), to="zero"),
    ]
    typed, plain = agreement.rerun(SENTENCE, held), agreement.rerun(SENTENCE)
    c, h = typed.states("rnn.l0.c")[:], typed.states("rnn.l0.h")[:]
    assert c[2:6, 23].tolist() == [0.5, 0.5, 0, 0]
    assert (c[2:5, 4] == 0.5).all()
    assert (h[:, 7] == 0).all()
    assert (h[4:6, 23] == 0).all()  # h is made of the c that is held
    np.testing.assert_allclose(c[:1].astype(float), plain.states("rnn.l0.c")[:1].astype(float), atol=1e-3)


def test_a_classifier_of_both_directions_tells_its_chances_with_units_held(reviews):
    text = "the plot seemed dull . the music felt bright ."
    held = [Intervention("rnn.l0.reverse.c", tuple(range(32)), to="zero")]
    typed, plain = reviews.rerun(text, held), reviews.rerun(text)
    units = {"rnn.l0.reverse.c": dict.fromkeys(range(32), 0.0)}
    logits, _ = held_logits(reviews, text.split(), units)
    np.testing.assert_allclose(typed.tracks["predicted_positive"][:], logits.softmax(-1)[:, 1], atol=1e-5)
    assert np.abs(typed.tracks["predicted_positive"][:] - plain.tracks["predicted_positive"][:]).max() > 0.1
    assert (typed.states("rnn.l0.reverse.h")[:] == 0).all()
    np.testing.assert_allclose(typed.states("rnn.l0.h")[:], plain.states("rnn.l0.h")[:], atol=1e-3)


def test_a_token_that_is_not_read_counts_in_the_window(parens):
    held = [Intervention("rnn.l1.c", (45,), to="zero", window=Window(2, 4))]
    typed = parens.rerun("0(x1(2)", held)
    c = typed.states("rnn.l1.c")[:, 45]
    assert np.isnan(c[2])
    assert c[3] == 0
    assert c[1] != 0 != c[4]
    only = parens.rerun("0x(", [Intervention("rnn.l1.c", (45,), to="zero", window=Window(1, 2))])
    assert only.states("rnn.l1.c")[0, 45] == parens.rerun("0x(").states("rnn.l1.c")[0, 45]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Intervention("rnn.l0.f", (1,)), errors.PatternError, "rnn.l0.f is a gate"),
        (lambda: Intervention("rnn.l0.c", ()), errors.PatternError, "units are ()"),
        (lambda: Intervention("rnn.l0.c", (1,), to="other"), errors.PatternError, "use 'mean', 'zero' or a number"),
        (lambda: Intervention("rnn.l0.c", (1,), to=np.nan), errors.PatternError, "not a finite number"),
        (lambda: Intervention("rnn.l0.c", (1,), window=(1, 2)), errors.PatternError, "give a Window"),
    ],
)
def test_an_intervention_that_is_invalid_cannot_be_made(make, error, words):
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)


def test_what_the_dump_lacks_is_said(agreement):
    with pytest.raises(errors.UnknownName, match=r"rnn\.l7\.c"):
        agreement.rerun(SENTENCE, [Intervention("rnn.l7.c", (1,))])
    with pytest.raises(errors.PatternError, match="has no unit 50"):
        agreement.rerun(SENTENCE, [Intervention("rnn.l0.c", (50,))])
    with pytest.raises(errors.PatternError, match="is not an Intervention"):
        agreement.rerun(SENTENCE, [23])
