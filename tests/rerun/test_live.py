"""A stranger's model, live: what it makes of a text is what the sample makes of it, and it is left as it was."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn

import lstmviz
from lstmviz import Filter, Intervention, LiveModel, Window, errors
from lstmviz.rerun.alone import alone_with, patience
from lstmviz.rerun.live.attach import offer_live
from lstmviz.rerun.of_dump import reader_of, runner_of
from lstmviz.training.model import load
from lstmviz.training.model_config import model_beside
from support.models.parens_again import KINDS, Counter, OneTextCounter, name_of, with_weights_of
from support.models.reverser import Reverser
from support.reversed_texts import TEXTS, record_reversed

TEXT = "0(1(22(3)2)1)0"
WORDS = ["<pad>", "<unk>", "the", "cat", "dog", "ran", "slept", "old"]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def pair(request, parens, tmp_path_factory):
    """The sample, and a stranger's recording of the same text with the same weights, its model attached."""
    kind = request.param
    net = with_weights_of(load(model_beside(parens.path)), kind)
    path = tmp_path_factory.mktemp("again") / "again.h5"
    rows = [torch.tensor(np.asarray(parens.tokens.ids[s.start : s.stop], np.int64)) for s in spans(parens, 12)]
    net.eval()
    with lstmviz.record(net, path, vocab=list(parens.tokens.vocab)) as run, torch.no_grad():
        run.tells_size = False
        for row in rows:
            with run.batch(tokens=row[None], tracks={"depth": depth_of(parens, row)}):
                call(net, row[None])
    net.train()
    dump = lstmviz.open_dump(path)
    dump.attach(LiveModel(net, untrained=kind))
    return parens, dump, kind, net


def spans(dump, n):
    return [Window(*pair) for pair in dump.sequences[["start", "stop"]].to_numpy()[:n].tolist()]


def depth_of(parens, row):
    depth = np.cumsum([(1 if token == "(" else -1 if token == ")" else 0) for token in words(parens, row)])
    return [depth.tolist()]


def words(dump, row):
    return [dump.tokens.vocab[i] for i in row.tolist()]


def call(net, ids):
    return net(ids.T, net.init_hidden(1)) if hasattr(net, "init_hidden") else net(ids)


def test_its_typed_states_predictions_and_loss_are_the_samples(pair):
    parens, dump, kind, _ = pair
    ours, truth = dump.rerun(TEXT), parens.rerun(TEXT)
    assert ours.tokens[:] == truth.tokens[:]
    for source in truth.sources:
        mine = ours.states(name_of(source, kind))[:]
        np.testing.assert_allclose(mine.astype(float), truth.states(source)[:].astype(float), atol=2e-3)
    assert list(ours.tracks) == list(truth.tracks)
    for name, track in truth.tracks.items():
        if track.info.kind == "number":
            np.testing.assert_allclose(ours.tracks[name][:], track[:], atol=1e-5)
        else:
            assert labels(ours.tracks[name]) == labels(track), name


def pattern(unit, length):
    return lstmviz.Pattern("text", (unit,), ((unit.source, 0.3),), length)


def labels(track):
    return [track.labels[i] if i >= 0 else None for i in track[:].tolist()]


def test_its_states_are_those_of_its_own_recording(pair):
    _, dump, _, _ = pair
    stop = int(dump.first.stops[0])
    typed = dump.rerun(dump.first.text(0, stop))
    for source in dump.sources:
        np.testing.assert_allclose(
            typed.states(source)[:].astype(float), dump.states(source)[:stop].astype(float), atol=2e-3
        )


def test_a_token_without_an_entry_is_not_read(pair):
    parens, dump, kind, _ = pair
    ours, truth = dump.rerun("0(x1"), parens.rerun("0(x1")
    assert (ours.is_known.tolist(), ours.unknown) == ([True, True, False, True], ["x"])
    source = "rnn.l1.c"
    assert np.isnan(ours.states(name_of(source, kind))[2]).all()
    np.testing.assert_allclose(ours.states(name_of(source, kind))[3], truth.states(source)[3], atol=2e-3)


def test_units_are_held_as_in_the_sample(pair):
    parens, dump, kind, _ = pair
    held = Intervention("rnn.l1.c", (45, 3), to=0.25, window=Window(2, 6))
    ours = dump.rerun(TEXT, [Intervention(name_of(held.source, kind), held.units, held.to, held.window)])
    truth = parens.rerun(TEXT, [held])
    for source in truth.sources:
        mine = ours.states(name_of(source, kind))[:]
        np.testing.assert_allclose(mine.astype(float), truth.states(source)[:].astype(float), atol=2e-3)
    np.testing.assert_allclose(ours.tracks["loss"][:], truth.tracks["loss"][:], atol=1e-4)


def test_influence_and_patching_are_those_of_the_sample(pair):
    parens, dump, kind, _ = pair
    source = name_of("rnn.l1.c", kind)
    cells = {"rnn.l0.c": [0, 1, 2]}, {name_of("rnn.l0.c", kind): [0, 1, 2]}
    texts = "0(11)0", "0((2)0"
    truth, ours = parens.patch(*texts, cells[0], Window(2, 4)), dump.patch(*texts, cells[1], Window(2, 4))
    np.testing.assert_allclose(ours.steps["kl_from_text"], truth.steps["kl_from_text"], atol=1e-4)
    tokens = dump.influence("0(1(2", source, [0, 1], n_draws=3)
    assert tokens.states.shape == (5, 5, 2)
    one = parens.influence("0(1(2", "rnn.l1.c", [0, 1], n_draws=200)
    many = dump.influence("0(1(2", source, [0, 1], n_draws=200)
    np.testing.assert_allclose(many.states, one.states, atol=0.12)  # other tokens are drawn
    mean = dump.influence("0(1(2", source, [0, 1], n_draws=0)
    assert (mean.states[2, 2:] > 0).any()
    assert np.allclose(mean.states[2, :2], 0, atol=1e-5)


def test_ablation_over_the_corpus_is_that_of_the_sample(pair):
    parens, dump, kind, _ = pair
    unit = lstmviz.PatternUnit("rnn.l1.c", 45, "high", 0.3)
    mine = lstmviz.PatternUnit(name_of(unit.source, kind), 45, "high", 0.3)
    question = {"to": 0.5, "at": Window(4, 8), "n_others": 3}
    ours = dump.ablate(pattern(mine, length=3), **question)
    truth = parens.ablate(pattern(unit, length=3), **question)
    stop = int(dump.first.stops[0])
    assert truth.kl[4:8].mean() > 1e-4
    np.testing.assert_allclose(ours.kl[:stop], truth.kl[:stop], atol=2e-4)
    np.testing.assert_allclose(ours.loss[:stop], truth.loss[:stop], atol=1e-3)
    np.testing.assert_allclose(ours.others["kl_here"], truth.others["kl_here"], atol=2e-4)
    text = dump.ablate(pattern(mine, length=3), **question, text=TEXT)
    np.testing.assert_allclose(text.kl, parens.ablate(pattern(unit, length=3), **question, text=TEXT).kl, atol=2e-4)


def call_logits(net, ids):
    given = call(net, ids)
    given = given[0] if isinstance(given, tuple) else getattr(given, "logits", given)
    return given.reshape(ids.shape[1], -1)


def test_an_untrained_one_is_made_by_the_users_own_function(pair):
    _, dump, kind, _ = pair
    ranked = dump.rank_units(Filter("depth", low=2, high=2), [name_of("rnn.l0.h", kind)], untrained=True)
    assert ranked["source"].iloc[-1] == f"untrained {name_of('rnn.l0.h', kind)}"
    assert ranked["f1"].iloc[-1] < ranked["f1"].iloc[0]


def test_the_module_is_left_as_it_was(pair):
    _, dump, kind, net = pair
    net.train()
    net.look_up.training = False  # a mode of its own
    modes = [module.training for module in net.modules()]
    loss = call_logits(net, torch.tensor([[0, 2, 3]])).sum()
    loss.backward()
    grads = [weight.grad.clone() for weight in net.parameters()]
    versions = [weight._version for weight in net.parameters()]
    dump.rerun(TEXT)
    dump.rerun(TEXT, [Intervention(name_of("rnn.l0.h", kind), (1,))])
    dump.influence("0(1", name_of("rnn.l0.c", kind), [0], n_draws=0)
    assert [module.training for module in net.modules()] == modes
    assert [weight._version for weight in net.parameters()] == versions
    assert all(torch.equal(a, w.grad) for a, w in zip(grads, net.parameters(), strict=True))
    assert all(weight.requires_grad for weight in net.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert not any("forward" in vars(module) for module in net.modules())


class Words(nn.Module):
    def __init__(self, n=8, **more):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.rnn = nn.Embedding(n, 4), nn.GRU(4, 6, batch_first=True, **more)
        self.out = nn.Linear(6 * (2 if more.get("bidirectional") else 1), n)

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[0])


def recorded(tmp_path, net, name="words.h5", **more):
    texts = ["the old cat ran", "the dog slept", "the cat slept"]
    return lstmviz.open_dump(
        lstmviz.record_corpus(net, texts, encode=str.split, vocab=WORDS, path=tmp_path / name, **more)
    )


def word_tokenizer():
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


ENCODERS = {
    "list": lambda text: [WORDS.index(word) for word in text.split()],
    "array": lambda text: np.array([WORDS.index(word) for word in text.split()]),
    "tensor of one row": lambda text: torch.tensor([[WORDS.index(word) for word in text.split()]]),
    "strings": str.split,
    "mapping": lambda text: {
        "input_ids": [[*(WORDS.index(word) for word in text.split()), 0]],
        "attention_mask": [[1] * len(text.split()) + [0]],
    },
    "tokenizer": word_tokenizer(),
    "encoding": word_tokenizer().encode,
    "nothing": None,
}


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
def test_what_encode_gives_may_have_many_shapes(tmp_path, encode):
    net = Words()
    dump = recorded(tmp_path, net)
    dump.attach(net, encode)
    typed = dump.rerun("the old dog ran")
    assert typed.tokens[:] == ["the", "old", "dog", "ran"]
    with torch.no_grad():
        h = net.rnn(net.embed(torch.tensor([[2, 7, 4, 5]])))[0][0]
    np.testing.assert_allclose(typed.states("rnn.l0.h")[:], h.half(), atol=1e-3)


def test_an_unknown_word_is_read_as_the_unknown_token(tmp_path):
    net = Words()
    dump = recorded(tmp_path, net)
    dump.attach(net)
    typed = dump.rerun("the zebra ran")
    assert typed.is_known.tolist() == [True, False, True]
    assert typed.tokens[:] == ["the", "zebra", "ran"]
    dump.attach(net, lambda text: [WORDS.index(w) if w in WORDS else 1 for w in text.split()])
    again = dump.rerun("the zebra ran")
    assert again.tokens[:] == ["the", "zebra", "ran"]
    assert again.is_known.tolist() == [True, False, True]
    assert again.states("rnn.l0.h")[:].tobytes() == typed.states("rnn.l0.h")[:].tobytes()
    dump.attach(net, lambda text: [2, *(WORDS.index(w) if w in WORDS else 1 for w in text.split()[1:])])
    assert dump.rerun("The zebra ran").tokens[:] == ["the", "zebra", "ran"]
    assert dump.rerun("A zebra ran").tokens[:] == ["the", "<unk>", "ran"]  # cut in another way, for all one knows


def fails(text):
    raise KeyError("no such thing")


@pytest.mark.parametrize(
    ("encode", "line"),
    [
        (fails, r"encode failed: KeyError: 'no such thing' \(test_live\.py, line \d+\); fix encode="),
        (lambda text: [99], "encode gave id 99 and the dump's vocabulary has 0 to 7"),
        (
            lambda text: [6, 6, 6],
            r"encode gives other tokens than were recorded: 'the old cat ran' begins \[6, 6, 6\]",
        ),
        (lambda text: None, "what encode gave is a NoneType"),
        (lambda text: [0.5, 1.5], "what encode gave are float64 and the dump has tokens"),
        (lambda text: [["the"], ["cat"]], "which the dump's vocabulary lacks"),
        (lambda text: ["The"], "encode gave 'The', which the dump's vocabulary lacks"),
        (3, "encode is 3, which cannot be called"),
        (lambda: [3], "encode is called with 1 argument, and this one cannot be"),
    ],
    ids=range(9),
)
def test_a_bad_encode_is_one_line_when_it_is_attached(tmp_path, encode, line):
    net = Words()
    dump = recorded(tmp_path, net)
    with pytest.raises((errors.ModelError, errors.InputError), match=line) as caught:
        dump.attach(net, encode)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def wrong_shape(model, ids):
    return model(ids)[:, :2]


def broken(model, ids):
    return model.nothing(ids)


@pytest.mark.parametrize(
    ("forward", "line"),
    [
        (broken, r"forward failed: AttributeError: .* \(module\.py, line \d+\); fix forward="),
        (wrong_shape, r"forward returned logits of shape \(1, 2, 8\) for ids of shape \(1, 4\)"),
        (lambda model, ids: "text", "forward returned a str; return logits as a tensor, or None"),
        (lambda model: None, "forward is called with 2 arguments, and this one cannot be"),
    ],
    ids=range(4),
)
def test_a_bad_forward_is_one_line(tmp_path, forward, line):
    net = Words()
    dump = recorded(tmp_path, net)
    with pytest.raises((errors.ModelError, errors.InputError), match=line) as caught:
        dump.attach(LiveModel(net, forward=forward))
    assert "\n" not in str(caught.value)


class Other(Words):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 6, 2, batch_first=True)


class Renamed(nn.Module):
    def __init__(self):
        super().__init__()
        self.memory = nn.LSTM(3, 6)


@pytest.mark.parametrize(
    ("net", "line"),
    [
        (Words(n=9), r"this Words is not the model that words\.h5 was recorded from: its rnn\.l0\.h differs at step 0"),
        (Renamed(), r"this Renamed does not give rnn\.l0\.h of 6 units, which words\.h5 holds, but memory\.l0\.h of 6"),
        (nn.Linear(2, 2), r"this Linear does not give rnn\.l0\.h of 6 units, .* but no such module"),
        ("model", "a str is no torch module"),
    ],
    ids=["weights", "layers", "none", "text"],
)
def test_another_model_is_refused_with_the_reason(tmp_path, net, line):
    dump = recorded(tmp_path, Words())
    with pytest.raises((errors.ModelError, errors.InputError), match=line):
        dump.attach(net)
    with pytest.raises(errors.ModelMissing):
        dump.rerun("the cat")


def test_a_model_of_two_texts_is_refused_with_what_to_do(tmp_path):
    dump = lstmviz.open_dump(record_reversed(tmp_path / "pairs.h5", [TEXTS]))
    line = r"pairs.h5 has several texts at once \(source, target\).*record what it is to read and write"
    with pytest.raises(errors.ModelError, match=line):
        dump.attach(Reverser())
    assert offer_live(dump, LiveModel(Reverser())) is not None
    with pytest.raises(errors.ModelError, match=line):
        dump.rerun("abc")


def test_a_model_whose_call_is_not_known_is_asked_for_it(tmp_path):
    class Picky(Words):
        def forward(self, ids, mood):
            return super().forward(ids)

    net = Picky()
    dump = recorded(tmp_path, net, forward=lambda model, ids, lengths: model(ids, 1))
    with pytest.raises(errors.ModelError, match=r"Picky is called with \(ids, mood\); say how with LiveModel"):
        dump.attach(net)
    dump.attach(LiveModel(net, forward=lambda model, ids: model(ids, 1)))
    assert dump.rerun("the cat").tracks["loss"].n_steps == 2


def test_a_model_that_learns_on_is_noticed_and_is_itself_again_with_its_old_weights(tmp_path):
    net = Words()
    dump = recorded(tmp_path, net)
    dump.attach(net)
    before = dump.rerun("the cat").states("rnn.l0.h")[:]
    kept = {name: weight.clone() for name, weight in net.state_dict().items()}
    optimizer = torch.optim.SGD(net.parameters(), lr=5.0)
    net(torch.tensor([[2, 3, 4]])).logsumexp(-1).sum().backward()
    optimizer.step()
    with pytest.raises(errors.ModelError, match=r"its rnn\.l0\.h differs at step \d; give the model that was recorded"):
        dump.rerun("the cat")
    net.load_state_dict(kept)
    assert dump.rerun("the cat").states("rnn.l0.h")[:].tobytes() == before.tobytes()


class Verdict(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.embed, self.rnn = nn.Embedding(8, 4), nn.LSTM(4, 5, batch_first=True, bidirectional=True)
        self.out = nn.Linear(10, 2)

    def forward(self, ids):
        return self.out(self.rnn(self.embed(ids))[1][0].transpose(0, 1).flatten(1))


def test_a_classifier_of_whole_texts_gives_its_label_and_is_ablated(tmp_path):
    net = Verdict()
    dump = recorded(tmp_path, net, top_k=1)
    dump.attach(LiveModel(net, labels=["bad", "good"]))
    typed = dump.rerun("the old cat slept")
    with torch.no_grad():
        p = net(torch.tensor([[2, 7, 3, 6]])).softmax(-1)[0]
    assert typed.sequences["predicted"][0] == ["bad", "good"][int(p.argmax())]
    assert np.isclose(typed.sequences["p"][0], float(p.max()))
    assert not runner_of(dump).network.takes_batches  # the end of a padded row is not its end
    chosen = pattern(lstmviz.PatternUnit("rnn.l0.h", 1, "high", 0.0), length=1)
    effect = dump.ablate(chosen, to=1.0, at=Window(0, 1), n_others=0)
    with torch.no_grad(), lstmviz.intervene(net, {"rnn.l0.h": {1: 1.0}}, Window(0, 1)):
        q = net(torch.tensor(np.asarray(dump.tokens.ids[0:4], np.int64))[None]).log_softmax(-1)[0]
    with torch.no_grad():
        p = net(torch.tensor(np.asarray(dump.tokens.ids[0:4], np.int64))[None]).log_softmax(-1)[0]
    assert np.isclose(effect.kl[0], float((p.exp() * (p - q)).sum()), atol=1e-5)
    assert effect.loss is None or np.isnan(effect.loss).all()


def test_a_model_without_predictions_gives_states_and_is_not_ablated(tmp_path):
    net = nn.Sequential(nn.Embedding(8, 4), nn.LSTM(4, 5, batch_first=True))
    dump = recorded(tmp_path, net)
    dump.attach(net)
    assert list(dump.rerun("the cat").tracks) == []
    chosen = pattern(lstmviz.PatternUnit("1.l0.h", 1, "high", 0.0), length=1)
    with pytest.raises(errors.ModelError, match="the model predicts nothing"):
        dump.ablate(chosen)
    with pytest.raises(errors.ModelError, match="the model predicts nothing"):
        dump.patch("the cat", "the dog", {"1.l0.h": [1]}, Window(1, 2))
    assert dump.influence("the cat", "1.l0.h", n_draws=0).states.shape == (2, 2, 5)
    with pytest.raises(errors.ModelError, match=r"how to make an untrained model .* LiveModel\(untrained=...\)"):
        dump.rank_units(Filter.tokens(("the",)), untrained=True)


def test_a_tagger_labels_each_step(tmp_path):
    net = Words()
    net.out = nn.Linear(6, 3)
    dump = recorded(tmp_path, net)
    dump.attach(LiveModel(net, labels=["noun", "verb", "other"]))
    typed = dump.rerun("the cat ran")
    assert typed.tracks["top1"].info.concerns == "step"
    assert set(labels(typed.tracks["top1"])) <= {"noun", "verb", "other"}
    with pytest.raises(errors.ModelError, match="labels names 2 and the model gives 3 logits"):
        dump.attach(LiveModel(net, labels=["noun", "verb"]))


def test_numbers_are_typed_a_step_a_line(tmp_path):
    torch.manual_seed(0)
    net, path = nn.GRU(2, 6, batch_first=True), tmp_path / "weather.h5"
    x = torch.randn(2, 30, 2)
    with lstmviz.record(net, path, features=["wind", "rain"]) as run, torch.no_grad():
        run.tells_size = False
        with run.batch(inputs=x):
            net(x)
    dump = lstmviz.open_dump(path)
    dump.attach(net)
    typed = dump.rerun("0.5 1\n-1, 0.25; 2 2")
    with torch.no_grad():
        h = net(torch.tensor([[[0.5, 1], [-1, 0.25], [2, 2]]]))[0][0]
    np.testing.assert_allclose(typed.states("gru.l0.h")[:], h.half(), atol=1e-3)
    assert typed.tracks["rain"][:].tolist() == [1, 0.25, 2]
    assert typed.tokens[:] == ["0.5 1", "-1 0.25", "2 2"]
    for text, line in (
        ("0.5", "has 1 numbers a step and the model reads 2"),
        ("a b", "is not numbers"),
        ("", "no token"),
    ):
        with pytest.raises(errors.InputError, match=line):
            dump.rerun(text)
    held = dump.rerun("0.5 1\n1 1", [Intervention("gru.l0.h", (2,), to=0.5)])
    assert held.states("gru.l0.h")[:, 2].tolist() == [0.5, 0.5]
    assert reader_of(dump).level == "number"


def test_what_was_left_out_of_the_recording_is_left_out_of_the_text(tmp_path):
    net = Words()
    dump = recorded(tmp_path, net, states=("h", "gates"), units=[1, 4], dtype="float32")
    dump.attach(net)
    typed = dump.rerun("the old cat ran")
    assert list(typed.sources) == list(dump.sources)
    for source in dump.sources:
        assert typed.source(source).units == (1, 4)
        np.testing.assert_allclose(typed.states(source)[:], dump.states(source)[0:4], atol=1e-6)


def test_one_text_runs_at_a_time_and_the_others_wait_or_are_told(tmp_path):
    net, running = Words(), []

    def slow(model, ids):
        running.append(1)
        assert len(running) == 1
        time.sleep(0.02)
        output = model(ids)
        running.pop()
        return output

    dump = recorded(tmp_path, net)
    dump.attach(LiveModel(net, forward=slow))
    texts = ["the cat", "the dog ran", "old", "slept the"] * 2
    answers = {}

    def run(i, text):
        answers[i] = dump.rerun(text).states("rnn.l0.h")[:].tobytes()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(texts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[i] for i in range(len(texts))] == [dump.rerun(t).states("rnn.l0.h")[:].tobytes() for t in texts]
    with alone_with(net), patience(0.01), pytest.raises(errors.ModelBusy, match="runs for somebody else"):
        dump.rerun("the cat")


def test_who_reads_is_told_in_words(tmp_path):
    net = Words()
    dump = recorded(tmp_path, net)
    dump.attach(net)
    reader = reader_of(dump)
    assert (reader.words, reader.level, reader.n_vocab) == ("Words (1 x 6 GRU)", "word", 8)
    assert reader.some == tuple(WORDS)
    assert reader.has_unknown
    dump.attach(net, str.split)
    assert reader_of(dump).level == "token"


def test_rows_run_together_where_they_may(pair):
    _, dump, kind, _ = pair
    assert runner_of(dump).network.takes_batches == (kind is not OneTextCounter)
    assert KINDS[0] is Counter
